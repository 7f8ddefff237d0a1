/** How answers look on HTTP: Arc's envelope, its headers, and the one place where a failure becomes a status. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ErrorCode, type ErrorDetails, HubError, stringify } from '../../../protocol/index.js';
import type { Answer } from '../../operations/context.js';

const REST_STATUS: Partial<Record<ErrorCode, number>> = { too_large: 400 }; // arc-v1 §2.4

export interface RestAnswer {
  status: number;
  /** The envelope as JSON. */
  body: string;
  code?: ErrorCode;
  details?: ErrorDetails | undefined;
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
    code: error.code,
    details: error.details,
  };
}

export function send(
  res: ServerResponse,
  answer: RestAnswer,
  instanceId: string,
  headers: Record<string, string> = {},
): void {
  if (res.headersSent || res.destroyed) {
    res.destroy(); // a stream has begun: only closing the socket is left
    return;
  }
  res.writeHead(answer.status, { ...headersOf(answer, instanceId), ...headers });
  res.end(answer.body);
}

/** A body that goes on arriving is waited for this long at a time. */
const LINGER_MS = 500;

/**
 * Answers a request whose body is still on its way, and ends the connection. First it takes up to `drainBytes` of that body:
 * a peer that sends all before it reads would lose the answer to the reset of a socket with unread bytes.
 */
export function sendEarly(
  req: IncomingMessage,
  res: ServerResponse,
  answer: RestAnswer,
  instanceId: string,
  headers: Record<string, string>,
  drainBytes: number,
): void {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  res.writeHead(answer.status, { ...headersOf(answer, instanceId), ...headers, Connection: 'close' });
  res.write(answer.body);
  let left = drainBytes;
  const end = () => {
    clearTimeout(idle);
    res.end();
  };
  const idle = setTimeout(end, LINGER_MS);
  req.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) end();
    else idle.refresh();
  });
  req.once('close', end);
  req.once('end', end);
  req.resume();
}

const headersOf = (answer: RestAnswer, instanceId: string) => ({
  'Content-Type': 'application/json',
  'Content-Length': Buffer.byteLength(answer.body),
  'X-Arc-Instance': instanceId,
  ...(answer.code !== undefined && { 'X-Arc-Error': answer.code }),
  ...(answer.details !== undefined && { 'X-Arc-Details': asciiJson(answer.details) }),
});

/** JSON that a header may carry. */
const asciiJson = (value: unknown) =>
  JSON.stringify(value).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
