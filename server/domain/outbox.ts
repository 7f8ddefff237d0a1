/**
 * One reader's way through the log. Replay and live are the same stream: while behind, it is fed from the store in pages;
 * once it has caught up it goes live, in the same turn, so that there is neither gap nor repeat. A reader that is slow
 * falls back to pages, and only its position is remembered (websocket §5).
 */
import type { MessageFollower } from './audience.js';
import { PublishedMessage } from './feed.js';
import type { MessageFilter } from './filter.js';
import type { Store } from './store.js';

const PAGE = 500;

export interface OutboxPort {
  /** Whether the reader wants it. */
  wants(message: PublishedMessage): boolean;
  /** Narrows replay to an index, where one filter says all. */
  narrow(): MessageFilter;
  send(message: PublishedMessage): void;
  /** False while more is queued than the reader takes; `drained` must follow. */
  writable(): boolean;
  failed(cause: unknown): void;
}

export class Outbox implements MessageFollower {
  readonly #store: Store;
  readonly #port: OutboxPort;
  /** While live: of the last message that was offered, which may be long ago. */
  #position: number;
  #state: 'live' | 'behind' | 'closed' = 'behind';
  #paging = false;

  constructor(store: Store, port: OutboxPort, sinceId: number) {
    this.#store = store;
    this.#port = port;
    this.#position = sinceId;
  }

  /** Every message up to here was sent or is not wanted. */
  get position(): number {
    return this.#state === 'live' ? Math.max(this.#position, this.#store.latestId()) : this.#position;
  }

  /** To be called once it follows what it wants. */
  start(): void {
    if (this.#position >= this.#store.latestId()) this.#state = 'live';
    else this.drained();
  }

  /** What a commit added and this reader may want. */
  offer(message: PublishedMessage): void {
    if (this.#state !== 'live' || message.row.id <= this.#position) return;
    const wanted = this.#port.wants(message);
    if (wanted && !this.#port.writable()) {
      this.#state = 'behind';
      // Messages come in ascending order, so that all before this one have been offered if they were wanted.
      this.#position = message.row.id - 1;
      return;
    }
    this.#position = message.row.id;
    if (wanted) this.#port.send(message);
  }

  /** The reader takes bytes again. */
  drained(): void {
    if (this.#state === 'behind' && !this.#paging) void this.#catchUp();
  }

  close(): void {
    this.#state = 'closed';
  }

  async #catchUp(): Promise<void> {
    this.#paging = true;
    try {
      while (this.#state === 'behind' && this.#port.writable()) {
        const published = this.#store.latestId();
        const rows = await this.#store.messages({
          all_direct: true,
          ...this.#port.narrow(),
          since_id: this.#position,
          limit: PAGE,
        });
        if (this.#isClosed()) return;
        for (const row of rows) {
          const message = new PublishedMessage(row);
          if (this.#port.wants(message)) this.#port.send(message);
        }
        this.#position = rows.at(-1)?.id ?? this.#position;
        if (rows.length < PAGE) {
          this.#position = Math.max(this.#position, published);
          if (this.#store.latestId() <= this.#position) {
            this.#state = 'live';
            return;
          }
        }
        // Others get their turn between pages.
        await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (cause) {
      this.#port.failed(cause);
    } finally {
      this.#paging = false;
    }
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }
}
