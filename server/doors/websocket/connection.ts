import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import {
  CLOSE_CODES,
  type CloseReason,
  HubError,
  OPERATIONS,
  type Operation,
  type Order,
  orderOf,
  type Topic,
} from '../../../protocol/index.js';
import { anybody, type Caller } from '../../access/caller.js';
import { encodeSession } from '../../domain/encode.js';
import type { Batch, PublishedChange, PublishedMessage } from '../../domain/feed.js';
import type { Hub, HubLog } from '../../domain/hub.js';
import { Outbox } from '../../domain/outbox.js';
import type { SessionRow } from '../../domain/rows.js';
import { parseJson } from '../../json.js';
import type { ConnectionPort, SubscriptionRequest } from '../../operations/context.js';
import type { Dispatcher } from '../../operations/dispatch.js';
import {
  errorFrame,
  idOf,
  messageFrame,
  notificationFrame,
  type RpcId,
  resultFrame,
  sameId,
  toRequest,
} from './rpc.js';
import { Sequencer } from './sequencer.js';
import { Subscriptions } from './subscriptions.js';

/** Requests of one connection that may be unanswered at a time; more are refused, and a flood of refusals ends it. */
const MAX_IN_FLIGHT = 10_000;
const MAX_REFUSALS = 10_000;

export interface ConnectionHost {
  readonly hub: Hub;
  readonly dispatcher: Dispatcher;
  readonly log: HubLog;
  readonly highWaterBytes: number;
  /** Joins all that one turn has for a socket into one write. */
  cork(socket: Socket): void;
  /** The connection now is this agent; older ones of the agent end. */
  bound(connection: Connection): void;
  unbound(connection: Connection): void;
}

/** One WebSocket: frames in, dispatched in order; answers and pushes out, bounded (websocket §2–§5). */
export class Connection implements ConnectionPort {
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #caller: Caller = anybody('websocket');
  readonly #subscriptions = new Subscriptions();
  readonly #waits = new Map<symbol, { id: RpcId; controller: AbortController }>();
  #outbox: Outbox | undefined;
  #session: SessionRow | undefined;
  #releasePresence: (() => void) | undefined;
  #disinterest: (() => void) | undefined;
  #seq = 0;
  #missed = new Set<Topic>();
  #inFlight = 0;
  #refusals = 0;
  readonly #sequencer = new Sequencer();
  #unansweredFrames = 0;
  #finishing = false;
  #closed = false;
  #acceptedBytes = 0;
  #stalledSinceMs: number | undefined;
  unansweredPings = 0;

  constructor(ws: WebSocket, socket: Socket, host: ConnectionHost) {
    this.#ws = ws;
    this.#socket = socket;
    this.#host = host;
    ws.on('message', (data, isBinary) => this.#receive(data, isBinary));
    ws.on('pong', () => {
      this.unansweredPings = 0;
    });
    ws.on('error', () => undefined); // a close with its code follows
    ws.on('close', () => this.#dispose());
    socket.on('drain', () => this.#drained());
  }

  get agent_id(): string | undefined {
    return this.#session?.agent_id;
  }
  get session(): SessionRow | undefined {
    return this.#session;
  }
  get session_id(): string | undefined {
    return this.#session?.session_id;
  }
  get subscriptionCount(): number {
    return this.#subscriptions.size;
  }
  /** Ids between the newest message and this reader. */
  lag(latestId: number): number {
    return this.#outbox === undefined ? 0 : Math.max(0, latestId - this.#outbox.position);
  }

  mayBind(agentId: string): void {
    if (this.agent_id !== undefined && this.agent_id !== agentId) {
      throw new HubError('conflict', `connection is bound to ${this.agent_id}`);
    }
  }

  bind(session: SessionRow): void {
    if (this.#closed) return;
    this.#session = session;
    this.#releasePresence ??= this.#host.hub.presence.hold(session.agent_id);
    this.#disinterest ??= this.#host.hub.feed.interest();
    this.#host.bound(this);
  }

  unbind(): void {
    this.#host.unbound(this);
    this.#releasePresence?.();
    this.#releasePresence = undefined;
    this.#session = undefined;
  }

  /** A newer session of the agent was opened by other means: it goes on under that one (websocket §4). */
  rebind(session: SessionRow): void {
    this.#session = session;
    this.#send(notificationFrame('session.replaced', encodeSession(session)));
  }

  /** Another connection took the agent over. */
  replace(session: SessionRow): void {
    this.#send(notificationFrame('session.replaced', encodeSession(session)));
    this.close('replaced');
  }

  subscribe(request: SubscriptionRequest) {
    const { store, feed } = this.#host.hub;
    const latest_id = store.latestId();
    const since_id = request.since_id ?? latest_id;
    const passed = this.#outbox?.position;
    if (request.since_id !== undefined && passed !== undefined && since_id < passed) {
      throw new HubError('conflict', `since_id is below ${passed}, which this connection has already passed`);
    }
    const subscription = this.#subscriptions.add(request, since_id);
    this.#disinterest ??= feed.interest();
    if (this.#outbox === undefined) {
      this.#outbox = this.#newOutbox(Math.min(since_id, latest_id));
      this.#outbox.start();
    }
    return { subscription, since_id, latest_id };
  }

  unsubscribe(subscription: string | undefined): string[] {
    const removed = this.#subscriptions.remove(subscription);
    if (this.#subscriptions.size === 0) {
      this.#outbox?.close();
      this.#outbox = undefined;
    }
    return removed;
  }

  /** What a commit added; called for every connection, so it does little for those that want nothing. */
  offer(batch: Batch): void {
    if (this.#closed) return;
    this.#outbox?.offer(batch);
    for (const { topic, change, value } of batch.changes) {
      if (!this.#subscriptions.topics.has(topic)) continue;
      if (this.writable) this.#send(notificationFrame(topic, { change, value, seq: ++this.#seq }));
      else this.#missed.add(topic);
    }
  }

  /** A change that everyone is told, subscribed or not: the hub goes down (websocket §10). */
  tell({ topic, change, value }: PublishedChange): void {
    if (this.#subscriptions.topics.has(topic)) return;
    this.#send(notificationFrame(topic, { change, value, seq: ++this.#seq }));
  }

  get writable(): boolean {
    return this.#socket.writableLength < this.#host.highWaterBytes;
  }

  ping(): void {
    this.unansweredPings++;
    this.#ws.ping();
  }

  get hasUnsent(): boolean {
    return this.#socket.writableLength > 0;
  }

  /** Milliseconds since the peer last took any byte of what waits for it. */
  stalledMs(nowMs: number): number {
    const accepted = this.#socket.bytesWritten - this.#socket.writableLength;
    if (!this.hasUnsent || accepted !== this.#acceptedBytes) this.#stalledSinceMs = undefined;
    this.#acceptedBytes = accepted;
    if (!this.hasUnsent) return 0;
    this.#stalledSinceMs ??= nowMs;
    return nowMs - this.#stalledSinceMs;
  }

  /** The hub goes down: takes nothing more, and closes once all that it took is answered (websocket §10). */
  finish(): void {
    this.#finishing = true;
    if (this.#unansweredFrames === 0) this.close('going_down');
  }

  close(reason: CloseReason): void {
    const { code, reason: text } = CLOSE_CODES[reason];
    this.#ws.close(code, text);
  }

  terminate(): void {
    this.#ws.terminate();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#finishing) return;
    if (isBinary) {
      this.close('binary');
      return;
    }
    let value: unknown;
    try {
      value = parseJson((data as Buffer).toString('utf8'), this.#host.hub.settings.limits.max_json_depth, EXACT_FROM);
    } catch (cause) {
      this.#send(errorFrame(null, cause));
      return;
    }
    this.#unansweredFrames++;
    void (Array.isArray(value) ? this.#serveBatch(value) : this.#serve(value)).then((answer) => {
      if (answer !== undefined) this.#send(answer);
      if (--this.#unansweredFrames === 0 && this.#finishing) this.close('going_down');
    });
  }

  async #serveBatch(values: unknown[]): Promise<string | undefined> {
    const { max_batch } = this.#host.hub.settings.limits;
    if (values.length === 0 || values.length > max_batch) {
      const text = values.length === 0 ? 'batch must not be empty' : `batch must have ${max_batch} requests or fewer`;
      return errorFrame(null, new HubError('invalid_request', text));
    }
    const answers = await Promise.all(values.map((value) => this.#serve(value)));
    const given = answers.filter((answer) => answer !== undefined);
    return given.length > 0 ? `[${given.join(',')}]` : undefined;
  }

  /** The answer's frame; undefined for a notification. Never rejects. */
  async #serve(value: unknown): Promise<string | undefined> {
    let id: RpcId | undefined = idOf(value);
    try {
      const request = toRequest(value);
      id = request.id;
      if (this.#inFlight >= MAX_IN_FLIGHT) throw this.#tooMany();
      this.#inFlight++;
      try {
        const result = await this.#execute(request.method, request.params, id ?? null);
        return id === undefined ? undefined : resultFrame(id, result);
      } finally {
        this.#inFlight--;
      }
    } catch (cause) {
      const error = HubError.from(cause);
      if (error.code === 'internal') this.#host.log.error({ err: error.cause ?? error }, 'operation failed');
      return id === undefined ? undefined : errorFrame(id, error);
    }
  }

  #execute(method: string, params: Record<string, unknown>, id: RpcId): Promise<unknown> {
    if (method === 'cancel') return this.#sequencer.run('start', async () => this.#cancel(params));
    const { dispatcher } = this.#host;
    if (!dispatcher.has(method)) throw new HubError('unknown_method', `unknown method: ${method}`);
    const run = async (signal: AbortSignal, effected?: () => void) => {
      const call = { caller: this.#caller, agent_id: this.agent_id, connection: this, signal, effected };
      return (await dispatcher.run(method, params, call)).result;
    };
    const operation: Operation = OPERATIONS[method];
    const order = orderOf(operation, params);
    if (operation.waits?.effect_first) {
      return this.#wait(id, (signal) => this.#untilEffected(order, (effected) => run(signal, effected)));
    }
    if (operation.waits) return this.#wait(id, (signal) => this.#sequencer.run(order, () => run(signal)));
    return this.#sequencer.run(order, () => run(NEVER));
  }

  /** In its turn like a write, which ends with the effect; its answer may come much later. */
  async #untilEffected(order: Order, run: (effected: () => void) => Promise<unknown>): Promise<unknown> {
    let running: Promise<unknown> | undefined;
    const effect = () =>
      new Promise<void>((resolve) => {
        running = run(resolve);
        running.then(
          () => resolve(),
          () => resolve(),
        );
      });
    await this.#sequencer.run(order, effect);
    return running;
  }

  async #wait(id: RpcId, run: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
    const key = Symbol();
    const controller = new AbortController();
    this.#waits.set(key, { id, controller });
    try {
      const result = await run(controller.signal);
      if (!controller.signal.aborted || !Array.isArray(result) || result.length > 0) return result;
      throw new HubError('timeout', 'cancelled', { cancelled: true });
    } finally {
      this.#waits.delete(key);
    }
  }

  #cancel(params: Record<string, unknown>): { cancelled: boolean } {
    let cancelled = false;
    for (const { id, controller } of this.#waits.values()) {
      if (!sameId(id, params.id ?? null)) continue;
      controller.abort();
      cancelled = true;
    }
    return { cancelled };
  }

  #newOutbox(sinceId: number): Outbox {
    const { hub, log } = this.#host;
    return new Outbox(
      hub.store,
      {
        wants: ({ row }) => this.#subscriptions.wants(row),
        narrow: () => this.#subscriptions.narrow(),
        send: (message: PublishedMessage) => {
          hub.pushes.add(1);
          this.#send(message.frame(messageFrame));
        },
        writable: () => this.writable,
        failed: (err) => {
          log.error({ err }, 'replay failed');
          this.terminate();
        },
      },
      sinceId,
    );
  }

  #send(frame: string | Buffer): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    this.#host.cork(this.#socket);
    this.#ws.send(frame, TEXT);
    // Answers are bounded too: who does not take them is not read from.
    if (!this.#ws.isPaused && !this.writable) this.#ws.pause();
  }

  #drained(): void {
    if (this.#closed) return;
    if (this.#ws.isPaused) this.#ws.resume();
    for (const topic of this.#missed) {
      this.#send(notificationFrame(topic, { change: 'resync', value: null, seq: ++this.#seq }));
    }
    this.#missed.clear();
    this.#outbox?.drained();
  }

  #tooMany(): HubError {
    if (++this.#refusals > MAX_REFUSALS) this.close('rate_limited');
    return new HubError('rate_limited', `more than ${MAX_IN_FLIGHT} requests are unanswered`, { retry_after_sec: 1 });
  }

  #dispose(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { controller } of this.#waits.values()) controller.abort();
    this.#outbox?.close();
    this.unbind();
    this.#disinterest?.();
  }
}

/** Below the members of `params`. */
const EXACT_FROM = 3;
const NEVER = new AbortController().signal;
const TEXT = { binary: false } as const;
