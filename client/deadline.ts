import { onAbort } from '../base/abort.js';
import type { Clock } from '../base/clock.js';
import { cancelled, clientClosed, timedOut } from './failures.js';
import type { TransportCallOptions } from './transport.js';

export interface Deadline extends TransportCallOptions {
  readonly clock: Clock;
  /** Aborted when the client is closed. */
  readonly over: AbortSignal;
  /** Says that nobody has answered in time (default: `timeout`). */
  readonly late?: (() => Error) | undefined;
}

/**
 * Runs one call for as long as its caller, its time and the client allow.
 *
 * @param run is given a signal whose reason is the error that the caller is to get
 */
export async function within<T>(
  name: string,
  { timeoutMs, signal, clock, over, late = () => timedOut(name, timeoutMs) }: Deadline,
  run: (giveUp: AbortSignal) => Promise<T>,
): Promise<T> {
  if (over.aborted) throw clientClosed();
  if (signal?.aborted) throw cancelled(name, signal);
  const giveUp = new AbortController();
  const forgetSignal = onAbort(signal, () => signal && giveUp.abort(cancelled(name, signal)));
  const forgetOver = onAbort(over, () => giveUp.abort(clientClosed()));
  const timer = clock.after(timeoutMs, () => giveUp.abort(late()));
  try {
    return await run(giveUp.signal);
  } finally {
    timer.cancel();
    forgetSignal();
    forgetOver();
  }
}
