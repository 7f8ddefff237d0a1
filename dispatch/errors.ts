/** What a dispatch fails for, as its caller, the socket and the hub tell it (dispatch §3, §19.21). */
export const FAILURE_CODES = [
  'busy',
  'cancelled',
  'interrupted',
  'not_accepted',
  'timeout',
  'backend',
  'model_not_allowed',
  'loop',
  'not_found',
  'bad_request',
  'config',
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

/** The only error that the dispatcher throws on purpose: one line for people, and what it means for programs. */
export class DispatchError extends Error {
  override readonly name = 'DispatchError';

  constructor(
    readonly code: FailureCode,
    message: string,
  ) {
    super(message);
  }

  /** What was not thrown on purpose counts as a failure of the backend, with its own text. */
  static from(cause: unknown): DispatchError {
    if (cause instanceof DispatchError) return cause;
    return new DispatchError('backend', cause instanceof Error ? cause.message : String(cause));
  }
}
