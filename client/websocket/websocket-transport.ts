import { BackOff, type BackOffOptions } from '../../base/back-off.js';
import { type Clock, systemClock } from '../../base/clock.js';
import { deferred } from '../../base/deferred.js';
import { Emitter } from '../../base/emitter.js';
import { type HubError, type Limits, requestCapBytes, type Session, WEBSOCKET_PATH } from '../../protocol/index.js';
import { type AccessOptions, findAccess } from '../access.js';
import { hubAddress } from '../base-url.js';
import { toChange } from '../changes.js';
import { clientClosed } from '../failures.js';
import { findOperation } from '../operation-params.js';
import type {
  ClientEvents,
  ConnectionState,
  Feed,
  FeedRequest,
  FeedSink,
  StateChange,
  Transport,
  TransportCallOptions,
} from '../transport.js';
import { Link, type LinkOwner } from './link.js';
import { openSocket, type SocketFactory } from './socket.js';
import { WebSocketFeed } from './websocket-feed.js';

const GREETING_MS = 10_000;

/** How the agent signs in, in the words of `sessions.open` (arc-v1 §4.1, websocket §4). */
export type SessionParams = {
  readonly agent_id: string;
  readonly display_name?: string | undefined;
  readonly capabilities?: readonly string[] | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly replace?: boolean | undefined;
  readonly resume?: boolean | undefined;
};

export interface WebSocketOptions extends AccessOptions {
  readonly backOff?: BackOffOptions | undefined;
  /** Keeps trying while the hub has never been reached (default: the first failure ends it). */
  readonly waitForHub?: boolean | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
  readonly openSocket?: SocketFactory | undefined;
}

/** What the client reads of `hub.info` when it greets a hub. */
interface Greeting {
  readonly instance_id: string;
  readonly limits: Limits;
}

/**
 * The native door. The main link is bound to the agent and carries every call, and the first subscription; each further
 * subscription has a link of its own, because the hub pushes a message once per connection and not once per subscription.
 */
export class WebSocketTransport implements Transport {
  readonly kind = 'websocket';
  readonly events = new Emitter<ClientEvents>();
  readonly closed: Promise<HubError | undefined>;
  /** Resolves when the hub has been greeted for the first time; rejects when there will be no such time. */
  readonly ready: Promise<void>;
  readonly #ready = deferred<void>();
  readonly #closed = deferred<HubError | undefined>();
  readonly #options: WebSocketOptions;
  readonly #main: Link;
  readonly #feeds = new Set<WebSocketFeed>();
  #mainFeed: WebSocketFeed | undefined;
  #session: SessionParams | undefined;
  #sessionId: string | undefined;
  #greeted = false;
  #state: ConnectionState = 'connecting';
  #instanceId: string | undefined;
  #frameCapBytes: number | undefined;

  /** @param session who signs in; undefined observes */
  constructor(session: SessionParams | undefined, options: WebSocketOptions = {}) {
    this.#session = session;
    this.#options = options;
    // What is no address is refused at once.
    hubAddress('ws', options.baseUrl);
    this.closed = this.#closed.promise;
    this.ready = this.#ready.promise;
    this.ready.catch(() => undefined);
    this.#main = this.#link(this.#mainOwner(), options.waitForHub === true);
    this.#main.start();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get instanceId(): string | undefined {
    return this.#instanceId;
  }

  async call(name: string, params: Readonly<Record<string, unknown>>, options: TransportCallOptions): Promise<unknown> {
    const result = await this.#main.call(name, params, options);
    const changed = findOperation(name)?.session;
    if (changed === 'opens') this.#signedIn(params, result as Session, false);
    // Who has signed out is not signed in again by a reconnect.
    if (changed === 'closes' && params.session_id === this.#sessionId) this.#session = undefined;
    return result;
  }

  subscribe(request: FeedRequest, sink: FeedSink): Feed {
    return this.#mainFeed === undefined ? this.#onMainLink(request, sink) : this.#onOwnLink(request, sink);
  }

  async close(): Promise<void> {
    this.#main.close();
  }

  #mainOwner(): LinkOwner {
    return {
      greet: () => this.#greet(() => this.#main, true),
      opened: () => {
        this.#ready.resolve();
        this.#mainFeed?.opened(this.#instanceId);
      },
      lost: () => this.#mainFeed?.lost(),
      notification: (method, params, chars) => this.#notification(method, params, chars),
      changed: (change) => this.#changed(change),
      ended: (error) => {
        for (const feed of [...this.#feeds]) feed.end(error);
        this.#ready.reject(error ?? clientClosed());
        this.#closed.resolve(error);
      },
    };
  }

  #onMainLink(request: FeedRequest, sink: FeedSink): Feed {
    const feed = new WebSocketFeed(this.#main, request, sink, async () => {
      this.#feeds.delete(feed);
      // The place is free only when nothing of this feed can arrive any more.
      if (this.#main.isOpen) {
        await this.#main.callOnce('events.unsubscribe', {}, GREETING_MS).catch(() => this.#main.reopen());
      }
      this.#mainFeed = undefined;
    });
    this.#mainFeed = feed;
    this.#feeds.add(feed);
    if (this.#main.isOver) queueMicrotask(() => feed.end(clientClosed()));
    // At once, so that it begins before whatever the caller asks next.
    else if (this.#main.isOpen) feed.opened(this.#instanceId);
    return feed;
  }

  #onOwnLink(request: FeedRequest, sink: FeedSink): Feed {
    const link: Link = this.#link(
      {
        greet: () => this.#greet(() => link, false),
        opened: () => feed.opened(this.#instanceId),
        lost: () => feed.lost(),
        notification: (method, params, chars) => feed.notification(method, params, chars),
        changed: () => undefined,
        ended: (error) => feed.end(error),
      },
      true,
    );
    const feed = new WebSocketFeed(link, request, sink, async () => {
      this.#feeds.delete(feed);
      link.close();
    });
    this.#feeds.add(feed);
    if (this.#main.isOver) queueMicrotask(() => feed.end(clientClosed()));
    else link.start();
    return feed;
  }

  #link(owner: LinkOwner, persistent: boolean): Link {
    const { clock = systemClock, backOff, random } = this.#options;
    return new Link(owner, {
      target: async () => {
        const access = await findAccess(this.#options, this.#session?.agent_id);
        return { url: hubAddress('ws', access.baseUrl) + WEBSOCKET_PATH, access };
      },
      clock,
      backOff: new BackOff(backOff, random),
      openSocket: this.#options.openSocket ?? openSocket,
      persistent,
      frameCapBytes: () => this.#frameCapBytes,
    });
  }

  /** Signs in (on the main link) and learns which hub this is, in one round trip. */
  async #greet(link: () => Link, bind: boolean): Promise<void> {
    const session = this.#session;
    const info = link().callOnce('hub.info', {}, GREETING_MS) as Promise<Greeting>;
    if (bind && session !== undefined) {
      info.catch(() => undefined);
      // A connection that comes back takes up its session, with the claims and locks that hang on it.
      const params = this.#greeted ? { ...session, replace: undefined, resume: true } : session;
      const opened = (await link().callOnce('sessions.open', params, GREETING_MS)) as Session & { resumed?: boolean };
      this.#signedIn(session, opened, opened.resumed === true);
    }
    const { instance_id, limits } = await info;
    this.#frameCapBytes = requestCapBytes(limits);
    const previous = this.#instanceId;
    this.#instanceId = instance_id;
    if (previous !== undefined && previous !== instance_id) {
      this.events.emit('instance', { previous, current: instance_id });
    }
  }

  #signedIn(params: Readonly<Record<string, unknown>>, session: Session, resumed: boolean): void {
    this.#greeted = true;
    const { idempotency_key: _, ...again } = params;
    this.#session = { ...again, agent_id: session.agent_id };
    this.#sessionId = session.session_id;
    this.events.emit('session', { session, resumed });
  }

  #notification(method: string, params: unknown, chars: number): void {
    if (method === 'session.replaced') {
      // Somebody signed in as this agent by another door; the connection stays, bound to the new session (websocket §4).
      const session = params as Session;
      this.#sessionId = session.session_id;
      this.events.emit('session', { session, resumed: false });
      return;
    }
    if (method === 'hub') {
      const change = toChange('hub', params);
      if (change !== undefined) this.events.emit('hub', change);
    }
    this.#mainFeed?.notification(method, params, chars);
  }

  #changed(change: StateChange): void {
    this.#state = change.state;
    this.events.emit('state', change);
  }
}
