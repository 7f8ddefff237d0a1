import { onAbort } from './abort.js';

/** Time as the client sees it; tests bring their own. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  setTimeout(run: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  // A longer delay than the platform can count would end at once.
  setTimeout: (run, delayMs) => setTimeout(run, Math.min(delayMs, 2 ** 31 - 1)),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

/** Resolves after `delayMs`, or at once when `signal` is aborted; look at the signal afterwards. */
export function rest(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const wake = () => {
      clock.clearTimeout(timer);
      forget();
      resolve();
    };
    const timer = clock.setTimeout(wake, delayMs);
    const forget = onAbort(signal, wake);
  });
}
