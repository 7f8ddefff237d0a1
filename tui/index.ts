/** The dashboard: on a terminal, as plain lines, or against a demonstration. */
import type { RunOptions } from './terminal/run.js';

export { playDemo } from './demo/play.js';
export type { RunOptions };

export interface TuiOptions extends RunOptions {
  /** Lines instead of a screen, for screen readers and pipes. */
  readonly plain?: boolean | undefined;
}

/**
 * Aborted by the signals that end a program, which from then on end it no more. It is called before anything is set up that
 * must be put away again.
 */
export function untilSignal(): AbortSignal {
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => ending.abort());
  return ending.signal;
}

/** Runs until the person leaves or `options.signal` ends it; the exit code. Without a terminal it prints plain lines and ends. */
export async function runTui(options: TuiOptions): Promise<number> {
  const isTerminal = process.stdout.isTTY === true && process.stdin.isTTY === true;
  if (options.plain === true || !isTerminal || process.env.TERM === 'dumb') {
    const { runPlain } = await import('./plain.js');
    return runPlain(options);
  }
  // React checks a great deal while it is developed with; a frame costs half without that.
  process.env.NODE_ENV ??= 'production';
  const { runOnTerminal } = await import('./terminal/run.js');
  return runOnTerminal(options);
}
