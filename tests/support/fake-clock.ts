import type { Clock, Timer } from '../../server/domain/time.js';

/** Lets everything run that is ready to run: promises, and what waits for a turn of the event loop. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** A clock that stands until it is moved. */
export class FakeClock implements Clock {
  #nowMs: number;
  readonly #timers = new Map<symbol, { dueMs: number; action: () => void }>();

  constructor(start: string | number = '2026-01-02T03:04:05Z') {
    this.#nowMs = new Date(start).getTime();
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): Timer {
    const key = Symbol();
    this.#timers.set(key, { dueMs: this.#nowMs + delayMs, action });
    return { cancel: () => this.#timers.delete(key) };
  }

  /** Moves on, firing each timer at its moment, and lets what follows happen. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (;;) {
      const [due] = [...this.#timers]
        .filter(([, { dueMs }]) => dueMs <= endMs)
        .sort(([, a], [, b]) => a.dueMs - b.dueMs);
      if (due === undefined) break;
      const [key, { dueMs, action }] = due;
      this.#timers.delete(key);
      this.#nowMs = Math.max(this.#nowMs, dueMs);
      action();
      await settle();
    }
    this.#nowMs = endMs;
  }
}
