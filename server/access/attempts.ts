/** Whoever guesses tokens is soon not listened to any more (identity §8). */
import type { Clock } from '../../base/clock.js';
import { HubError } from '../../protocol/index.js';
import type { AuditLog } from './audit-log.js';
import { type Caller, type DoorName, isOnThisMachine, networkOf } from './caller.js';
import type { Attempts } from './identity.js';
import type { CallerLimits } from './limits.js';

const WINDOW_MS = 60_000;
const BLOCKED_MS = 60_000;
/** Networks remembered; the oldest are forgotten first. */
const MAX_NETWORKS = 10_000;

interface Failures {
  count: number;
  readonly sinceMs: number;
  blockedUntilMs: number;
}

export class FailedAttempts implements Attempts {
  readonly #clock: Clock;
  readonly #audit: AuditLog;
  readonly #limits: Pick<CallerLimits, 'note'>;
  readonly #perMinute: number;
  readonly #byNetwork = new Map<string, Failures>();

  /** @param perMinute failed tokens of a network off this machine, before it is refused for a minute */
  constructor(clock: Clock, audit: AuditLog, limits: Pick<CallerLimits, 'note'>, perMinute: number) {
    this.#clock = clock;
    this.#audit = audit;
    this.#limits = limits;
    this.#perMinute = perMinute;
  }

  mayTry(address: string): void {
    const leftMs = (this.#byNetwork.get(networkOf(address))?.blockedUntilMs ?? 0) - this.#clock.monotonicMs();
    if (leftMs <= 0) return;
    const retry_after_sec = Math.ceil(leftMs / 1_000);
    this.#limits.note('tokens', address, retry_after_sec);
    throw new HubError('rate_limited', `too many wrong tokens from ${address}: wait ${retry_after_sec} s`, {
      retry_after_sec,
    });
  }

  misnamed(caller: Caller, name: string): void {
    this.#audit.refused({ caller, agent: name, operation: 'act as', target: '' }, 'forbidden');
  }

  unnamed(address: string, door: DoorName): void {
    this.#audit.strangerRefused(address, door, undefined);
  }

  failed(address: string, door: DoorName, token_id: string | undefined): void {
    this.#audit.strangerRefused(address, door, token_id);
    if (isOnThisMachine(address)) return;
    const nowMs = this.#clock.monotonicMs();
    const network = networkOf(address);
    const known = this.#byNetwork.get(network);
    const failures =
      known === undefined || nowMs - known.sinceMs > WINDOW_MS
        ? { count: 0, sinceMs: nowMs, blockedUntilMs: 0 }
        : known;
    if (++failures.count > this.#perMinute) failures.blockedUntilMs = nowMs + BLOCKED_MS;
    this.#byNetwork.delete(network);
    this.#byNetwork.set(network, failures);
    const [oldest] = this.#byNetwork.keys();
    if (this.#byNetwork.size > MAX_NETWORKS && oldest !== undefined) this.#byNetwork.delete(oldest);
  }
}
