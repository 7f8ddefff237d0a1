import { BackOff, type BackOffOptions } from '../../base/back-off.js';
import { type Clock, rest, systemClock } from '../../base/clock.js';
import { deferred } from '../../base/deferred.js';
import { Emitter } from '../../base/emitter.js';
import { HubError, type Session } from '../../protocol/index.js';
import { hubAddress } from '../base-url.js';
import { within } from '../deadline.js';
import { connectionError } from '../failures.js';
import { LongPollFeed } from '../long-poll-feed.js';
import { findOperation } from '../operation-params.js';
import type {
  ClientEvents,
  ConnectionState,
  Feed,
  FeedRequest,
  FeedSink,
  Transport,
  TransportCallOptions,
} from '../transport.js';
import { type RestAnswer, readAnswer } from './rest-answer.js';
import { type RestRequest, toRestRequest } from './rest-request.js';

export interface HttpOptions {
  /** `http://` or `https://`, with or without a slash at the end. */
  readonly baseUrl?: string | undefined;
  readonly backOff?: BackOffOptions | undefined;
  /** Retries while the hub has never been reached (default: the first failure to connect is the answer). */
  readonly waitForHub?: boolean | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
  readonly fetch?: typeof fetch | undefined;
}

/** The compatibility door: each call is one REST request, repeated while the connection fails. */
export class HttpTransport implements Transport {
  readonly kind = 'http';
  readonly events = new Emitter<ClientEvents>();
  readonly closed: Promise<HubError | undefined>;
  readonly #closed = deferred<HubError | undefined>();
  readonly #baseUrl: string;
  readonly #options: HttpOptions;
  readonly #clock: Clock;
  readonly #fetch: typeof fetch;
  readonly #over = new AbortController();
  readonly #feeds = new Set<LongPollFeed>();
  #state: ConnectionState = 'connecting';
  #instanceId: string | undefined;
  #reached = false;

  constructor(options: HttpOptions = {}) {
    this.#options = options;
    this.#baseUrl = hubAddress('http', options.baseUrl);
    this.#clock = options.clock ?? systemClock;
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
    this.closed = this.#closed.promise;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get instanceId(): string | undefined {
    return this.#instanceId;
  }

  async call(name: string, params: Readonly<Record<string, unknown>>, options: TransportCallOptions): Promise<unknown> {
    const operation = findOperation(name);
    if (operation === undefined) throw new HubError('unknown_method', `unknown method: ${name}`);
    const request = toRestRequest(operation, params);
    const result = readAnswer(operation, await this.#exchange(name, request, options));
    if (operation.session === 'opens') this.events.emit('session', { session: result as Session, resumed: false });
    return result;
  }

  /**
   * Chained long-polls rather than the event stream: the hub answers either within a commit, but a poll asks only when
   * the reader has room, says where it stands each time, keeps the agent present, and works the same over a relay.
   */
  subscribe(request: FeedRequest, sink: FeedSink): Feed {
    const feed = new LongPollFeed(this, request, sink, {
      clock: this.#clock,
      backOff: new BackOff(this.#options.backOff, this.#options.random),
      onClose: () => this.#feeds.delete(feed),
    });
    this.#feeds.add(feed);
    feed.start();
    return feed;
  }

  async close(): Promise<void> {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    await Promise.all([...this.#feeds].map((feed) => feed.close()));
    this.#become('closed');
    this.#closed.resolve(undefined);
  }

  #exchange(name: string, request: RestRequest, options: TransportCallOptions): Promise<RestAnswer> {
    const deadline = { ...options, clock: this.#clock, over: this.#over.signal };
    return within(name, deadline, async (giveUp) => {
      const backOff = new BackOff(this.#options.backOff, this.#options.random);
      while (true) {
        try {
          return await this.#once(request, giveUp);
        } catch (cause) {
          if (giveUp.aborted) throw giveUp.reason;
          const error = connectionError(cause);
          if (!this.#reached && this.#options.waitForHub !== true) throw error;
          const delayMs = backOff.next();
          this.#become(this.#reached ? 'reconnecting' : 'connecting', error, delayMs);
          await rest(this.#clock, delayMs, giveUp);
          if (giveUp.aborted) throw giveUp.reason;
        }
      }
    });
  }

  async #once({ method, path, headers, body }: RestRequest, signal: AbortSignal): Promise<RestAnswer> {
    const init: RequestInit = { method, headers: { ...headers }, signal, redirect: 'error' };
    if (body !== undefined) init.body = body;
    const response = await this.#fetch(this.#baseUrl + path, init);
    const text = await response.text();
    this.#answered(response.headers.get('X-Arc-Instance'));
    const retryAfter = Number(response.headers.get('Retry-After') ?? Number.NaN);
    return {
      status: response.status,
      text,
      code: response.headers.get('X-Arc-Error') ?? undefined,
      details: response.headers.get('X-Arc-Details') ?? undefined,
      retryAfterSec: Number.isFinite(retryAfter) ? retryAfter : undefined,
    };
  }

  #answered(instanceId: string | null): void {
    this.#reached = true;
    const previous = this.#instanceId;
    if (instanceId !== null) this.#instanceId = instanceId;
    if (this.#state !== 'open') this.#become('open');
    if (instanceId !== null && previous !== undefined && previous !== instanceId) {
      this.events.emit('instance', { previous, current: instanceId });
    }
  }

  #become(state: ConnectionState, error?: HubError, delayMs?: number): void {
    if (this.#state === 'closed') return;
    this.#state = state;
    this.events.emit('state', { state, error, delayMs });
  }
}
