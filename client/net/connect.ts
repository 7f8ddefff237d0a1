/**
 * The one way to a hub that is known by a pin or a CA, or that listens on a Unix socket. A connection is handed out when its
 * other end has proved itself, so that nothing is said to anybody else.
 */
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Access } from '../access.js';
import { hubAddress, socketOf } from '../base-url.js';
import { connectionError } from '../failures.js';
import { checkKey, keyOf, type ServerKey } from './server-key.js';

const CONNECT_MS = 15_000;

/** @throws {HubError} `unavailable`: nobody there. `unauthorized`: it is not the hub that it should be */
export function openConnection(access: Access, signal?: AbortSignal): Promise<Socket> {
  const path = socketOf(access.baseUrl);
  if (path !== undefined) return opened(connect(path), 'connect', signal);
  const { protocol, hostname, port, origin } = new URL(hubAddress('http', access.baseUrl));
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'http:') return opened(connect({ host, port: Number(port || 80) }), 'connect', signal);
  return openTls(access, host, Number(port || 443), origin, signal);
}

/** The key that a hub shows, whether or not it is known. */
export async function shownKey(baseUrl: string, signal?: AbortSignal): Promise<ServerKey> {
  const { hostname, port } = new URL(hubAddress('http', baseUrl));
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = tlsSocket({ host, port: Number(port || 443), rejectUnauthorized: false });
  try {
    await opened(socket, 'secureConnect', signal);
    return keyOf(socket);
  } finally {
    socket.destroy();
  }
}

async function openTls(
  { fingerprint, ca }: Access,
  host: string,
  port: number,
  origin: string,
  signal: AbortSignal | undefined,
): Promise<Socket> {
  // A pin stands for itself: who signed the certificate, and for which name, adds nothing to it.
  const rejectUnauthorized = fingerprint === undefined || ca !== undefined;
  const socket = tlsSocket({ host, port, rejectUnauthorized, ...(ca !== undefined && { ca }) });
  try {
    await opened(socket, 'secureConnect', signal);
    if (fingerprint !== undefined) checkKey(keyOf(socket), fingerprint, origin);
    return socket;
  } catch (cause) {
    socket.destroy();
    throw cause;
  }
}

function tlsSocket(options: { host: string; port: number; rejectUnauthorized: boolean; ca?: string }): TLSSocket {
  // A name is told to the hub, an address never is (RFC 6066 §3).
  const servername = isIP(options.host) === 0 ? options.host : '';
  return connectTls({ ...options, servername, ALPNProtocols: ['http/1.1'], minVersion: 'TLSv1.2' });
}

function opened<S extends Socket>(socket: S, event: string, signal: AbortSignal | undefined): Promise<S> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      socket.setTimeout(0);
      for (const [name, listener] of failures) socket.removeListener(name, listener);
      signal?.removeEventListener('abort', abort);
    };
    const fail = (cause: unknown) => {
      settle();
      socket.destroy();
      reject(connectionError(cause));
    };
    const abort = () => fail(signal?.reason);
    const failures = [
      ['error', fail],
      ['close', () => fail(new Error('the connection was closed'))],
      ['timeout', () => fail(new Error('timed out'))],
    ] as const;
    // Whoever is given it listens too; in between nothing may end the process.
    socket.on('error', () => undefined);
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort, { once: true });
    for (const [name, listener] of failures) socket.once(name, listener);
    socket.setTimeout(CONNECT_MS);
    socket.once(event, () => {
      settle();
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}
