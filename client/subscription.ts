import { onAbort } from '../base/abort.js';
import { deferred } from '../base/deferred.js';
import { HubError, type Message } from '../protocol/index.js';
import type { TopicChange } from './changes.js';
import type { Feed, FeedRequest, FeedSink, SubscribedAt } from './transport.js';

/** Messages that wait for a slow reader before the feed is stopped, and their size as JSON text. */
const BUFFER_MESSAGES = 1_000;
const BUFFER_CHARS = 8 * 1024 * 1024;

export interface SubscribeOptions extends Omit<FeedRequest, 'agent_id'> {
  /** Whose direct messages come too (default: the client's agent); null reads as an observer. */
  readonly agent_id?: string | null | undefined;
  /**
   * Gets each message instead of the iterator, the next one only when the promise that it returned is done.
   * What it throws ends the subscription.
   */
  readonly onMessage?: ((message: Message) => unknown) | undefined;
  /** Gets the changes of `topics` the moment they arrive. What it throws ends the subscription. */
  readonly onChange?: ((change: TopicChange) => void) | undefined;
  /** Messages held for a slow reader (default 1_000); beyond it the hub is asked to stop and asked again later. */
  readonly bufferMessages?: number | undefined;
  /** Closes the subscription. */
  readonly signal?: AbortSignal | undefined;
}

interface Waiter {
  resolve(result: IteratorResult<Message>): void;
  reject(cause: unknown): void;
}

/**
 * Messages of the hub as they come, each once, in ascending order of id, across reconnects.
 *
 *     for await (const message of hub.subscribe({ channels: ['general'] })) …
 *
 * It ends when it is closed (`break` closes it), and throws what ended it otherwise, after the messages that had
 * arrived. Nothing is dropped for a slow reader: its feed is stopped, and taken up again behind the last message.
 */
export class Subscription implements AsyncIterableIterator<Message>, AsyncDisposable {
  /** Resolves when the hub has confirmed it; rejects with the `HubError` that refused it. */
  readonly ready: Promise<SubscribedAt>;
  /** Resolves when it is over, with what ended it unless it was closed. Never rejects. */
  readonly closed: Promise<unknown>;
  readonly #ready = deferred<SubscribedAt>();
  readonly #closed = deferred<unknown>();
  readonly #feed: Feed;
  readonly #onMessage: SubscribeOptions['onMessage'];
  readonly #bufferMessages: number;
  readonly #queue: { message: Message; chars: number }[] = [];
  readonly #waiters: Waiter[] = [];
  #head = 0;
  #chars = 0;
  #stalled = false;
  #handing = false;
  #lastId: number | undefined;
  #end: { error: unknown } | undefined;

  /** @param open starts the feed that fills this subscription */
  constructor(options: SubscribeOptions, open: (sink: FeedSink) => Feed) {
    this.#onMessage = options.onMessage;
    this.#bufferMessages = options.bufferMessages ?? BUFFER_MESSAGES;
    this.ready = this.#ready.promise;
    this.closed = this.#closed.promise;
    // Whoever only iterates learns of a refusal there; it must not count as unhandled here.
    this.ready.catch(() => undefined);
    this.#feed = open(this.#sink(options.onChange));
    const forget = onAbort(options.signal, () => void this.close());
    void this.closed.then(forget);
    if (options.signal?.aborted) void this.close();
  }

  /** Id of the last message handed out; undefined before the first. */
  get lastId(): number | undefined {
    return this.#lastId;
  }

  /** Messages that have arrived and wait for the reader. */
  get buffered(): number {
    return this.#queue.length - this.#head;
  }

  /** Ends the subscription; what has arrived and was not read is discarded. */
  async close(): Promise<void> {
    this.#finish(undefined);
    this.#clear();
    await this.#feed.close();
  }

  next(): Promise<IteratorResult<Message>> {
    if (this.#onMessage !== undefined) {
      return Promise.reject(new HubError('bad_request', 'a subscription with onMessage cannot be iterated'));
    }
    const message = this.#take();
    if (message !== undefined) return Promise.resolve({ done: false, value: message });
    if (this.#end !== undefined) {
      const { error } = this.#end;
      // Thrown once; an iterator that has thrown is done.
      this.#end = { error: undefined };
      return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
    }
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  async return(): Promise<IteratorResult<Message>> {
    await this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #sink(onChange: SubscribeOptions['onChange']): FeedSink {
    const hasRoom = () => this.#hasRoom();
    return {
      get hasRoom() {
        return hasRoom();
      },
      message: (message, chars) => this.#arrived(message, chars),
      change: (change) => {
        if (this.#end !== undefined) return;
        try {
          onChange?.(change);
        } catch (cause) {
          this.#fail(cause);
        }
      },
      ready: (at) => this.#ready.resolve(at),
      end: (error) => this.#finish(error),
    };
  }

  #hasRoom(): boolean {
    const room = this.buffered < this.#bufferMessages && this.#chars < BUFFER_CHARS;
    if (!room) this.#stalled = true;
    return room;
  }

  #arrived(message: Message, chars: number): void {
    if (this.#end !== undefined) return;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      this.#lastId = message.id;
      waiter.resolve({ done: false, value: message });
      return;
    }
    this.#queue.push({ message, chars });
    this.#chars += chars;
    if (this.#onMessage !== undefined && !this.#handing) this.#handOut(this.#onMessage);
  }

  /** Synchronous as long as the callback is, so that a fast reader costs no promise per message. */
  #handOut(onMessage: (message: Message) => unknown): void {
    this.#handing = true;
    try {
      for (let message = this.#take(); message !== undefined; message = this.#take()) {
        const pending = onMessage(message);
        if (!(pending instanceof Promise)) continue;
        pending.then(
          () => this.#handOut(onMessage),
          (cause: unknown) => this.#fail(cause),
        );
        return;
      }
      this.#handing = false;
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #take(): Message | undefined {
    const entry = this.#queue[this.#head];
    if (entry === undefined) return undefined;
    this.#head += 1;
    this.#chars -= entry.chars;
    this.#lastId = entry.message.id;
    if (this.#head === this.#queue.length) this.#clear();
    // Half empty before it fills again, or a reader at the brink would stop and start the feed for each message.
    if (this.#stalled && this.buffered * 2 <= this.#bufferMessages && this.#chars * 2 <= BUFFER_CHARS) {
      this.#stalled = false;
      if (this.#end === undefined) this.#feed.resume();
    }
    return entry.message;
  }

  #clear(): void {
    this.#queue.length = 0;
    this.#head = 0;
    this.#chars = 0;
  }

  #fail(cause: unknown): void {
    this.#finish(cause);
    this.#clear();
    void this.#feed.close();
  }

  #finish(error: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#ready.reject(error ?? new HubError('unavailable', 'the subscription was closed'));
    this.#closed.resolve(error);
    const [first, ...others] = this.#waiters.splice(0);
    if (first === undefined) return;
    this.#end = { error: undefined };
    if (error === undefined) first.resolve({ done: true, value: undefined });
    else first.reject(error);
    for (const waiter of others) waiter.resolve({ done: true, value: undefined });
  }
}
