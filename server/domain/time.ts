/** Time comes in from outside, so that tests own it. Stored times are whole seconds as text (arc-v1 §2.9). */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since 1970, UTC. */
  nowMs(): number;
  /** Runs `action` once after `delayMs`; it never keeps the process alive. */
  after(delayMs: number, action: () => void): Timer;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after: (delayMs, action) => {
    const handle = setTimeout(action, Math.min(delayMs, 2_147_483_647));
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

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
