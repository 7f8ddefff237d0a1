import { type Clock, type Timer, timestamp } from '../../base/clock.js';
import { type Batch, describe, type Feed } from './feed.js';
import type { LeaseRow } from './rows.js';
import { isActive } from './rules/leases.js';
import type { Store } from './store.js';

/** Announces leases that end by themselves. It knows the active ones and sleeps until the first of them ends. */
export class LeaseClock {
  readonly #store: Store;
  readonly #feed: Feed;
  readonly #clock: Clock;
  readonly #settle: () => Promise<void>;
  readonly #onError: (cause: unknown) => void;
  readonly #leases = new Map<string, LeaseRow>();
  #timer: Timer | undefined;
  #wakeAt = '';

  /** @param settle resolves when ends that nobody lived through have been moved */
  constructor(store: Store, feed: Feed, clock: Clock, settle: () => Promise<void>, onError: (cause: unknown) => void) {
    this.#settle = settle;
    this.#store = store;
    this.#feed = feed;
    this.#clock = clock;
    this.#onError = onError;
    feed.listen((batch) => this.#follow(batch));
  }

  async start(): Promise<void> {
    const active_at = timestamp(this.#clock.nowMs());
    for (const kind of ['claim', 'lock'] as const) {
      for (const lease of await this.#store.leases(kind, { active_at })) this.#add(lease);
    }
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #follow({ changes }: Batch): void {
    for (const { topic, row } of changes.filter((change) => change.topic !== 'hub')) {
      if (topic !== 'claim' && topic !== 'lock') continue;
      if (isActive(row, timestamp(this.#clock.nowMs()))) this.#add(row);
      else this.#leases.delete(nameOf(row));
    }
  }

  #add(lease: LeaseRow): void {
    // What another hub has written in some other form cannot be waited for.
    if (Number.isNaN(Date.parse(lease.expires_at))) return;
    this.#leases.set(nameOf(lease), lease);
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
    await this.#settle();
    const now = timestamp(this.#clock.nowMs());
    let next: string | undefined;
    const ended: LeaseRow[] = [];
    for (const lease of this.#leases.values()) {
      if (lease.expires_at < now) ended.push(lease);
      else if (next === undefined || lease.expires_at < next) next = lease.expires_at;
    }
    if (next !== undefined && (this.#timer === undefined || next < this.#wakeAt)) this.#sleepUntil(next);
    for (const { kind, key } of ended) {
      this.#leases.delete(nameOf({ kind, key }));
      // Another process may have lengthened or released it meanwhile: the row decides.
      const row = await this.#store.lease(kind, key);
      if (row === undefined || row.released_at !== null || isActive(row, now)) continue;
      this.#feed.announce(describe({ topic: kind, change: 'expired', row }));
    }
  }
}

const nameOf = ({ kind, key }: Pick<LeaseRow, 'kind' | 'key'>) => `${kind} ${key}`;
