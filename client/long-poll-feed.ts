/**
 * A subscription by chained long-polls of `events.list`, for transports on which the hub cannot push. It asks only when
 * the sink has room, so a slow reader costs the hub nothing and needs no buffer of its own.
 */

import type { BackOff } from '../base/back-off.js';
import { type Clock, rest } from '../base/clock.js';
import { type Bootstrap, type Cursor, ERROR_CODES, HubError, type Message } from '../protocol/index.js';
import type { Feed, FeedRequest, FeedSink, Transport } from './transport.js';

/** Below what a relay lets one request wait (arc-v1 §7.6). */
const WAIT_SEC = 25;
const SPARE_MS = 5_000;
const PAGE = 500;

export interface LongPollOptions {
  readonly clock: Clock;
  readonly backOff: BackOff;
  readonly onClose: () => void;
}

export class LongPollFeed implements Feed {
  readonly #transport: Pick<Transport, 'call' | 'instanceId'>;
  readonly #request: FeedRequest;
  readonly #sink: FeedSink;
  readonly #options: LongPollOptions;
  readonly #over = new AbortController();
  #roomMade: (() => void) | undefined;

  constructor(
    transport: Pick<Transport, 'call' | 'instanceId'>,
    request: FeedRequest,
    sink: FeedSink,
    options: LongPollOptions,
  ) {
    this.#transport = transport;
    this.#request = request;
    this.#sink = sink;
    this.#options = options;
  }

  start(): void {
    this.#run().then(
      () => this.#finish(),
      (cause: unknown) => this.#finish(HubError.from(cause)),
    );
  }

  resume(): void {
    this.#roomMade?.();
  }

  async close(): Promise<void> {
    this.#finish();
  }

  #finish(error?: HubError): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#roomMade?.();
    this.#options.onClose();
    this.#sink.end(error);
  }

  async #run(): Promise<void> {
    const agentId = this.#request.agent_id;
    if (agentId === undefined) {
      throw new HubError('bad_request', 'subscribing without a WebSocket connection needs an agent_id');
    }
    if (this.#request.topics !== undefined && this.#request.topics.length > 0) {
      throw new HubError('bad_request', 'topics need a WebSocket connection');
    }
    let lastId = await this.#begin(agentId);
    let instanceId = this.#transport.instanceId;
    while (!this.#over.signal.aborted) {
      await this.#room();
      const messages = await this.#patiently<readonly Message[]>('events.list', {
        agent_id: agentId,
        thread_id: this.#request.thread_id,
        exclude_self: this.#request.exclude_self === true,
        since_id: lastId,
        limit: PAGE,
        timeout: WAIT_SEC,
      });
      if (messages === undefined) return;
      if (instanceId !== this.#transport.instanceId) {
        // Another store begins its ids anew: all that it holds is unseen, and this page was cut at the old position.
        instanceId = this.#transport.instanceId;
        lastId = 0;
        continue;
      }
      for (const message of messages) {
        lastId = message.id;
        if (wants(this.#request, message)) this.#sink.message(message, estimateChars(message));
      }
    }
  }

  /** Finds out where to begin, and tells the sink. */
  async #begin(agentId: string): Promise<number> {
    const { since_id } = this.#request;
    const stored = since_id === 'cursor' ? await this.#patiently<Cursor>('events.cursor', { agent_id: agentId }) : null;
    const log = await this.#patiently<Bootstrap>('bootstrap', { agent_id: agentId });
    const latest_id = log?.latest_visible_id ?? 0;
    const from = typeof since_id === 'number' ? since_id : (stored?.since_id ?? latest_id);
    if (log !== undefined) this.#sink.ready({ since_id: from, latest_id });
    return from;
  }

  /** Resolves when the sink has room, or the feed is over. */
  async #room(): Promise<void> {
    while (!this.#over.signal.aborted && !this.#sink.hasRoom) {
      await new Promise<void>((resolve) => {
        this.#roomMade = resolve;
      });
    }
  }

  /** Asks until it is answered; undefined when the feed is over first. A refusal that will not change is thrown. */
  async #patiently<T>(name: string, params: Readonly<Record<string, unknown>>): Promise<T | undefined> {
    const { clock, backOff } = this.#options;
    const { signal } = this.#over;
    while (!signal.aborted) {
      try {
        const given = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
        const answer = await this.#transport.call(name, given, { timeoutMs: WAIT_SEC * 1_000 + SPARE_MS, signal });
        backOff.reset();
        // The table says what this operation answers.
        return answer as T;
      } catch (cause) {
        if (signal.aborted) return undefined;
        const error = HubError.from(cause);
        if (!ERROR_CODES[error.code].retry && error.code !== 'internal') throw error;
        await rest(clock, backOff.next(), signal);
      }
    }
    return undefined;
  }
}

/** What `events.list` cannot filter (websocket §5): `channels` filters broadcasts, direct messages come regardless. */
function wants({ channels, kinds, include_direct }: FeedRequest, message: Message): boolean {
  if (kinds !== undefined && !kinds.includes(message.kind)) return false;
  if (message.to_agent !== null) return include_direct !== false;
  return channels === undefined || channels.includes(message.channel);
}

/** Near enough for the bound of a buffer; the text itself is gone by now. */
function estimateChars(message: Message): number {
  let chars = message.body.length + 300;
  for (const { content } of message.attachments) chars += typeof content === 'string' ? content.length : 1_000;
  return chars;
}
