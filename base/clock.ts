/** Time comes in from outside, so that tests own it. Stored times are whole seconds as text (arc-v1 §2.9). */
import { onAbort } from './abort.js';

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall clock: milliseconds since 1970, UTC. It may jump; what goes to the wire or into the store is measured by it. */
  nowMs(): number;
  /** Milliseconds since some fixed moment; never goes back, and does not jump. Waits inside a process are measured by it. */
  monotonicMs(): number;
  /** Runs `action` once after `delayMs`. */
  after(delayMs: number, action: () => void): Timer;
}

/** A longer delay than the platform can count would end at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

const clock = (keepsAlive: boolean): Clock => ({
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, action) => {
    const handle = setTimeout(action, Math.min(delayMs, LONGEST_DELAY_MS));
    // Browsers count their timers, and nothing is kept alive by them.
    if (!keepsAlive && typeof handle === 'object') handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
});

/** What a program waits for by it keeps the program alive. */
export const systemClock: Clock = clock(true);
/** For what goes on beside a program's work and never keeps it alive. */
export const backgroundClock: Clock = clock(false);

/** Resolves after `delayMs`, or at once when `signal` is aborted; look at the signal afterwards. */
export function rest(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const wake = () => {
      timer.cancel();
      forget();
      resolve();
    };
    const timer = clock.after(delayMs, wake);
    const forget = onAbort(signal, wake);
  });
}

let cachedSecond = Number.NaN;
let cachedText = '';

/** `YYYY-MM-DDTHH:MM:SSZ`, truncated to the second. */
export function timestamp(ms: number): string {
  const second = Math.floor(ms / 1_000);
  if (second !== cachedSecond) {
    cachedSecond = second;
    cachedText = `${new Date(second * 1_000).toISOString().slice(0, 19)}Z`;
  }
  return cachedText;
}

/**
 * End of a lease, cut down to the second. Since it is active while `expires_at >= timestamp(now)`, through the second that
 * it names, none is shorter than asked, and none longer by more than a second (arc-v1 §5.2).
 */
export const leaseEnd = (nowMs: number, ttlSec: number): string => timestamp(nowMs + ttlSec * 1_000);
