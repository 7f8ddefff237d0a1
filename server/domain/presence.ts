import { type Clock, timestamp } from '../../base/clock.js';
import type { Touches } from './commands/sweep.js';
import type { SessionRow } from './rows.js';

/** When agents were last seen, in memory: the store gets it in one joined write each third of the TTL (websocket §4). */
export class Presence {
  readonly #clock: Clock;
  readonly #seen = new Map<string, number>();
  readonly #held = new Map<string, number>();
  /** Everybody who was here lately, also once the store knows. */
  readonly #known = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  touch(agentId: string): void {
    const nowMs = this.#clock.nowMs();
    this.#seen.set(agentId, nowMs);
    this.#known.set(agentId, nowMs);
  }

  /** Present for as long as something is open: a connection, a wait, a stream. Call the answer when it ends. */
  hold(agentId: string): () => void {
    this.touch(agentId);
    this.#held.set(agentId, (this.#held.get(agentId) ?? 0) + 1);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      const left = (this.#held.get(agentId) ?? 1) - 1;
      if (left > 0) this.#held.set(agentId, left);
      else this.#held.delete(agentId);
      this.touch(agentId);
    };
  }

  /** Milliseconds; 0 when this hub has nothing newer than the store. */
  lastSeen(agentId: string): number {
    return this.#held.has(agentId) ? this.#clock.nowMs() : (this.#seen.get(agentId) ?? 0);
  }

  /** The row with what is known here. */
  apply(row: SessionRow): SessionRow {
    const seen = this.lastSeen(row.agent_id);
    const last_seen = seen === 0 ? row.last_seen : timestamp(seen);
    return last_seen > row.last_seen ? { ...row, last_seen } : row;
  }

  /** Agents of this hub that were seen at `sinceMs` or later, or are connected. */
  since(sinceMs: number): string[] {
    const seen = [...this.#known].filter(([, ms]) => ms >= sinceMs).map(([agentId]) => agentId);
    return [...new Set([...seen, ...this.#held.keys()])];
  }

  /** Everybody was seen later by so much than was thought, and not after now. */
  shift(ms: number): void {
    const nowMs = this.#clock.nowMs();
    for (const map of [this.#seen, this.#known]) {
      for (const [agentId, seenMs] of map) map.set(agentId, Math.min(nowMs, seenMs + ms));
    }
  }

  /**
   * What is to be written, and forgets it: from then on the store knows.
   *
   * @param forgetMs who was seen longer ago is not one of this hub's any more
   */
  take(forgetMs: number): Touches {
    const nowMs = this.#clock.nowMs();
    for (const agentId of this.#held.keys()) {
      this.#seen.set(agentId, nowMs);
      this.#known.set(agentId, nowMs);
    }
    for (const [agentId, ms] of this.#known) if (nowMs - ms > forgetMs) this.#known.delete(agentId);
    const touches = [...this.#seen];
    this.#seen.clear();
    return touches;
  }

  get dirty(): boolean {
    return this.#seen.size > 0 || this.#held.size > 0;
  }

  /** Takes back what could not be written. */
  restore(touches: Touches): void {
    for (const [agentId, ms] of touches) this.#seen.set(agentId, Math.max(ms, this.#seen.get(agentId) ?? 0));
  }
}
