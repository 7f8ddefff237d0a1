/** Raw JSON-RPC over `ws`, for publishers and for whoever must read what arrives. */
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { authorization, hasTls, type Target } from './scenario.js';

type OnFrame = (frame: Buffer) => void;

interface Answer {
  id: number;
  result?: unknown;
  error?: { message: string };
}

const ERROR = Buffer.from('"error":{');
const METHOD = Buffer.from('"method"');

/** Notifications name their method within the first bytes; answers never do. */
export const isPush = (frame: Buffer): boolean => frame.subarray(0, 48).includes(METHOD);

export class RpcSocket {
  /** Gets every frame; set by whoever is measuring. Throwing ends the load, so that no failure counts as work. */
  onFrame: OnFrame = () => undefined;
  readonly #socket: WebSocket;
  readonly #calls = new Map<number, { resolve: (result: unknown) => void; reject: (cause: Error) => void }>();
  #lastId = 0;
  #corked = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#receive(data as Buffer));
  }

  static async open(target: Target, agent_id?: string): Promise<RpcSocket> {
    const url = `${hasTls(target) ? 'wss' : 'ws'}://127.0.0.1:${target.port}/v1/ws`;
    const Authorization = authorization(target);
    const headers = Authorization === undefined ? {} : { Authorization };
    const socket = new WebSocket(url, 'arc.v1', { perMessageDeflate: false, rejectUnauthorized: false, headers });
    await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const rpc = new RpcSocket(socket);
    if (agent_id !== undefined) await rpc.call('sessions.open', { agent_id, replace: true });
    return rpc;
  }

  /** One request with its answer parsed; for all that is not measured by the thousand. */
  call(method: string, params: object): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  /** Sends a request of the caller's own making; the answer comes by `onFrame`. */
  post(body: string): void {
    this.#lastId += 1;
    this.send(`{"jsonrpc":"2.0","id":${this.#lastId},"method":"messages.post","params":{"body":"${body}"}}`);
  }

  /** What one turn of the loop sends leaves in one write, as a pipelining client would do it. */
  send(frame: string): void {
    if (!this.#corked) {
      this.#corked = true;
      const raw = (this.#socket as unknown as { _socket: Socket })._socket; // ws does not offer it by another name
      raw.cork();
      process.nextTick(() => {
        this.#corked = false;
        raw.uncork();
      });
    }
    this.#socket.send(frame);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.once('close', () => resolve());
      this.#socket.close();
    });
  }

  #receive(frame: Buffer): void {
    if (this.#calls.size > 0 && !isPush(frame)) {
      const { id, result, error } = JSON.parse(String(frame)) as Answer;
      const call = this.#calls.get(id);
      if (call !== undefined) {
        this.#calls.delete(id);
        if (error === undefined) call.resolve(result);
        else call.reject(new Error(error.message));
        return;
      }
    }
    if (frame.includes(ERROR)) throw new Error(`refused: ${String(frame)}`);
    this.onFrame(frame);
  }
}
