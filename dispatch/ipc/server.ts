/** The daemon's socket: one request, one reply, close. Who may connect is said by its mode alone (dispatch §3, §14). */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../base/clock.js';
import { DispatchError } from '../errors.js';
import { encodeFrame, FrameDecoder } from './frames.js';

const REQUEST_MS = 10_000;
/** What the address of a Unix socket holds on the systems that have the least room. */
const MAX_PATH_BYTES = 100;

export type Handler = (request: Readonly<Record<string, unknown>>) => Promise<object>;

export interface SocketServer {
  /** Takes no more requests, and removes the socket. */
  close(): void;
}

/**
 * Listens, with whatever stood at the path removed: the caller holds the lock that says that nobody serves it.
 * @throws {DispatchError} `config`: the path is too long, or cannot be bound
 */
export async function openSocket(path: string, clock: Clock, handle: Handler): Promise<SocketServer> {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new DispatchError('config', `daemon.socket_path: ${path} is longer than ${MAX_PATH_BYTES} bytes`);
  }
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => serveOne(socket, clock, handle));
  await listening(server, path);
  return {
    close: () => {
      server.close();
      rmSync(path, { force: true });
    },
  };
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(new DispatchError('config', `${path} cannot be bound: ${cause.message}`)));
    // Nobody else can open it before its mode is set.
    const before = process.umask(0o177);
    server.listen(path, () => {
      chmodSync(path, 0o600);
      resolve();
    });
    process.umask(before);
  });
}

function serveOne(socket: Socket, clock: Clock, handle: Handler): void {
  const decoder = new FrameDecoder();
  const answer = (reply: object) => socket.end(encodeFrame(reply));
  const refuse = (error: string) => answer({ status: 'error', error, code: 'bad_request' });
  const timer = clock.after(REQUEST_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.once('close', () => timer.cancel());
  socket.once('end', () => {
    if (decoder.isTorn) socket.destroy();
  });
  const take = (chunk: Buffer) => {
    try {
      const [text] = decoder.push(chunk);
      if (text === undefined) return;
      timer.cancel();
      socket.off('data', take).resume();
      const request: unknown = JSON.parse(text);
      if (typeof request !== 'object' || request === null || Array.isArray(request)) {
        refuse('expected one object of JSON');
        return;
      }
      handle(request as Record<string, unknown>).then(answer, (cause) => refuse(DispatchError.from(cause).message));
    } catch (cause) {
      timer.cancel();
      socket.off('data', take).resume();
      refuse(cause instanceof SyntaxError ? 'not valid JSON' : (cause as Error).message);
    }
  };
  socket.on('data', take);
}
