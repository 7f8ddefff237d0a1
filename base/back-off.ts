export interface BackOffOptions {
  /** Upper end of the first delay, in ms (default 100); it doubles with each attempt. */
  baseMs?: number | undefined;
  /** Upper end of any delay, in ms (default 5_000). */
  maxMs?: number | undefined;
}

/**
 * Exponential back-off with full jitter: each delay is drawn evenly from zero to a bound that doubles, so that a
 * thousand clients that lost the same hub do not come back in step.
 */
export class BackOff {
  readonly #baseMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #attempts = 0;

  /** @param random gives numbers from 0 to below 1 */
  constructor(options: BackOffOptions = {}, random: () => number = Math.random) {
    this.#baseMs = options.baseMs ?? 100;
    this.#maxMs = options.maxMs ?? 5_000;
    this.#random = random;
  }

  /** Milliseconds to wait before the next attempt. `patient` draws from the whole range at once. */
  next(patient = false): number {
    const bound = patient ? this.#maxMs : Math.min(this.#maxMs, this.#baseMs * 2 ** this.#attempts);
    this.#attempts += 1;
    return this.#random() * bound;
  }

  reset(): void {
    this.#attempts = 0;
  }
}
