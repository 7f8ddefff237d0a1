import { BackOff, type BackOffOptions } from '../../base/back-off.js';
import { type Clock, rest, systemClock } from '../../base/clock.js';
import { deferred } from '../../base/deferred.js';
import { Emitter } from '../../base/emitter.js';
import { ERROR_CODES, HubError, type Session } from '../../protocol/index.js';
import { type AccessOptions, findAccess, needsOwnConnection } from '../access.js';
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

export interface HttpOptions extends AccessOptions {
  readonly backOff?: BackOffOptions | undefined;
  /** Retries while the hub has never been reached (default: the first failure to connect is the answer). */
  readonly waitForHub?: boolean | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
  /** Carries the requests instead, in whatever way; then nothing is looked up that is not given here. */
  readonly fetch?: typeof fetch | undefined;
}

/** How the requests travel. */
interface Route {
  readonly baseUrl: string;
  readonly token: string | undefined;
  readonly fetch: typeof fetch;
  close(): Promise<void>;
}

/** The compatibility door: each call is one REST request, repeated while the connection fails. */
export class HttpTransport implements Transport {
  readonly kind = 'http';
  readonly events = new Emitter<ClientEvents>();
  readonly closed: Promise<HubError | undefined>;
  readonly #closed = deferred<HubError | undefined>();
  readonly #options: HttpOptions;
  readonly #agentId: string | undefined;
  readonly #clock: Clock;
  readonly #over = new AbortController();
  readonly #feeds = new Set<LongPollFeed>();
  #state: ConnectionState = 'connecting';
  #instanceId: string | undefined;
  #reached = false;
  #route: Promise<Route> | undefined;

  /** @param agentId whose token is looked for, where none is given */
  constructor(options: HttpOptions = {}, agentId?: string) {
    this.#options = options;
    this.#agentId = agentId;
    // What is no address is refused at once.
    hubAddress('http', options.baseUrl);
    this.#clock = options.clock ?? systemClock;
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
    await this.#forgetRoute();
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
          if (!ERROR_CODES[error.code].retry) throw error;
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
    this.#route ??= this.#findRoute();
    const route = await this.#route.catch((cause: unknown) => {
      this.#route = undefined;
      throw cause;
    });
    const authorization = route.token === undefined ? undefined : { Authorization: `Bearer ${route.token}` };
    const init: RequestInit = { method, headers: { ...headers, ...authorization }, signal, redirect: 'error' };
    if (body !== undefined) init.body = body;
    const response = await route.fetch(route.baseUrl + path, init);
    const text = await response.text();
    // There may be another token by the next call.
    if (response.status === 401) void this.#forgetRoute();
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

  async #findRoute(): Promise<Route> {
    const { fetch: given, baseUrl, token } = this.#options;
    const none = async () => undefined;
    if (given !== undefined) return { baseUrl: hubAddress('http', baseUrl), token, fetch: given, close: none };
    const access = await findAccess(this.#options, this.#agentId);
    const route = { baseUrl: hubAddress('http', access.baseUrl), token: access.token };
    if (!needsOwnConnection(access)) return { ...route, fetch: (url, init) => fetch(url, init), close: none };
    const { fetchOver } = await import('../net/fetch.js');
    return { ...route, ...fetchOver(access) };
  }

  async #forgetRoute(): Promise<void> {
    const route = this.#route?.catch(() => undefined);
    this.#route = undefined;
    await (await route)?.close();
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
