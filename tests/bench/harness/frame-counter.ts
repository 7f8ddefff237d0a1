/**
 * A subscriber that only counts: a WebSocket read on the bare socket, frame headers only. A thousand `ws` clients on
 * one core would cost more than the server that feeds them, and every server would look as fast as they are.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { Target } from './scenario.js';

const TEXT = 0x81;
const PING = 0x89;

export class FrameCounter {
  /** Text frames so far, the answers to our own requests included. */
  frames = 0;
  bytes = 0;
  onFrames: (counter: FrameCounter) => void = () => undefined;
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes of the current frame's payload still to come. */
  #skip = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open({ port }: Target): Promise<FrameCounter> {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    const counter = new FrameCounter(socket);
    const key = randomBytes(16).toString('base64');
    socket.write(
      `GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: arc.v1\r\n\r\n`,
    );
    await new Promise<void>((resolve, reject) => {
      let head = Buffer.alloc(0);
      const onHead = (chunk: Buffer) => {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        socket.off('data', onHead);
        if (!head.toString('latin1').startsWith('HTTP/1.1 101')) return reject(new Error(head.toString('latin1')));
        socket.on('data', (data: Buffer) => counter.#receive(data));
        counter.#receive(head.subarray(end + 4));
        resolve();
      };
      socket.on('data', onHead).once('error', reject);
    });
    return counter;
  }

  /** Sends a request and waits for `frames` more frames, of which its answer is one. */
  async call(method: string, params: object, frames = 1): Promise<void> {
    const until = this.frames + frames;
    const done = new Promise<void>((resolve) => {
      this.onFrames = () => {
        if (this.frames >= until) resolve();
      };
    });
    this.#send(TEXT, Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })));
    await done;
    this.onFrames = () => undefined;
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Client frames are masked; a mask of zeros leaves the payload as it is. */
  #send(opcode: number, payload: Buffer): void {
    const head = Buffer.alloc(8);
    head[0] = opcode;
    head[1] = 0x80 | 126;
    head.writeUInt16BE(payload.length, 2);
    this.#socket.write(payload.length < 126 ? shortFrame(opcode, payload) : Buffer.concat([head, payload]));
  }

  #receive(data: Buffer): void {
    this.bytes += data.length;
    const chunk = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    let at = Math.min(this.#skip, chunk.length);
    this.#skip -= at;
    const before = this.frames;
    while (this.#skip === 0 && chunk.length - at >= 2) {
      const short = (chunk[at + 1] ?? 0) & 0x7f;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (chunk.length - at < head) break;
      const length = short < 126 ? short : head === 4 ? chunk.readUInt16BE(at + 2) : chunk.readUInt32BE(at + 6);
      if (chunk[at] === TEXT) this.frames += 1;
      if (chunk[at] === PING) this.#socket.write(shortFrame(0x8a, chunk.subarray(at + 2, at + 2 + length)));
      at += head;
      const here = Math.min(length, chunk.length - at);
      this.#skip = length - here;
      at += here;
    }
    this.#rest = chunk.subarray(at);
    if (this.frames > before) this.onFrames(this);
  }
}

function shortFrame(opcode: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(6);
  head[0] = opcode;
  head[1] = 0x80 | payload.length;
  return Buffer.concat([head, payload]);
}
