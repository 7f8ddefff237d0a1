/** How answers go out on HTTP: Arc's headers around the envelope. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RestAnswer } from '../rest/envelope.js';

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
  res.writeHead(answer.status, headersOf(answer, instanceId, headers));
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
  res.writeHead(answer.status, { ...headersOf(answer, instanceId, headers), Connection: 'close' });
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

/** Written into one object: spreads cost microseconds, and this is on the way of every answer. */
function headersOf(answer: RestAnswer, instanceId: string, more: Readonly<Record<string, string>>) {
  const headers: Record<string, string | number> = {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(answer.body),
    'X-Arc-Instance': instanceId,
  };
  if (answer.code !== undefined) headers['X-Arc-Error'] = answer.code;
  if (answer.details !== undefined) headers['X-Arc-Details'] = asciiJson(answer.details);
  return Object.assign(headers, more);
}

/** JSON that a header may carry. */
const asciiJson = (value: unknown) =>
  JSON.stringify(value).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
