/** The errors that the client itself raises, and how a stranger's exception becomes one of them. */
import { ERROR_CODES, type ErrorCode, HubError } from '../protocol/index.js';

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
}

/** No connection, or one that broke: arc-v1 §9.4 has the words. */
export function connectionError(cause: unknown): HubError {
  return new HubError('unavailable', `connection error: ${describeCause(cause)}`, undefined, { cause });
}

export function timedOut(name: string, timeoutMs: number): HubError {
  return new HubError('timeout', `no answer to ${name} within ${timeoutMs} ms`);
}

export function cancelled(name: string, signal: AbortSignal): HubError {
  return new HubError('timeout', `${name} was cancelled`, { cancelled: true }, { cause: signal.reason });
}

export function clientClosed(): HubError {
  return new HubError('unavailable', 'the client is closed');
}

// fetch hides the reason one level down, and a name with several addresses hides it in an AggregateError.
function describeCause(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause instanceof AggregateError && cause.errors.length > 0) return describeCause(cause.errors[0]);
  if (cause.cause instanceof Error) return describeCause(cause.cause);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  return cause.message || code || cause.name;
}
