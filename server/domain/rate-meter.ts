import type { Clock } from '../../base/clock.js';

const WINDOW_SEC = 60;

/** Events a second over the last minute, in one bucket a second. */
export class RateMeter {
  readonly #clock: Clock;
  readonly #buckets = new Float64Array(WINDOW_SEC);
  #second: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#second = Math.floor(clock.nowMs() / 1_000);
  }

  add(count: number): void {
    this.#advance();
    const slot = this.#second % WINDOW_SEC;
    this.#buckets[slot] = (this.#buckets[slot] ?? 0) + count;
  }

  perSecond(): number {
    this.#advance();
    return this.#buckets.reduce((sum, count) => sum + count, 0) / WINDOW_SEC;
  }

  #advance(): void {
    const second = Math.floor(this.#clock.nowMs() / 1_000);
    if (second <= this.#second) return;
    const steps = Math.min(second - this.#second, WINDOW_SEC);
    for (let i = 1; i <= steps; i++) this.#buckets[(this.#second + i) % WINDOW_SEC] = 0;
    this.#second = second;
  }
}
