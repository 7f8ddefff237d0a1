import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { CLOSE_CODES, type CloseReason } from '../../../protocol/index.js';

/** Whoever is sent away gets so long to take its leave. */
const LEAVE_MS = 500;
const SENT_AWAY: ReadonlySet<CloseReason> = new Set(['unauthorized', 'rate_limited']);

export interface SocketHost {
  readonly highWaterBytes: number;
  /** Joins all that one turn has for a socket into one write. */
  cork(socket: Socket): void;
}

export interface SocketEvents {
  received(data: RawData, isBinary: boolean): void;
  /** All that waited for the peer was taken. */
  drained(): void;
  closed(): void;
}

/** One peer's frames on the wire: bounded on their way out, and watched for a peer that takes nothing (websocket §5). */
export class FrameSocket {
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #host: SocketHost;
  #unansweredPings = 0;
  #acceptedBytes = 0;
  #stalledSinceMs: number | undefined;
  #closed = false;

  constructor(ws: WebSocket, socket: Socket, host: SocketHost, events: SocketEvents) {
    this.#ws = ws;
    this.#socket = socket;
    this.#host = host;
    ws.on('message', (data, isBinary) => events.received(data, isBinary));
    ws.on('pong', () => {
      this.#unansweredPings = 0;
    });
    ws.on('error', () => undefined); // a close with its code follows
    ws.on('close', () => {
      this.#closed = true;
      events.closed();
    });
    socket.on('drain', () => {
      if (this.#closed) return;
      if (ws.isPaused) ws.resume();
      events.drained();
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  get writable(): boolean {
    return this.#socket.writableLength < this.#host.highWaterBytes;
  }

  send(frame: string | Buffer): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    this.#host.cork(this.#socket);
    this.#ws.send(frame, TEXT);
    // Answers are bounded too: who does not take them is not read from.
    if (!this.#ws.isPaused && !this.writable) this.#ws.pause();
  }

  /** Asks whether the peer is there, and ends it when it has not said so for long or takes nothing that is sent. */
  beat(nowMs: number, stallMs: number): void {
    if (this.#stalledMs(nowMs) > stallMs) {
      this.close('stalled');
      this.terminate();
    } else if (!this.#hasUnsent && this.#unansweredPings >= 2) this.terminate();
    else if (!this.#hasUnsent) {
      this.#unansweredPings++;
      this.#ws.ping();
    }
  }

  close(reason: CloseReason): void {
    const { code, reason: text } = CLOSE_CODES[reason];
    this.#ws.close(code, text);
    if (SENT_AWAY.has(reason)) setTimeout(() => this.terminate(), LEAVE_MS).unref();
  }

  terminate(): void {
    this.#ws.terminate();
  }

  get #hasUnsent(): boolean {
    return this.#socket.writableLength > 0;
  }

  /** Milliseconds since the peer last took any byte of what waits for it. */
  #stalledMs(nowMs: number): number {
    const accepted = this.#socket.bytesWritten - this.#socket.writableLength;
    if (!this.#hasUnsent || accepted !== this.#acceptedBytes) this.#stalledSinceMs = undefined;
    this.#acceptedBytes = accepted;
    if (!this.#hasUnsent) return 0;
    this.#stalledSinceMs ??= nowMs;
    return nowMs - this.#stalledSinceMs;
  }
}

const TEXT = { binary: false } as const;
