import { BackOff } from '../../base/back-off.js';
import { type Clock, systemClock } from '../../base/clock.js';
import { deferred } from '../../base/deferred.js';
import { Emitter } from '../../base/emitter.js';
import { DEFAULT_SPOOL_DIR, HubError, type Session } from '../../protocol/index.js';
import { within } from '../deadline.js';
import { readAnswer } from '../http/rest-answer.js';
import { toRestRequest } from '../http/rest-request.js';
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
import type { SpoolDoor } from './spool-door.js';

export interface RelayOptions {
  /** Folder that the hub serves (default `.arc-relay`); `~` is expanded. */
  readonly spoolDir?: string | undefined;
  readonly clock?: Clock | undefined;
}

/** The folder of somebody who reads and does not say who it is. */
const OBSERVER = 'observer';
/** A relay answers a wait after no more than this (arc-v1 §7.6); a longer one is asked for piece by piece. */
const LONGEST_WAIT_SEC = 25;
const EARLY_MS = 500;

/** The door for those who can only write files: each call is a request file and waits for its answer (arc-v1 §7). */
export class RelayTransport implements Transport {
  readonly kind = 'relay';
  readonly events = new Emitter<ClientEvents>();
  readonly closed: Promise<HubError | undefined>;
  readonly #closed = deferred<HubError | undefined>();
  readonly #agentId: string;
  readonly #spoolDir: string;
  readonly #clock: Clock;
  readonly #over = new AbortController();
  readonly #feeds = new Set<LongPollFeed>();
  #door: Promise<SpoolDoor> | undefined;
  #state: ConnectionState = 'connecting';
  #instanceId: string | undefined;

  constructor(agentId: string | undefined, { spoolDir = DEFAULT_SPOOL_DIR, clock = systemClock }: RelayOptions = {}) {
    this.#agentId = agentId ?? OBSERVER;
    this.#spoolDir = spoolDir;
    this.#clock = clock;
    this.closed = this.#closed.promise;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get instanceId(): string | undefined {
    return this.#instanceId;
  }

  async call(name: string, params: Readonly<Record<string, unknown>>, options: TransportCallOptions): Promise<unknown> {
    const { timeout } = params;
    if (typeof timeout !== 'number' || timeout <= LONGEST_WAIT_SEC) return this.#once(name, params, options);
    const endMs = this.#clock.monotonicMs() + timeout * 1_000;
    const giveUpMs = this.#clock.monotonicMs() + options.timeoutMs;
    for (;;) {
      const askedMs = this.#clock.monotonicMs();
      const pieceMs = Math.max(0, Math.min(LONGEST_WAIT_SEC * 1_000, endMs - askedMs));
      const piece = { ...params, timeout: pieceMs / 1_000 };
      const result = await this.#once(name, piece, { ...options, timeoutMs: giveUpMs - askedMs });
      if (!Array.isArray(result) || result.length > 0) return result;
      // An empty answer before its time is the hub's last word: it is going down.
      const nowMs = this.#clock.monotonicMs();
      if (nowMs >= endMs || nowMs - askedMs < pieceMs - EARLY_MS) return result;
    }
  }

  subscribe(request: FeedRequest, sink: FeedSink): Feed {
    const feed = new LongPollFeed(this, request, sink, {
      clock: this.#clock,
      backOff: new BackOff(),
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
    (await this.#door?.catch(() => undefined))?.close();
    this.#become('closed');
    this.#closed.resolve(undefined);
  }

  async #once(name: string, params: Readonly<Record<string, unknown>>, options: TransportCallOptions) {
    const operation = findOperation(name);
    if (operation === undefined) throw new HubError('unknown_method', `unknown method: ${name}`);
    const result = readAnswer(operation, await this.#exchange(name, toRestRequest(operation, params), options));
    if (operation.session === 'opens') this.events.emit('session', { session: result as Session, resumed: false });
    return result;
  }

  async #exchange(name: string, request: ReturnType<typeof toRestRequest>, options: TransportCallOptions) {
    const { SpoolDoor, noAnswer } = await import('./spool-door.js');
    const deadline = { ...options, clock: this.#clock, over: this.#over.signal, late: noAnswer };
    return within(name, deadline, async (giveUp) => {
      this.#door ??= Promise.resolve().then(() => new SpoolDoor(this.#spoolDir, this.#agentId));
      const door = await this.#door;
      try {
        const answer = await door.exchange(request, giveUp);
        this.#answered(await door.instanceId());
        return answer;
      } catch (cause) {
        const error = HubError.from(cause);
        if (!this.#over.signal.aborted && error.details?.cancelled !== true) this.#become('reconnecting', error);
        throw error;
      }
    });
  }

  #answered(instanceId: string | undefined): void {
    const previous = this.#instanceId;
    if (instanceId !== undefined) this.#instanceId = instanceId;
    if (this.#state !== 'open') this.#become('open');
    if (instanceId !== undefined && previous !== undefined && previous !== instanceId) {
      this.events.emit('instance', { previous, current: instanceId });
    }
  }

  #become(state: ConnectionState, error?: HubError): void {
    if (this.#state === 'closed') return;
    this.#state = state;
    this.events.emit('state', { state, error });
  }
}
