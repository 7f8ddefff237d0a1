/**
 * A hub of a few lines for the tests of the client: it keeps a log, answers what the client needs, writes down what it
 * was asked, and can be made to misbehave.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { DEFAULT_LIMITS, type Message } from '../../protocol/index.js';

export interface FakeRequest {
  readonly id: number | undefined;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly connection: FakeConnection;
}

interface Filter {
  readonly channels?: readonly string[];
  readonly topics?: readonly string[];
}

export class FakeConnection {
  readonly socket: WebSocket;
  agentId: string | undefined;
  filter: Filter | undefined;
  position = 0;
  /** Frames that may still leave before the connection is cut. */
  framesLeft = Number.POSITIVE_INFINITY;

  constructor(socket: WebSocket) {
    this.socket = socket;
  }

  send(frame: unknown): void {
    if (this.framesLeft <= 0) return;
    this.socket.send(JSON.stringify(frame));
    this.framesLeft -= 1;
    if (this.framesLeft === 0) this.cut();
  }

  answer(id: number | undefined, result: unknown): void {
    if (id !== undefined) this.send({ jsonrpc: '2.0', id, result });
  }

  refuse(id: number | undefined, code: string, message: string, details?: object): void {
    if (id !== undefined) this.send({ jsonrpc: '2.0', id, error: { code: -1, message, data: { code, details } } });
  }

  push(message: Message): void {
    const { channels } = this.filter ?? {};
    this.position = message.id;
    if (channels !== undefined && !channels.includes(message.channel)) return;
    this.send({ jsonrpc: '2.0', method: 'message', params: message });
  }

  /** Ends the connection as a cable does: after what was sent, without a word. */
  cut(): void {
    const { _socket } = this.socket as unknown as { _socket: { end(): void; destroySoon(): void } };
    _socket.destroySoon();
  }
}

export class FakeHub implements AsyncDisposable {
  readonly log: Message[] = [];
  readonly requests: FakeRequest[] = [];
  readonly connections = new Set<FakeConnection>();
  readonly posted = new Map<string, Message>();
  instanceId = 'mh1-first';
  sessionNumber = 0;
  /** Gets each request first; true means that it has been seen to. */
  onRequest: (request: FakeRequest) => boolean | undefined = () => undefined;
  onConnection: (connection: FakeConnection) => void = () => undefined;
  #server: Server | undefined;
  #port = 0;

  static async start(): Promise<FakeHub> {
    const hub = new FakeHub();
    await hub.start();
    return hub;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The requests of one method so far. */
  asked(method: string): FakeRequest[] {
    return this.requests.filter((request) => request.method === method);
  }

  /** Listens, on the same port as before. */
  async start(): Promise<void> {
    const server = createServer();
    new WebSocketServer({ server }).on('connection', (socket) => this.#connected(socket));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Cuts every connection and listens no more. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    for (const { socket } of this.connections) socket.terminate();
    await closed;
  }

  cut(): void {
    for (const connection of this.connections) connection.cut();
  }

  close(code: number, reason = ''): void {
    for (const { socket } of this.connections) socket.close(code, reason);
  }

  post(body: string, channel = 'general', from_agent = 'ben'): Message {
    const message: Message = {
      id: this.log.length + 1,
      ts: '2026-01-02T03:04:05Z',
      from_agent,
      to_agent: null,
      channel,
      kind: 'chat',
      body,
      attachments: [],
      reply_to: null,
      thread_id: null,
      metadata: {},
    };
    this.log.push(message);
    for (const connection of this.connections) if (connection.filter !== undefined) connection.push(message);
    return message;
  }

  /** Tells every connection that subscribed to `topic`. */
  announce(topic: string, change: string, value: unknown): void {
    for (const connection of this.connections) {
      if (connection.filter?.topics?.includes(topic)) {
        connection.send({ jsonrpc: '2.0', method: topic, params: { change, value, seq: 1 } });
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #connected(socket: WebSocket): void {
    const connection = new FakeConnection(socket);
    this.connections.add(connection);
    socket.on('close', () => this.connections.delete(connection));
    socket.on('error', () => undefined);
    socket.on('message', (data) => {
      const { id, method, params = {} } = JSON.parse(String(data)) as FakeRequest;
      const request = { id, method, params, connection };
      this.requests.push(request);
      if (this.onRequest(request) !== true) this.serve(request);
    });
    this.onConnection(connection);
  }

  serve({ id, method, params, connection }: FakeRequest): void {
    if (method === 'events.subscribe') this.#subscribe(id, params, connection);
    else if (method !== 'cancel' && method !== 'rpc.call')
      connection.answer(id, this.#result(method, params, connection));
  }

  #result(method: string, params: Readonly<Record<string, unknown>>, connection: FakeConnection): unknown {
    switch (method) {
      case 'hub.info':
        return { instance_id: this.instanceId, limits: DEFAULT_LIMITS };
      case 'sessions.open': {
        if (params.resume !== true) this.sessionNumber += 1;
        connection.agentId = String(params.agent_id);
        const session = { session_id: `s${this.sessionNumber}`, agent_id: params.agent_id, active: true };
        return { ...session, resumed: params.resume === true };
      }
      case 'sessions.close':
        return { session_id: params.session_id, deleted: true };
      case 'messages.post':
        return this.#store(String(params.idempotency_key), params);
      case 'events.unsubscribe':
        connection.filter = undefined;
        return { unsubscribed: ['s1'] };
      default:
        return null;
    }
  }

  #store(key: string, params: Readonly<Record<string, unknown>>): object {
    const known = this.posted.get(key);
    if (known !== undefined) return { ...known, deduplicated: true };
    const message = this.post(String(params.body), String(params.channel), String(params.from_agent));
    this.posted.set(key, message);
    return { ...message, deduplicated: false };
  }

  #subscribe(id: number | undefined, params: Readonly<Record<string, unknown>>, connection: FakeConnection): void {
    if (connection.filter !== undefined) {
      connection.refuse(id, 'conflict', 'this fake takes one subscription');
      return;
    }
    const since_id = typeof params.since_id === 'number' ? params.since_id : this.log.length;
    connection.filter = params as Filter;
    const latest_id = this.log.length;
    // Replay overtakes the answer, as the real hub may do it.
    for (const message of this.log.slice(since_id)) connection.push(message);
    connection.answer(id, { subscription: 's1', since_id, latest_id });
  }
}
