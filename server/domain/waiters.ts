import type { Clock } from '../../base/clock.js';
import { HubError } from '../../protocol/index.js';
import type { Batch, Feed, PublishedMessage } from './feed.js';
import type { MessageRow } from './rows.js';

interface Waiter {
  wants: (row: MessageRow) => boolean;
  limit: number;
  found: PublishedMessage[];
  wake: (() => void) | undefined;
}

/** Requests that wait for messages. One commit is matched against all of them; nobody asks the store again. */
export class Waiters {
  readonly #feed: Feed;
  readonly #clock: Clock;
  readonly #max: number;
  readonly #waiters = new Set<Waiter>();
  #closing = false;

  constructor(feed: Feed, clock: Clock, max: number) {
    this.#feed = feed;
    this.#clock = clock;
    this.#max = max;
    feed.listen((batch) => this.#match(batch));
  }

  get count(): number {
    return this.#waiters.size;
  }

  /** Starts to collect what is committed from now on; look in the store after this call, so that nothing falls between. */
  collect(wants: (row: MessageRow) => boolean, limit: number): Collector {
    if (this.#waiters.size >= this.#max) {
      throw new HubError('rate_limited', `more than ${this.#max} requests are waiting`, { retry_after_sec: 1 });
    }
    const waiter: Waiter = { wants, limit, found: [], wake: undefined };
    this.#waiters.add(waiter);
    const disinterest = this.#feed.interest();
    const dispose = () => {
      this.#waiters.delete(waiter);
      disinterest();
    };
    return { until: (ms, signal) => this.#until(waiter, ms, signal), [Symbol.dispose]: dispose };
  }

  /** Answers everyone with what they have: the hub goes down (arc-v1 §5.7). */
  close(): void {
    this.#closing = true;
    for (const waiter of this.#waiters) waiter.wake?.();
  }

  #until(waiter: Waiter, ms: number, signal: AbortSignal): Promise<PublishedMessage[]> {
    if (waiter.found.length > 0 || signal.aborted || this.#closing || ms <= 0) return Promise.resolve(waiter.found);
    return new Promise((resolve) => {
      const end = () => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        waiter.wake = undefined;
        resolve(waiter.found);
      };
      const timer = this.#clock.after(ms, end);
      signal.addEventListener('abort', end);
      waiter.wake = end;
    });
  }

  #match(batch: Batch): void {
    if (batch.messages.length === 0) return;
    for (const waiter of this.#waiters) {
      for (const message of batch.messages) {
        if (waiter.found.length >= waiter.limit) break;
        if (waiter.wants(message.row)) waiter.found.push(message);
      }
      if (waiter.found.length > 0) waiter.wake?.();
    }
  }
}

export interface Collector extends Disposable {
  /** What was collected, as soon as there is something, at the deadline, or when `signal` ends it. */
  until(ms: number, signal: AbortSignal): Promise<PublishedMessage[]>;
}
