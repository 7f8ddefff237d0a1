import type { Clock } from '../../base/clock.js';
import { HubError } from '../../protocol/index.js';
import type { Interest, MessageFollower } from './audience.js';
import type { Feed, PublishedMessage } from './feed.js';
import type { MessageRow } from './rows.js';

/** Requests that wait for messages; nobody asks the store again. */
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
  }

  get count(): number {
    return this.#waiters.size;
  }

  /** A place among those that wait, for up to `limit` messages. */
  collect(limit: number): Collector {
    if (this.#waiters.size >= this.#max) {
      throw new HubError('rate_limited', `more than ${this.#max} requests are waiting`, { retry_after_sec: 1 });
    }
    const waiter = new Waiter(limit);
    this.#waiters.add(waiter);
    const ends = [this.#feed.interest(), () => this.#waiters.delete(waiter)];
    return {
      from: (interest, wants) => {
        waiter.wants = wants;
        ends.push(this.#feed.follow(interest, waiter));
      },
      until: (ms, signal) => this.#until(waiter, ms, signal),
      [Symbol.dispose]: () => {
        for (const end of ends) end();
      },
    };
  }

  /** Answers everyone with what they have: the hub goes down (arc-v1 §5.7). */
  close(): void {
    this.#closing = true;
    for (const waiter of this.#waiters) waiter.wake?.();
  }

  #until(waiter: Waiter, ms: number, signal: AbortSignal): Promise<readonly PublishedMessage[]> {
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
}

class Waiter implements MessageFollower {
  readonly found: PublishedMessage[] = [];
  wants: (row: MessageRow) => boolean = () => false;
  wake: (() => void) | undefined;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  offer(message: PublishedMessage): void {
    const { found } = this;
    if (found.length >= this.#limit || found.at(-1) === message || !this.wants(message.row)) return;
    found.push(message);
    // Who waits goes on after this turn, with all that the commit added.
    this.wake?.();
  }
}

export interface Collector extends Disposable {
  /** Starts to collect what is committed from now on; look in the store after this call, so that nothing falls between. */
  from(interest: Interest, wants: (row: MessageRow) => boolean): void;
  /** What was collected, as soon as there is something, at the deadline, or when `signal` ends it. */
  until(ms: number, signal: AbortSignal): Promise<readonly PublishedMessage[]>;
}
