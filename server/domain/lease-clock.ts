import { encodeClaim, encodeLock } from './encode.js';
import type { Batch, Feed, PublishedChange } from './feed.js';
import { isActive } from './leases.js';
import type { ClaimRow, LockRow } from './rows.js';
import type { Lease, Store } from './store.js';
import { type Clock, type Timer, timestamp } from './time.js';

/** Announces leases that end by themselves. It knows the active ones and sleeps until the first of them ends. */
export class LeaseClock {
  readonly #store: Store;
  readonly #feed: Feed;
  readonly #clock: Clock;
  readonly #onError: (cause: unknown) => void;
  readonly #leases = new Map<string, Lease>();
  #timer: Timer | undefined;
  #wakeAt = '';

  constructor(store: Store, feed: Feed, clock: Clock, onError: (cause: unknown) => void) {
    this.#store = store;
    this.#feed = feed;
    this.#clock = clock;
    this.#onError = onError;
    feed.listen((batch) => this.#follow(batch));
  }

  async start(): Promise<void> {
    for (const lease of await this.#store.activeLeases(timestamp(this.#clock.nowMs()))) this.#add(lease);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #follow({ changes }: Batch): void {
    for (const { topic, row } of changes) {
      if (row === undefined || (topic !== 'claim' && topic !== 'lock')) continue;
      const { expires_at, released_at } = row as ClaimRow | LockRow;
      const key = topic === 'claim' ? (row as ClaimRow).claim_key : (row as LockRow).file_path;
      if (isActive({ expires_at, released_at }, timestamp(this.#clock.nowMs()))) {
        this.#add({ kind: topic, key, expires_at });
      } else this.#leases.delete(`${topic} ${key}`);
    }
  }

  #add(lease: Lease): void {
    // What another hub has written in some other form cannot be waited for.
    if (Number.isNaN(Date.parse(lease.expires_at))) return;
    this.#leases.set(`${lease.kind} ${lease.key}`, lease);
    if (this.#timer === undefined || lease.expires_at < this.#wakeAt) this.#sleepUntil(lease.expires_at);
  }

  #sleepUntil(expiresAt: string): void {
    this.#timer?.cancel();
    this.#wakeAt = expiresAt;
    // Active through the whole second that `expires_at` names.
    const delayMs = Date.parse(expiresAt) + 1_000 - this.#clock.nowMs();
    this.#timer = this.#clock.after(Math.max(0, delayMs), () => {
      this.#timer = undefined;
      this.#ring().catch(this.#onError);
    });
  }

  async #ring(): Promise<void> {
    const now = timestamp(this.#clock.nowMs());
    let next: string | undefined;
    const ended: Lease[] = [];
    for (const lease of this.#leases.values()) {
      if (lease.expires_at < now) ended.push(lease);
      else if (next === undefined || lease.expires_at < next) next = lease.expires_at;
    }
    if (next !== undefined && (this.#timer === undefined || next < this.#wakeAt)) this.#sleepUntil(next);
    for (const lease of ended) {
      this.#leases.delete(`${lease.kind} ${lease.key}`);
      const change = await this.#expired(lease, now);
      if (change !== undefined) this.#feed.announce(change);
    }
  }

  /** Another process may have lengthened or released it meanwhile: the row decides. */
  async #expired({ kind, key }: Lease, now: string): Promise<PublishedChange | undefined> {
    if (kind === 'claim') {
      const row = await this.#store.claim(key);
      if (row === undefined || row.released_at !== null || isActive(row, now)) return undefined;
      return { topic: 'claim', change: 'expired', value: encodeClaim(row), row };
    }
    const row = await this.#store.lock(key);
    if (row === undefined || row.released_at !== null || isActive(row, now)) return undefined;
    return { topic: 'lock', change: 'expired', value: encodeLock(row), row };
  }
}
