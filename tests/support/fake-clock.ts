import type { Clock, Timer } from '../../base/clock.js';

/** Lets everything run that is ready to run: promises, and what waits for a turn of the event loop. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** A clock that stands until it is moved. */
export class FakeClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  readonly #timers = new Map<symbol, { dueMs: number; action: () => void }>();

  constructor(start: string | number = '2026-01-02T03:04:05Z') {
    this.#wallMs = new Date(start).getTime();
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, action: () => void): Timer {
    const key = Symbol();
    this.#timers.set(key, { dueMs: this.#monotonicMs + delayMs, action });
    return { cancel: () => this.#timers.delete(key) };
  }

  /** Moves on, firing each timer at its moment, and lets what follows happen. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    await settle();
    for (;;) {
      const [due] = [...this.#timers]
        .filter(([, { dueMs }]) => dueMs <= endMs)
        .sort(([, a], [, b]) => a.dueMs - b.dueMs);
      if (due === undefined) break;
      const [key, { dueMs, action }] = due;
      this.#timers.delete(key);
      this.#pass(Math.max(0, dueMs - this.#monotonicMs));
      action();
      await settle();
    }
    this.#pass(endMs - this.#monotonicMs);
  }

  /** The process stood still: time went by and no timer fired; those that are due fire with the next `advance`. */
  stall(ms: number): void {
    this.#pass(ms);
  }

  /** The machine slept: the wall clock went on and nothing else did. Below zero, somebody has set it back. */
  jump(ms: number): void {
    this.#wallMs += ms;
  }

  #pass(ms: number): void {
    this.#wallMs += ms;
    this.#monotonicMs += ms;
  }
}
