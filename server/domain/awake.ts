import type { Clock } from '../../base/clock.js';

/** Time that nobody could use: the machine slept, the process stood still, or somebody set the clock. */
export interface Gap {
  /** Below zero when the clock was set back. */
  readonly ms: number;
  /** Wall clock, when it began. */
  readonly sinceMs: number;
}

/** Looked at least so often, so that what is more than that between two looks was not lived through. */
export const LOOK_MS = 2_000;
/** A busy moment is no sleep. */
const LEAST_GAP_MS = 3_000;

/** Notices gaps by the wall clock against the monotonic one, and by timers that come late. */
export class Awake {
  readonly #clock: Clock;
  #wallMs: number;
  #monotonicMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wallMs = clock.nowMs();
    this.#monotonicMs = clock.monotonicMs();
  }

  /** What was missed since the last look, once. Costs two readings of a clock. */
  look(): Gap | undefined {
    const [sinceMs, wallMs, monotonicMs] = [this.#wallMs, this.#clock.nowMs(), this.#clock.monotonicMs()];
    const lived = Math.min(monotonicMs - this.#monotonicMs, LOOK_MS);
    this.#wallMs = wallMs;
    this.#monotonicMs = monotonicMs;
    const ms = wallMs - sinceMs - lived;
    return Math.abs(ms) < LEAST_GAP_MS ? undefined : { ms, sinceMs };
  }
}
