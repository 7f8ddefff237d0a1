import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { TlsPair } from './tls-pair.js';

/** The first byte of every TLS connection (RFC 8446 §5.1): a record that holds a handshake. */
const HANDSHAKE = 0x16;
/** What a peer that speaks plainly still sends is taken for this long, or it would lose its answer. */
const LINGER_MS = 2_000;

/** Makes TLS of the connections of a front. Who speaks plain HTTP to it gets an answer that says so. */
export class TlsFront {
  /** Never listens itself: it is brought connections. */
  readonly #server: Server;
  readonly #handshakeMs: number;

  /** @param handshakeMs how long a peer may take until it has said something, and then to agree on the encryption */
  constructor({ cert, key }: TlsPair, handshakeMs: number, onSecure: (socket: TLSSocket) => void) {
    this.#handshakeMs = handshakeMs;
    const options = { minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'], handshakeTimeout: handshakeMs } as const;
    this.#server = createServer({ ...options, cert, key }, onSecure);
    // A handshake that fails is the peer's matter. Node tells of one that takes too long, and leaves it open.
    this.#server.on('tlsClientError', (_, socket) => socket.destroy());
  }

  /** Connections that are open stay as they are. */
  use({ cert, key }: TlsPair): void {
    this.#server.setSecureContext({ cert, key, minVersion: 'TLSv1.2' });
  }

  accept(socket: Socket): void {
    const silent = setTimeout(() => socket.destroy(), this.#handshakeMs);
    const settle = () => clearTimeout(silent);
    socket.once('close', settle);
    socket.once('end', () => socket.end());
    socket.once('readable', () => {
      settle();
      const first: Buffer | null = socket.read();
      if (first === null) return;
      if (first[0] !== HANDSHAKE) return refusePlain(socket, first);
      socket.unshift(first);
      this.#server.emit('connection', socket);
    });
  }
}

function refusePlain(socket: Socket, first: Buffer): void {
  const [, host = ''] = /^host:[ \t]*([\w.:[\]-]+)/im.exec(first.toString('latin1')) ?? [];
  const body = JSON.stringify({ ok: false, error: `this port speaks TLS: use https://${host || 'HOST:PORT'}` });
  const lingering = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(lingering));
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `X-Arc-Error: bad_request\r\nX-Arc-Scheme: https\r\nConnection: close\r\n\r\n${body}`,
  );
  socket.resume();
}
