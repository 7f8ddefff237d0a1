/** How fast a bucket fills, and how much it holds: shared by all buckets of a kind. */
export interface BucketRate {
  readonly perMs: number;
  readonly burst: number;
}

/** What may be done at once, filled steadily up to a burst. It begins full, and keeps no time of its own. */
export class TokenBucket {
  readonly #rate: BucketRate;
  /** Below zero after an amount that was larger than the burst. */
  #level: number;
  #atMs: number;

  /** @param nowMs on a clock that never goes back, as in all calls */
  constructor(rate: BucketRate, nowMs: number) {
    this.#rate = rate;
    this.#level = rate.burst;
    this.#atMs = nowMs;
  }

  /**
   * Milliseconds until `amount` may be taken; 0 when it may be now. Takes nothing, so that several buckets can be asked
   * first. What is larger than the burst may be taken from a full bucket, and is paid for afterwards: it could never pass
   * otherwise.
   */
  waitMs(amount: number, nowMs: number): number {
    const { perMs, burst } = this.#rate;
    this.#level = Math.min(burst, this.#level + (nowMs - this.#atMs) * perMs);
    this.#atMs = nowMs;
    const missing = Math.min(amount, burst) - this.#level;
    return missing <= 0 ? 0 : missing / perMs;
  }

  take(amount: number): void {
    this.#level -= amount;
  }

  /** Whether it is as good as a new one. */
  isFull(nowMs: number): boolean {
    const { burst } = this.#rate;
    return this.waitMs(burst, nowMs) === 0;
  }
}
