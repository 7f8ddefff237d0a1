import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** Gives up after this long (default 10_000). Be generous: it is only ever used up by a failure. */
  timeoutMs?: number;
  /** How long to rest between two looks (default 5). */
  everyMs?: number;
  /** Names the condition in the failure. */
  what?: string;
}

/**
 * Looks at `condition` until it gives something truthy, and returns that.
 *
 * A condition that throws or rejects (an `expect` included) counts as "not yet"; what it threw last is the
 * cause of the failure when the time is up. Use this wherever a test would otherwise sleep.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs = 5, what = condition.toString() }: UntilOptions = {},
): Promise<Exclude<Awaited<T>, null | undefined | false | 0 | ''>> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  do {
    try {
      const value = await condition();
      if (value) return value as Exclude<Awaited<T>, null | undefined | false | 0 | ''>;
      last = undefined;
    } catch (cause) {
      last = cause;
    }
    await sleep(everyMs);
  } while (performance.now() < deadline);
  const why = last instanceof Error ? `: ${last.message}` : '';
  throw new Error(`waited ${timeoutMs} ms in vain for ${what}${why}`, { cause: last });
}
