/** What an operator should be able to look up afterwards (identity §9): no bodies, no secrets. */
import { type Clock, type Timer, timestamp } from '../../base/clock.js';
import type { NewAuditRow } from '../domain/rows.js';
import type { Store } from '../domain/store.js';
import { type Caller, type DoorName, type Grant, networkOf } from './caller.js';

/** Refusals are gathered for so long before they are written. */
const GATHER_MS = 1_000;
/** Kinds of refusal gathered at a time; what comes beyond is counted in one line of all doors. */
const MAX_GATHERED = 1_000;
const MAX_CHARS = 200;

/** What is known of whoever asked. */
export type AuditedCaller = Pick<Caller, 'address' | 'door'> & {
  readonly role: string;
  readonly grant: (Pick<Grant, 'id'> & Partial<Pick<Grant, 'role'>>) | undefined;
};

export interface Deed {
  readonly caller: AuditedCaller;
  readonly agent: string | undefined;
  readonly operation: string;
  readonly target: string;
}

export class AuditLog {
  readonly #store: Pick<Store, 'write'>;
  readonly #clock: Clock;
  readonly #onError: (cause: unknown) => void;
  readonly #gathered = new Map<string, NewAuditRow>();
  #timer: Timer | undefined;

  constructor(store: Pick<Store, 'write'>, clock: Clock, onError: (cause: unknown) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Resolves when the line is durable. */
  async done(deed: Deed): Promise<void> {
    const line = this.#line(deed, 'done', null);
    // Whoever is no operator makes one line a minute of what it does again and again, as of what it is refused.
    const merge_key = deed.caller.grant?.role === 'operator' ? null : `${keyOf(line)}\n${line.target}`;
    await this.#store.write('addAudit', { lines: [{ ...line, merge_key }] });
  }

  /**
   * One line a caller, operation, outcome and minute, with a count. A caller is its token, or the network that it comes
   * from: what it chooses itself, as the name under which it comes, makes no further line.
   */
  refused(deed: Deed, outcome: string): void {
    let line = this.#line(deed, outcome, null);
    let merge_key = keyOf(line);
    if (!this.#gathered.has(merge_key) && this.#gathered.size >= MAX_GATHERED) {
      line = { ...line, token_id: null, role: 'unknown', agent: null, address: 'others', operation: 'any', target: '' };
      merge_key = keyOf(line);
    }
    const earlier = this.#gathered.get(merge_key);
    this.#gathered.set(merge_key, { ...(earlier ?? line), merge_key, count: (earlier?.count ?? 0) + 1 });
    this.#timer ??= this.#clock.after(GATHER_MS, () => void this.flush());
  }

  /** Whoever was not let in: without a token, or with one that is not taken. */
  strangerRefused(address: string, door: DoorName, token_id: string | undefined): void {
    const grant = token_id === undefined ? undefined : { id: token_id };
    const caller = { address, door, grant, role: 'unknown' };
    this.refused({ caller, agent: undefined, operation: 'sign in', target: '' }, 'unauthorized');
  }

  /** Writes what is gathered. */
  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#gathered.size === 0) return;
    const lines = [...this.#gathered.values()];
    this.#gathered.clear();
    await this.#store.write('addAudit', { lines }).catch(this.#onError);
  }

  #line({ caller, agent, operation, target }: Deed, outcome: string, merge_key: string | null): NewAuditRow {
    return {
      ts: timestamp(this.#clock.nowMs()),
      token_id: caller.grant?.id ?? null,
      role: caller.role,
      agent: agent === undefined ? null : plain(agent),
      address: caller.address,
      door: caller.door,
      operation: plain(operation),
      target: plain(target),
      outcome,
      count: 1,
      merge_key,
    };
  }
}

const keyOf = ({ token_id, address, door, operation, outcome, ts }: NewAuditRow) =>
  [token_id ?? networkOf(address), door, operation, outcome, ts.slice(0, 16)].join('\n');

/** Control characters as escapes, at a bounded length. */
const plain = (text: string) =>
  text
    .slice(0, MAX_CHARS)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
