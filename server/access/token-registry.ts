/** The tokens of the store, in memory: each is checked with every call, and ends its connections when it ends (identity §2, §3). */
import { type Clock, type Timer, timestamp } from '../../base/clock.js';
import { HubError, parseToken, type Role } from '../../protocol/index.js';
import type { Feed } from '../domain/feed.js';
import type { TokenRow } from '../domain/rows.js';
import type { Store } from '../domain/store.js';
import type { Grant, NameSet } from './caller.js';
import { Names, NOBODY } from './names.js';
import { digest, sameDigest } from './secret.js';

/** How often the time of the last use is written. */
const USES_MS = 60_000;

interface Known {
  row: TokenRow;
  /** By the digest of the secret that was shown: two while a new one has been made and the old one still works. */
  readonly grants: Map<string, { grant: Grant; controller: AbortController }>;
}

export class TokenRegistry {
  readonly #store: Pick<Store, 'tokens' | 'write'>;
  readonly #clock: Clock;
  readonly #onError: (cause: unknown) => void;
  readonly #known = new Map<string, Known>();
  readonly #uses = new Map<string, number>();
  /** Every name that any of them stands for; made anew when they change. */
  #guarded: Names | undefined;
  readonly #unlisten: () => void;
  /** Called when further names may be guarded. */
  onGuarded: () => void = () => undefined;
  #deadline: Timer | undefined;
  #writing: Timer | undefined;

  /** Call `load` before anything else. */
  constructor(
    store: Pick<Store, 'tokens' | 'write'>,
    feed: Pick<Feed, 'listen'>,
    clock: Clock,
    onError: (cause: unknown) => void,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#onError = onError;
    this.#unlisten = feed.listen(({ changes }) => {
      const rows = changes.flatMap((change) => (change.topic === 'token' ? [change.row] : []));
      for (const row of rows) this.#take(row);
      if (rows.length === 0) return;
      this.#watchTime();
      this.onGuarded();
    });
  }

  async load(): Promise<void> {
    for (const row of await this.#store.tokens()) this.#take(row);
    this.#watchTime();
  }

  /** Whether any was ever issued. */
  get any(): boolean {
    return this.#known.size > 0;
  }

  /** Whether nobody acts under this name without a token for it. One that was revoked or has expired guards on. */
  guards(name: string): boolean {
    this.#guarded ??= new Names([...this.#known.values()].flatMap(({ row }) => namesIn(row)));
    return this.#guarded.has(name);
  }

  /** @throws {HubError} `unauthorized`, in words that say what to do */
  verify(text: string): Grant {
    const shown = parseToken(text);
    if (shown === undefined) throw refused('the token has not the form arct_…: was all of it copied?');
    const known = this.#known.get(shown.id);
    const secret = digest(shown.secret);
    // As much work for an id that nobody has as for a wrong secret.
    const { row } = known ?? { row: UNKNOWN };
    const isCurrent = sameDigest(secret, row.secret_sha256);
    const isOld = sameDigest(secret, row.old_secret_sha256 ?? UNKNOWN.secret_sha256);
    if (known === undefined || !(isCurrent || isOld)) throw refused('this hub does not know the token');
    const now = this.#now();
    const token_id = shown.id;
    if (row.revoked_at !== null) throw refused('the token was revoked: ask the hub’s operator for another', token_id);
    if (isOver(row.expires_at, now))
      throw refused('the token has expired: ask the hub’s operator for another', token_id);
    if (!isCurrent && isOver(row.old_until, now)) {
      throw refused('the token was renewed, and this is the old one: ask the hub’s operator for the new one', token_id);
    }
    this.use(shown.id);
    return this.#grant(known, secret);
  }

  async stop(): Promise<void> {
    this.#unlisten();
    this.#deadline?.cancel();
    this.#writing?.cancel();
    await this.#writeUses();
  }

  #grant(known: Known, secret: string): Grant {
    const existing = known.grants.get(secret);
    if (existing !== undefined) return existing.grant;
    const { id, label, role, channels_json, expires_at } = known.row;
    const given = namesIn(known.row);
    const controller = new AbortController();
    const grant: Grant = {
      id,
      label,
      role: role as Role,
      names: namesFor(role as Role, given),
      channels: channels_json === null ? undefined : new Set(JSON.parse(channels_json) as string[]),
      expires_at,
      given,
      ended: controller.signal,
    };
    known.grants.set(secret, { grant, controller });
    return grant;
  }

  /** A row as it is now. */
  #take(row: TokenRow): void {
    const known = this.#known.get(row.id);
    const grants = known?.grants ?? new Map();
    this.#known.set(row.id, { row, grants });
    this.#guarded = undefined;
    this.#endWhatIsOver(row.id);
  }

  #endWhatIsOver(id: string): void {
    const known = this.#known.get(id);
    if (known === undefined) return;
    const { row, grants } = known;
    const now = this.#now();
    const isDead = row.revoked_at !== null || isOver(row.expires_at, now);
    for (const [secret, { controller }] of grants) {
      const stands = secret === row.secret_sha256 || (secret === row.old_secret_sha256 && !isOver(row.old_until, now));
      if (stands && !isDead) continue;
      grants.delete(secret);
      controller.abort();
    }
  }

  /** Wakes when the next one ends by itself. */
  #watchTime(): void {
    this.#deadline?.cancel();
    const now = this.#now();
    let next: string | undefined;
    for (const { row } of this.#known.values()) {
      if (row.revoked_at !== null) continue;
      for (const end of [row.expires_at, row.old_until]) {
        if (end !== null && end > now && (next === undefined || end < next)) next = end;
      }
    }
    if (next === undefined) return;
    this.#deadline = this.#clock.after(Math.max(1, Date.parse(next) - this.#clock.nowMs()), () => {
      for (const id of this.#known.keys()) this.#endWhatIsOver(id);
      this.#watchTime();
    });
  }

  /** Notes that it was shown just now. */
  use(id: string): void {
    this.#uses.set(id, this.#clock.nowMs());
    this.#writing ??= this.#clock.after(USES_MS, () => {
      this.#writing = undefined;
      void this.#writeUses();
    });
  }

  async #writeUses(): Promise<void> {
    if (this.#uses.size === 0) return;
    const uses = [...this.#uses];
    this.#uses.clear();
    await this.#store.write('useTokens', { uses }).catch(this.#onError);
  }

  #now(): string {
    return timestamp(this.#clock.nowMs());
  }
}

const UNKNOWN = {
  secret_sha256: digest(''),
  old_secret_sha256: null,
  old_until: null,
  revoked_at: null,
  expires_at: null,
};

const isOver = (end: string | null, now: string) => end !== null && end <= now;

/** An operator acts as anybody, an observer as nobody. */
function namesFor(role: Role, names: readonly string[]): NameSet | undefined {
  if (role === 'operator') return undefined;
  return role === 'observer' ? NOBODY : new Names(names);
}

const namesIn = ({ names_json }: TokenRow) => JSON.parse(names_json) as string[];

/** @param token_id of one whose secret was right */
const refused = (text: string, token_id?: string) =>
  new HubError('unauthorized', text, token_id === undefined ? undefined : { token_id });
