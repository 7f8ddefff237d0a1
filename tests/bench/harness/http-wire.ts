/**
 * HTTP/1.1 on a bare keep-alive socket: the request's bytes are made beforehand, of the answer only status, length
 * and body are looked at. A `node:http` client costs more than a `node:http` server, and two cores must do for both.
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { authorization, hasTls, type Target } from './scenario.js';

export interface WireAnswer {
  status: number;
  body: Buffer;
}

/** A JSON request as it stands on the wire. */
export function requestBytes(target: Target, method: string, path: string, body?: object): Buffer {
  const shown = authorization(target);
  const token = shown === undefined ? '' : `Authorization: ${shown}\r\n`;
  const text = body === undefined ? '' : JSON.stringify(body);
  const content =
    body === undefined ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\n${token}${content}\r\n${text}`);
}

export class HttpWire {
  readonly #socket: Socket;
  readonly #target: Target;
  #parts: Buffer[] = [];
  #held = 0;
  /** Bytes that the answer under way has in all, once its head has been read. */
  #total = Number.POSITIVE_INFINITY;
  #bodyAt = 0;
  #answer: ((answer: WireAnswer) => void) | undefined;

  private constructor(socket: Socket, target: Target) {
    this.#socket = socket;
    this.#target = target;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('close', () => {
      if (this.#answer !== undefined) throw new Error('the server closed a keep-alive connection in a request');
    });
  }

  static async open(target: Target): Promise<HttpWire> {
    const secure = hasTls(target);
    const place = { port: target.port, host: '127.0.0.1' };
    const socket = secure ? connectTls({ ...place, rejectUnauthorized: false }) : connect(place);
    await new Promise<void>((resolve, reject) =>
      socket.once(secure ? 'secureConnect' : 'connect', resolve).once('error', reject),
    );
    return new HttpWire(socket, target);
  }

  /** One request at a time a connection. */
  send(request: Buffer): Promise<WireAnswer> {
    if (!this.#socket.writable) throw new Error('the server has closed this keep-alive connection');
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#socket.write(request);
    });
  }

  /** `send` for what is not hot: answers the envelope's `result`, and fails on anything but success. */
  async call(method: string, path: string, body?: object): Promise<unknown> {
    const { status, body: text } = await this.send(requestBytes(this.#target, method, path, body));
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${String(text)}`);
    return (JSON.parse(String(text)) as { result: unknown }).result;
  }

  close(): void {
    this.#answer = undefined;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#held += chunk.length;
    if (this.#total === Number.POSITIVE_INFINITY && !this.#readHead()) return;
    if (this.#held < this.#total) return;
    const [only] = this.#parts;
    const whole = this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts);
    const answer = this.#answer;
    this.#answer = undefined;
    this.#parts = [];
    this.#held = 0;
    this.#total = Number.POSITIVE_INFINITY;
    answer?.({ status: Number(whole.toString('latin1', 9, 12)), body: whole.subarray(this.#bodyAt) });
  }

  #readHead(): boolean {
    const whole = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts);
    this.#parts = [whole];
    const end = whole.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const length = /\r\ncontent-length: *(\d+)/i.exec(whole.toString('latin1', 0, end));
    if (length === null) throw new Error(`no Content-Length: ${whole.toString('latin1', 0, end)}`);
    this.#bodyAt = end + 4;
    this.#total = this.#bodyAt + Number(length[1]);
    return true;
  }
}
