/**
 * The only table of errors: hub code → JSON-RPC code and HTTP status (websocket §2). Doors translate from it and invent
 * nothing. `retry` says whether the same call may succeed later without being changed.
 */
export const ERROR_CODES = {
  parse_error: { rpc: -32700, status: 400, retry: false, when: 'not JSON, or nested too deep' },
  invalid_request: { rpc: -32600, status: 400, retry: false, when: 'JSON, but no JSON-RPC request' },
  unknown_method: { rpc: -32601, status: 404, retry: false, when: 'no operation of that name' },
  bad_request: { rpc: -32602, status: 400, retry: false, when: 'the parameters do not pass the schema or rules' },
  unauthorized: { rpc: -32001, status: 401, retry: false, when: 'a token is needed, or this one is not known' },
  forbidden: { rpc: -32003, status: 403, retry: false, when: 'known, but may not do this' },
  not_found: { rpc: -32004, status: 404, retry: false, when: 'what is named does not exist' },
  timeout: { rpc: -32008, status: 408, retry: true, when: 'a wait ran out, or was cancelled (`details.cancelled`)' },
  conflict: { rpc: -32009, status: 409, retry: false, when: 'the state does not allow it' },
  too_large: { rpc: -32013, status: 413, retry: false, when: 'larger than the request cap (400 on REST)' },
  rate_limited: { rpc: -32029, status: 429, retry: true, when: 'too many at once; `details.retry_after_sec`' },
  unavailable: {
    rpc: -32053,
    status: 503,
    retry: true,
    when: 'shutting down, store full or read-only; nothing was written',
  },
  internal: { rpc: -32603, status: 500, retry: false, when: 'not expected; the cause is in the log of the hub' },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export type ErrorDetails = Readonly<Record<string, unknown>>;

/** The only error thrown on purpose. `message` is for people and the same on every door. */
export class HubError extends Error {
  override readonly name = 'HubError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details?: ErrorDetails,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** HTTP status of this error; REST answers `too_large` with 400 (arc-v1 §2.4). */
  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  /** Anything that was not thrown on purpose becomes `internal`, with the cause kept for the log. */
  static from(cause: unknown): HubError {
    if (cause instanceof HubError) return cause;
    return new HubError('internal', 'internal error', undefined, { cause });
  }
}

/** The hub code behind a JSON-RPC error number; `internal` for numbers that are not in the table. */
export function codeOfRpc(rpc: number): ErrorCode {
  for (const [code, entry] of Object.entries(ERROR_CODES)) if (entry.rpc === rpc) return code as ErrorCode;
  return 'internal';
}
