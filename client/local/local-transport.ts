import { type Clock, systemClock } from '../../base/clock.js';
import { deferred } from '../../base/deferred.js';
import { Emitter } from '../../base/emitter.js';
import { HubError, type Message, type Session, type Topic } from '../../protocol/index.js';
import { toChange } from '../changes.js';
import { within } from '../deadline.js';
import { findOperation } from '../operation-params.js';
import type {
  ClientEvents,
  ConnectionState,
  Feed,
  FeedRequest,
  FeedSink,
  SubscribedAt,
  Transport,
  TransportCallOptions,
} from '../transport.js';

/** A hub in this process, for one caller: what its local door gives. */
export interface LocalHub {
  readonly instance_id: string;
  connect(reader?: LocalReader): LocalConnection;
}

export interface LocalConnection {
  call(name: string, params: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<unknown>;
  /** The reader has room again. */
  resume(): void;
  close(): void;
}

export interface LocalReader {
  readonly hasRoom: boolean;
  message(message: unknown, chars: number): void;
  change(topic: Topic, params: unknown): void;
  ended(cause: HubError): void;
}

/** The way for a client in the hub's own process: no socket lies between, and nothing can be lost, so nothing is retried. */
export class LocalTransport implements Transport {
  readonly kind = 'local';
  readonly events = new Emitter<ClientEvents>();
  readonly closed: Promise<HubError | undefined>;
  readonly #closed = deferred<HubError | undefined>();
  readonly #hub: LocalHub;
  readonly #calls: LocalConnection;
  readonly #clock: Clock;
  readonly #over = new AbortController();
  readonly #feeds = new Set<LocalFeed>();
  #state: ConnectionState = 'open';

  constructor(hub: LocalHub, { clock = systemClock }: { readonly clock?: Clock | undefined } = {}) {
    this.#hub = hub;
    this.#calls = hub.connect();
    this.#clock = clock;
    this.closed = this.#closed.promise;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get instanceId(): string {
    return this.#hub.instance_id;
  }

  async call(name: string, params: Readonly<Record<string, unknown>>, options: TransportCallOptions): Promise<unknown> {
    const deadline = { ...options, clock: this.#clock, over: this.#over.signal };
    const result = await within(name, deadline, (giveUp) => {
      const refused = deferred<never>();
      giveUp.addEventListener('abort', () => refused.reject(giveUp.reason));
      // A wait is ended at the hub too; what is not awaited any more is done all the same.
      return Promise.race([this.#calls.call(name, params, giveUp), refused.promise]);
    });
    if (findOperation(name)?.session === 'opens') {
      this.events.emit('session', { session: result as Session, resumed: false });
    }
    return result;
  }

  subscribe(request: FeedRequest, sink: FeedSink): Feed {
    const feed = new LocalFeed(this.#hub, sink, () => this.#feeds.delete(feed));
    this.#feeds.add(feed);
    void feed.start(request);
    return feed;
  }

  async close(): Promise<void> {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    await Promise.all([...this.#feeds].map((feed) => feed.close()));
    this.#state = 'closed';
    this.events.emit('state', { state: 'closed' });
    this.#closed.resolve(undefined);
  }
}

/** One subscription, on a connection of its own, as the hub pushes a message once per connection. */
class LocalFeed implements Feed {
  readonly #sink: FeedSink;
  readonly #onClose: () => void;
  readonly #connection: LocalConnection;
  readonly #over = new AbortController();

  constructor(hub: LocalHub, sink: FeedSink, onClose: () => void) {
    this.#sink = sink;
    this.#onClose = onClose;
    this.#connection = hub.connect({
      get hasRoom() {
        return sink.hasRoom;
      },
      // The hub's own door: its output is not parsed again.
      message: (message, chars) => sink.message(message as Message, chars),
      change: (topic, params) => {
        const change = toChange(topic, params);
        if (change !== undefined) sink.change(change);
      },
      ended: (cause) => this.#finish(cause),
    });
  }

  async start(request: FeedRequest): Promise<void> {
    try {
      const answer = await this.#connection.call('events.subscribe', { ...request }, this.#over.signal);
      const { since_id, latest_id } = answer as SubscribedAt;
      this.#sink.ready({ since_id, latest_id });
    } catch (cause) {
      this.#finish(HubError.from(cause));
    }
  }

  resume(): void {
    this.#connection.resume();
  }

  async close(): Promise<void> {
    this.#finish();
  }

  #finish(error?: HubError): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#connection.close();
    this.#onClose();
    this.#sink.end(error);
  }
}
