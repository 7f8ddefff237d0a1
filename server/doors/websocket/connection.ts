import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { onAbort } from '../../../base/abort.js';
import { type CloseReason, HubError } from '../../../protocol/index.js';
import { type Guards, isStrangerTo } from '../../access/authorize.js';
import type { Caller } from '../../access/caller.js';
import { encodeSession } from '../../domain/encode.js';
import type { PublishedChange } from '../../domain/feed.js';
import type { Hub, HubLog } from '../../domain/hub.js';
import type { SessionRow } from '../../domain/rows.js';
import { parseJson } from '../../json.js';
import type { ConnectionPort, SubscriberPort, SubscriptionRequest } from '../../operations/context.js';
import type { Dispatcher } from '../../operations/dispatch.js';
import { Reader, type ReaderPort } from './reader.js';
import { Requests } from './requests.js';
import { errorFrame, messageFrame, notificationFrame } from './rpc.js';
import { FrameSocket, type SocketHost } from './socket.js';

export interface ConnectionHost extends SocketHost {
  readonly hub: Hub;
  readonly dispatcher: Dispatcher;
  readonly log: HubLog;
  /** The connection now is this agent; older ones of the agent end. */
  bound(connection: Connection): void;
  unbound(connection: Connection): void;
}

/** One WebSocket: whom it is bound to, what it asks and what it is told (websocket §2–§5). */
export class Connection implements ConnectionPort, SubscriberPort {
  readonly #host: ConnectionHost;
  readonly #socket: FrameSocket;
  readonly #caller: Caller;
  readonly #requests: Requests;
  readonly #reader: Reader;
  #session: SessionRow | undefined;
  #releasePresence: (() => void) | undefined;
  #disinterest: (() => void) | undefined;
  readonly #forgetGrant: () => void;
  #unansweredFrames = 0;
  #finishing = false;

  constructor(ws: WebSocket, socket: Socket, host: ConnectionHost, caller: Caller) {
    const { hub, dispatcher, log } = host;
    this.#host = host;
    this.#caller = caller;
    this.#socket = new FrameSocket(ws, socket, host, {
      received: (data, isBinary) => this.#receive(data, isBinary),
      drained: () => this.#reader.drained(),
      closed: () => this.#dispose(),
    });
    this.#requests = new Requests(dispatcher, log, caller, this, hub.settings.limits.max_batch);
    this.#reader = new Reader(hub, log, caller, portOf(this.#socket));
    this.#forgetGrant = onAbort(caller.grant?.ended, () => this.close('unauthorized'));
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
    return this.#reader.subscriptionCount;
  }
  lag(latestId: number): number {
    return this.#reader.lag(latestId);
  }

  mayBind(agentId: string): void {
    if (this.agent_id !== undefined && this.agent_id !== agentId) {
      throw new HubError('conflict', `connection is bound to ${this.agent_id}`);
    }
  }

  bind(session: SessionRow): void {
    if (this.#socket.closed) return;
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
    this.#socket.send(notificationFrame('session.replaced', encodeSession(session)));
  }

  /** Another connection took the agent over. */
  replace(session: SessionRow): void {
    this.#socket.send(notificationFrame('session.replaced', encodeSession(session)));
    this.close('replaced');
  }

  subscribe(request: SubscriptionRequest, ended: () => void) {
    // Its cursor was looked up, and the peer left meanwhile.
    if (this.#socket.closed) throw new HubError('unavailable', 'the connection is closed');
    const subscribed = this.#reader.subscribe(request, ended);
    this.#disinterest ??= this.#host.hub.feed.interest();
    return subscribed;
  }

  unsubscribe(subscription: string | undefined): string[] {
    return this.#reader.unsubscribe(subscription);
  }

  /** A change that everyone is told, subscribed or not: the hub goes down (websocket §10). */
  tell(change: PublishedChange): void {
    this.#reader.tell(change);
  }

  /** The time for a sign of life has come. */
  beat(nowMs: number, stallMs: number): void {
    this.#socket.beat(nowMs, stallMs);
  }

  /** The hub goes down: takes nothing more, and closes once all that it took is answered (websocket §10). */
  finish(): void {
    this.#finishing = true;
    if (this.#unansweredFrames === 0) this.close('going_down');
  }

  close(reason: CloseReason): void {
    this.#socket.close(reason);
  }

  /** A name has got a token: whoever goes by it and has shown none must go. */
  guard(guarded: Guards): void {
    if (isStrangerTo(this.agent_id, this.#caller, guarded) || this.#reader.isStranger(guarded)) {
      this.close('unauthorized');
    }
  }

  flooded(): void {
    this.close('rate_limited');
  }

  terminate(): void {
    this.#socket.terminate();
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
      this.#socket.send(errorFrame(null, cause));
      return;
    }
    this.#unansweredFrames++;
    void this.#requests.answer(value).then((answer) => {
      if (answer !== undefined) this.#socket.send(answer);
      if (--this.#unansweredFrames === 0 && this.#finishing) this.close('going_down');
    });
  }

  #dispose(): void {
    this.#forgetGrant();
    this.#requests.abort();
    this.#reader.close();
    this.unbind();
    this.#disinterest?.();
  }
}

/** What is pushed, as frames. */
const portOf = (socket: FrameSocket): ReaderPort => ({
  get writable() {
    return socket.writable;
  },
  message: (message) => socket.send(message.frame(messageFrame)),
  change: (topic, params) => socket.send(notificationFrame(topic, params)),
  failed: () => socket.terminate(),
});

/** Below the members of `params`. */
const EXACT_FROM = 3;
