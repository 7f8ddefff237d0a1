import { setTimeout as sleep } from 'node:timers/promises';

/** How long a throughput load runs before it counts, and for how long it counts. */
export interface Window {
  warmMs: number;
  countMs: number;
}

/** Counts what `done()` reported between the end of the warm-up and the end of the window; gives it a second. */
export class RateMeter {
  readonly latencies: number[] = [];
  #from = Number.POSITIVE_INFINITY;
  #to = Number.POSITIVE_INFINITY;
  #count = 0;

  get isOver(): boolean {
    return this.#to < performance.now();
  }

  /** Something that began at `begun` has ended now. */
  done(begun: number): void {
    const now = performance.now();
    if (now < this.#from || now >= this.#to) return;
    this.#count += 1;
    this.latencies.push(now - begun);
  }

  async run({ warmMs, countMs }: Window): Promise<number> {
    await sleep(warmMs);
    this.#from = performance.now();
    this.#to = this.#from + countMs;
    await sleep(countMs + 1);
    return this.#count / (countMs / 1000);
  }
}

/** A message body of `chars` characters that JSON leaves as they are. */
export const bodyOf = (chars: number): string =>
  'The build is green again. '.repeat(Math.ceil(chars / 26)).slice(0, chars);

export { sleep };
