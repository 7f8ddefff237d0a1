/** How much of the hub's time and memory a spool may take: what is more is answered 429. */
import { type RelayAnswer, refusal } from './spool.js';

export interface Bounds {
  /** Requests of one folder that were found and not answered. */
  perAgent: number;
  inAll: number;
  waitsPerAgent: number;
  waitsInAll: number;
  /** Of all requests that are being executed. */
  bytes: number;
}

const BOUNDS: Bounds = { perAgent: 1_000, inAll: 10_000, waitsPerAgent: 64, waitsInAll: 2_000, bytes: 256 * 2 ** 20 };
/** Requests that are read and executed at the same time, waits aside. */
const AT_ONCE = 32;

export class Admission {
  readonly #bounds: Bounds;
  readonly #waits = new Map<string, number>();
  readonly #slots: (() => void)[] = [];
  #free = AT_ONCE;
  #queued = 0;
  #waiting = 0;
  #bytes = 0;

  constructor(bounds: Partial<Bounds> = {}) {
    this.#bounds = { ...BOUNDS, ...bounds };
  }

  /**
   * Counts a request that was found, until `leave`.
   *
   * @param ahead requests of its folder that were not begun
   * @returns false when there are too many: then it is to be refused in its turn
   */
  enter(ahead: number): boolean {
    const admitted = ahead < this.#bounds.perAgent && this.#queued < this.#bounds.inAll;
    this.#queued += 1;
    return admitted;
  }

  leave(): void {
    this.#queued -= 1;
  }

  /** Runs it as one of those that may run at a time. */
  async inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#slots.push(resolve));
    try {
      return await run();
    } finally {
      const next = this.#slots.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  /** @returns what gives the bytes back; undefined when they are too many */
  takeBytes(bytes: number): (() => void) | undefined {
    if (this.#bytes + bytes > this.#bounds.bytes) return undefined;
    this.#bytes += bytes;
    return () => {
      this.#bytes -= bytes;
    };
  }

  /** @returns what ends the wait; undefined when too many wait */
  takeWait(folder: string): (() => void) | undefined {
    const waits = this.#waits.get(folder) ?? 0;
    if (waits >= this.#bounds.waitsPerAgent || this.#waiting >= this.#bounds.waitsInAll) return undefined;
    this.#waits.set(folder, waits + 1);
    this.#waiting += 1;
    return () => {
      this.#waiting -= 1;
      const left = (this.#waits.get(folder) ?? 1) - 1;
      if (left === 0) this.#waits.delete(folder);
      else this.#waits.set(folder, left);
    };
  }
}

export const tooMany = (what: string): RelayAnswer =>
  refusal(429, 'rate_limited', `too many ${what} in flight over the relay; try again when some are answered`);
