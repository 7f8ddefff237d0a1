import { once } from 'node:events';
import { WebSocket } from 'ws';

export interface Notification<Params = unknown> {
  method: string;
  params: Params;
  /** When it arrived, as milliseconds since 1970 with fractions. */
  at_ms: number;
}

/** What a `message` notification or a topic's notification holds (websocket §5). */
export interface TopicChange {
  change: string;
  value: Record<string, unknown> | null;
  seq: number;
}

export class RpcFailure extends Error {
  readonly code: number;
  readonly data: { code: string; status: number; details?: unknown };
  constructor(error: { code: number; message: string; data: RpcFailure['data'] }) {
    super(error.message);
    this.code = error.code;
    this.data = error.data;
  }
}

/** The clock that notifications are stamped by: comparable with the wall clock of another process. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** A bare JSON-RPC client on the hub's WebSocket door, without any of the comforts of the real client. */
export class RawSocket implements AsyncDisposable {
  readonly socket: WebSocket;
  /** All notifications so far, in the order in which they came. */
  readonly notifications: Notification[] = [];
  readonly #pending = new Map<number, { resolve: (value: never) => void; reject: (cause: Error) => void }>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => this.#read(String(data)));
    socket.on('error', () => {}); // followed by `close`, which rejects what is pending
    socket.once('close', (code) => {
      for (const { reject } of this.#pending.values()) reject(new Error(`the connection was closed with ${code}`));
      this.#pending.clear();
    });
  }

  /** Connects to `hub.wsUrl`, and binds the connection to the agent if one is named. */
  static async open(wsUrl: string, agent_id?: string): Promise<RawSocket> {
    const socket = new WebSocket(wsUrl, 'arc.v1');
    const raw = new RawSocket(socket);
    await once(socket, 'open');
    if (agent_id !== undefined) await raw.call('sessions.open', { agent_id, replace: true });
    return raw;
  }

  /** Sends a request; rejects with `RpcFailure`, or with another error when the connection ends first. */
  call<Result = Record<string, unknown>>(method: string, params: object = {}): Promise<Result> {
    const id = ++this.#lastId;
    return new Promise<Result>((resolve, reject) => {
      if (this.socket.readyState !== WebSocket.OPEN) return reject(new Error('the connection is closed'));
      this.#pending.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  /** The notifications of one method (`message`, or a topic). */
  received<Params>(method: string): Notification<Params>[] {
    return this.notifications.filter((each) => each.method === method) as Notification<Params>[];
  }

  #read(text: string): void {
    const at_ms = nowMs();
    const frame = JSON.parse(text);
    if (frame.method !== undefined) {
      this.notifications.push({ method: frame.method, params: frame.params, at_ms });
      return;
    }
    const waiting = this.#pending.get(frame.id);
    this.#pending.delete(frame.id);
    if (frame.error === undefined) waiting?.resolve(frame.result as never);
    else waiting?.reject(new RpcFailure(frame.error));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.close();
    await once(this.socket, 'close');
  }
}
