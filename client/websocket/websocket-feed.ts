/**
 * One `events.subscribe` kept alive over a link. A link carries at most one feed at a time, so all that it pushes belongs
 * to this feed, and its position is simply the id that came last: after a reconnect, and after a stop for a slow reader,
 * it subscribes again from there (websocket §5). Stopping means `events.unsubscribe`: what the hub had under way until
 * then is not kept here and comes again.
 */
import { ERROR_CODES, HubError, type Message } from '../../protocol/index.js';
import { isTopic, resync, toChange } from '../changes.js';
import type { Feed, FeedRequest, FeedSink, SubscribedAt } from '../transport.js';
import type { Link } from './link.js';

const ANSWER_MS = 30_000;

type Phase =
  | 'away' // no connection
  | 'subscribing'
  | 'live'
  | 'leaving' // unsubscribing, because the sink is full
  | 'full'
  | 'closed';

export class WebSocketFeed implements Feed {
  readonly #link: Link;
  readonly #request: FeedRequest;
  readonly #sink: FeedSink;
  readonly #onClose: () => Promise<void>;
  #phase: Phase = 'away';
  /** Grows with each subscribe and loss, so that a late answer is known as such. */
  #round = 0;
  #lastId: number | undefined;
  #instanceId: string | undefined;
  #wasReady = false;

  /** @param onClose gives back what the feed runs on; called once */
  constructor(link: Link, request: FeedRequest, sink: FeedSink, onClose: () => Promise<void>) {
    this.#link = link;
    this.#request = request;
    this.#sink = sink;
    this.#onClose = onClose;
  }

  /** The link is up, and the hub behind it is this one. */
  opened(instanceId: string | undefined): void {
    if (this.#phase === 'closed') return;
    // Another store begins its ids anew: all that it holds is unseen.
    if (this.#instanceId !== undefined && instanceId !== this.#instanceId) this.#lastId = 0;
    this.#instanceId = instanceId;
    this.#phase = 'full';
    this.resume();
  }

  lost(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'away';
    this.#round += 1;
  }

  notification(method: string, params: unknown, chars: number): void {
    if (this.#phase !== 'subscribing' && this.#phase !== 'live') return;
    if (method === 'message') this.#message(params as Message, chars);
    else if (isTopic(method) && this.#request.topics?.includes(method)) {
      const change = toChange(method, params);
      if (change !== undefined) this.#sink.change(change);
    }
  }

  resume(): void {
    if (this.#phase === 'full' && this.#sink.hasRoom) void this.#subscribe();
  }

  async close(): Promise<void> {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#sink.end();
    await this.#onClose();
  }

  /** Ends the feed for a reason that is not the reader's. */
  end(error: HubError | undefined): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#sink.end(error);
    void this.#onClose();
  }

  #message(message: Message, chars: number): void {
    // The hub does not repeat itself; this keeps the promise even if a position was chosen with care to overlap.
    if (this.#lastId !== undefined && message.id <= this.#lastId) return;
    this.#lastId = message.id;
    this.#sink.message(message, chars);
    if (!this.#sink.hasRoom) void this.#leave();
  }

  async #subscribe(): Promise<void> {
    const from = this.#lastId ?? this.#request.since_id;
    const round = this.#enter('subscribing');
    try {
      const params = { ...this.#request, since_id: from };
      const answer = (await this.#link.callOnce('events.subscribe', params, ANSWER_MS)) as SubscribedAt;
      // Messages may overtake the answer; then they are further than it says.
      this.#lastId ??= answer.since_id;
      if (this.#wasReady) for (const topic of this.#request.topics ?? []) this.#sink.change(resync(topic));
      else this.#sink.ready({ since_id: answer.since_id, latest_id: answer.latest_id });
      this.#wasReady = true;
      if (this.#round !== round) return;
      // A store restored from an older copy lacks what was seen last; its next messages reuse those ids.
      if (typeof from === 'number' && from !== this.#request.since_id && answer.latest_id < from) {
        this.#lastId = answer.latest_id;
        await this.#leave();
      } else if (this.#phase === 'subscribing') this.#phase = 'live';
    } catch (cause) {
      if (this.#round === round) this.#failed(cause);
    }
  }

  async #leave(): Promise<void> {
    const round = this.#enter('leaving');
    try {
      // No subscribe before the answer: until then, what arrives belongs to the old subscription.
      await this.#link.callOnce('events.unsubscribe', {}, ANSWER_MS);
      if (this.#round !== round) return;
      this.#phase = 'full';
      this.resume();
    } catch (cause) {
      if (this.#round === round) this.#failed(cause);
    }
  }

  #enter(phase: Phase): number {
    this.#phase = phase;
    this.#round += 1;
    return this.#round;
  }

  #failed(cause: unknown): void {
    if (this.#phase === 'closed' || this.#phase === 'away') return;
    const error = HubError.from(cause);
    if (ERROR_CODES[error.code].retry || error.code === 'internal') this.#link.reopen();
    else this.end(error);
  }
}
