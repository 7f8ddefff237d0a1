/** One WebSocket, the same whether it is the package `ws` or the platform's own. Nothing here reconnects. */
import { HubError, isJsonObject } from '../../protocol/index.js';
import { type Access, isNode, needsOwnConnection } from '../access.js';
import { connectionError, isErrorCode } from '../failures.js';
import { codeOfStatus } from '../http/rest-answer.js';

/** An answer may hold a whole thread; half a GiB is where a JavaScript string ends anyway. */
const MAX_FRAME_BYTES = 512 * 1024 * 1024;
const REFUSAL_CHARS = 4_096;

export interface SocketEvents {
  onText(text: string): void;
  /** The peer gave a sign of life that is no message. */
  onAlive(): void;
  /** Once, and only after the socket was open. */
  onClose(code: number, reason: string): void;
}

export interface Socket {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Lets go at once, for a peer that no longer answers. */
  terminate(): void;
}

export interface SocketTarget {
  readonly url: string;
  readonly access: Access;
}

/**
 * Resolves when the socket is open.
 *
 * @throws {HubError} `unavailable`: no connection. Otherwise what the hub refused the upgrade with
 */
export type SocketFactory = (
  target: SocketTarget,
  protocols: readonly string[],
  events: SocketEvents,
  signal: AbortSignal,
) => Promise<Socket>;

/** Uses `ws` under Node, where it answers pings and names refusals; the platform's WebSocket elsewhere. */
export const openSocket: SocketFactory = async (target, protocols, events, signal) => {
  const ws = isNode() ? await import('ws').catch(() => undefined) : undefined;
  if (ws !== undefined) return openWs(ws, target, protocols, events, signal);
  if (needsOwnConnection(target.access)) {
    throw new HubError('bad_request', 'a fingerprint, a CA or a Unix socket needs Node and the package ws');
  }
  if (typeof globalThis.WebSocket === 'function')
    return openPlatformSocket(globalThis.WebSocket, target, protocols, events, signal);
  throw new HubError('unavailable', 'no WebSocket here: install the package ws');
};

async function openWs(
  { WebSocket }: typeof import('ws'),
  { url, access }: SocketTarget,
  protocols: readonly string[],
  events: SocketEvents,
  signal: AbortSignal,
): Promise<Socket> {
  const createConnection = needsOwnConnection(access) ? await connectorOf(access, signal) : undefined;
  const { token } = access;
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [...protocols], {
      perMessageDeflate: false,
      maxPayload: MAX_FRAME_BYTES,
      ...(token !== undefined && { headers: { Authorization: `Bearer ${token}` } }),
      ...(createConnection !== undefined && { createConnection }),
    });
    const abort = () => {
      reject(connectionError(signal.reason));
      socket.terminate();
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    // `close` follows every error; before the socket is open it is the error that says why.
    socket.on('error', (cause) => reject(connectionError(cause)));
    socket.on('unexpected-response', (request, response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (text.length < REFUSAL_CHARS) text += chunk;
      });
      response.on('close', () => {
        reject(refusal(response.statusCode ?? 0, response.headers['x-arc-error'], text));
        request.destroy();
      });
    });
    socket.on('open', () => {
      signal.removeEventListener('abort', abort);
      socket.on('message', (data) => events.onText(String(data)));
      socket.on('ping', () => events.onAlive());
      socket.on('close', (code, reason) => events.onClose(code, String(reason)));
      resolve({
        send: (text) => socket.send(text),
        close: (code, reason) => socket.close(code, reason),
        terminate: () => socket.terminate(),
      });
    });
  });
}

type Connected = (error: Error | null, socket?: import('node:net').Socket) => void;

/** Hands `ws` a connection whose other end has proved itself. */
async function connectorOf(access: Access, signal: AbortSignal) {
  const { openConnection } = await import('../net/connect.js');
  const connector = (_options: unknown, done: Connected) => {
    openConnection(access, signal).then((socket) => done(null, socket), done);
  };
  // The type knows only connectors that answer at once; node:http takes those that call back too.
  return connector as unknown as typeof import('node:net').createConnection;
}

/** The WebSocket of browsers, Deno, Bun and newer Node. A page cannot set headers, so the token goes with the subprotocol. */
export function openPlatformSocket(
  PlatformSocket: typeof globalThis.WebSocket,
  { url, access: { token } }: SocketTarget,
  protocols: readonly string[],
  events: SocketEvents,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = new PlatformSocket(url, [...protocols, ...(token === undefined ? [] : [`bearer.${token}`])]);
    const abort = () => {
      reject(connectionError(signal.reason));
      socket.close();
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    let opened = false;
    socket.addEventListener('message', ({ data }) => events.onText(String(data)));
    // `close` follows every error, and the platform keeps the reason from the page: "refused" is all that is known.
    socket.addEventListener('error', () => undefined);
    socket.addEventListener('close', ({ code, reason }) => {
      if (opened) events.onClose(code, reason);
      else reject(connectionError(`${url} refused the connection`));
    });
    socket.addEventListener('open', () => {
      opened = true;
      signal.removeEventListener('abort', abort);
      resolve({
        send: (text) => socket.send(text),
        close: (code, reason) => socket.close(code, reason),
        terminate: () => socket.close(),
      });
    });
  });
}

function refusal(status: number, code: unknown, text: string): HubError {
  let message = `the hub refused the connection with status ${status}`;
  try {
    const answer: unknown = JSON.parse(text);
    if (isJsonObject(answer) && typeof answer.error === 'string') message = answer.error;
  } catch {
    // Not the hub's envelope; the status says enough.
  }
  return new HubError(isErrorCode(code) ? code : codeOfStatus(status), message);
}
