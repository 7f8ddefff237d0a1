/** Arc's envelope, and the one place where a failure becomes a status. */
import { type ErrorCode, type ErrorDetails, HubError, stringify } from '../../../protocol/index.js';
import type { Answer } from '../../operations/context.js';

const REST_STATUS: Partial<Record<ErrorCode, number>> = { too_large: 400 }; // arc-v1 §2.4

/** A REST answer, whatever carries it. */
export interface RestAnswer {
  readonly status: number;
  /** The envelope as JSON. */
  readonly body: string;
  /** Of a failure: the text in the envelope, the hub's code, and what there is to say besides. */
  readonly error?: string;
  readonly code?: ErrorCode;
  readonly details?: ErrorDetails | undefined;
}

export function toRest(answer: Answer): RestAnswer {
  const { acquired, result, ...top } = answer.envelope ?? { result: answer.result };
  const envelope = acquired === undefined ? { ok: true, result, ...top } : { ok: true, acquired, result, ...top };
  // `deduplicated` says something only when it is true (websocket §7).
  if ((envelope as { deduplicated?: boolean }).deduplicated === false) {
    delete (envelope as { deduplicated?: boolean }).deduplicated;
  }
  return { status: answer.status, body: stringify(envelope) };
}

export function toRestError(cause: unknown): RestAnswer {
  const error = HubError.from(cause);
  return {
    status: REST_STATUS[error.code] ?? error.status,
    body: JSON.stringify({ ok: false, error: error.message }),
    error: error.message,
    code: error.code,
    details: error.details,
  };
}
