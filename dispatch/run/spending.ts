/** The spend guard of an agent: `rate_per_minute` and `daily_runs` (dispatch §4.2). */
import type { Clock } from '../../base/clock.js';
import { DispatchError } from '../errors.js';
import { lastRecords, RoutingRecord } from '../logs/json-lines.js';
import type { Agent } from '../personas/agent.js';

const MINUTE_MS = 60_000;

/** Counts what this process has begun, and what the log says of others before it. */
export class Spending {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #sinceMs: number;
  readonly #begun: { agent: string; atMs: number }[] = [];

  constructor(routingLog: string, clock: Clock) {
    this.#path = routingLog;
    this.#clock = clock;
    this.#sinceMs = clock.nowMs();
  }

  /** Notes a run. @throws {DispatchError} `busy`: it would be one too many; nothing is noted */
  begin({ name, rate_per_minute, daily_runs }: Agent): void {
    if (rate_per_minute === undefined && daily_runs === undefined) return;
    const now = this.#clock.nowMs();
    const midnight = new Date(now).setUTCHours(0, 0, 0, 0);
    this.#forgetBefore(Math.min(midnight, now - MINUTE_MS));
    if (rate_per_minute !== undefined && this.#count(name, now - MINUTE_MS) >= rate_per_minute) {
      throw new DispatchError('busy', `agent ${name} takes ${rate_per_minute} prompts a minute (rate_per_minute)`);
    }
    if (daily_runs !== undefined && this.#count(name, midnight) >= daily_runs) {
      throw new DispatchError('busy', `agent ${name} has had its ${daily_runs} prompts of today (daily_runs)`);
    }
    this.#begun.push({ agent: name, atMs: now });
  }

  #count(name: string, fromMs: number): number {
    const own = this.#begun.filter(({ agent, atMs }) => agent === name && atMs >= fromMs).length;
    const isBefore = ({ agent, timestamp }: RoutingRecord) => {
      const at = Date.parse(timestamp);
      return agent === name && at >= fromMs && at < this.#sinceMs;
    };
    return own + lastRecords(this.#path, RoutingRecord, Number.MAX_SAFE_INTEGER, isBefore).length;
  }

  #forgetBefore(ms: number): void {
    while ((this.#begun[0]?.atMs ?? ms) < ms) this.#begun.shift();
  }
}
