/** From a REST answer back to the operation's result, or to the same error that every other door gives (websocket §2). */
import { type ErrorCode, HubError, isJsonObject, type Operation } from '../../protocol/index.js';
import { isErrorCode } from '../failures.js';

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  408: 'timeout',
  409: 'conflict',
  413: 'too_large',
  429: 'rate_limited',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
};

/** The code behind a bare status, for hubs that name none. */
export function codeOfStatus(status: number): ErrorCode {
  return CODE_OF_STATUS[status] ?? (status >= 400 && status < 500 ? 'bad_request' : 'internal');
}

export interface RestAnswer {
  readonly status: number;
  readonly text: string;
  /** `X-Arc-Error`: the hub code, where the hub gives it. */
  readonly code?: string | undefined;
  /** `X-Arc-Details`: what the error says besides its text, as JSON. */
  readonly details?: string | undefined;
  /** `Retry-After` in seconds. */
  readonly retryAfterSec?: number | undefined;
}

/**
 * @returns the operation's result
 * @throws {HubError} the failure in the envelope; `internal` when the answer is no envelope at all
 */
export function readAnswer(operation: Operation, answer: RestAnswer): unknown {
  const envelope = parse(answer.text);
  if (!isJsonObject(envelope) || typeof envelope.ok !== 'boolean') {
    throw new HubError(
      answer.status >= 400 ? codeOfStatus(answer.status) : 'internal',
      'the answer is not that of an Arc hub',
      {
        status: answer.status,
      },
    );
  }
  // Clients decide by `ok`, not by the status (arc-v1 §2.2).
  if (envelope.ok) return operation.rest?.unwrap === undefined ? envelope.result : operation.rest.unwrap(envelope);
  const code = isErrorCode(answer.code) ? answer.code : codeOfStatus(answer.status);
  const given = parse(answer.details ?? '');
  const retry = answer.retryAfterSec === undefined ? undefined : { retry_after_sec: answer.retryAfterSec };
  const details = isJsonObject(given) ? given : retry;
  throw new HubError(code, typeof envelope.error === 'string' ? envelope.error : 'unknown error', details);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
