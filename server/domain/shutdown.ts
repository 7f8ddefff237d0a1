import type { Clock, Timer } from '../../base/clock.js';
import { HubError, type PendingShutdown } from '../../protocol/index.js';
import type { Feed } from './feed.js';
import type { WriteKey } from './rows.js';
import type { Store } from './store.js';

export interface ShutdownStarted {
  status: 'shutdown_initiated';
  remaining_sec?: number;
  delay_sec?: number;
}

/** The timer that ends the hub, and its public notices (arc-v1 §4.16, §5.7). */
export class Shutdown {
  readonly #store: Store;
  readonly #feed: Feed;
  readonly #clock: Clock;
  readonly #execute: () => void;
  #pending: { atMs: number; delay_sec: number; timer: Timer } | undefined;

  /** @param execute ends the hub; called once the last notice is stored */
  constructor(store: Store, feed: Feed, clock: Clock, execute: () => void) {
    this.#store = store;
    this.#feed = feed;
    this.#clock = clock;
    this.#execute = execute;
  }

  pending(): PendingShutdown | null {
    if (this.#pending === undefined) return null;
    const { atMs, delay_sec } = this.#pending;
    // Floored, and the moment has passed when it is asked: the first value is one less than the delay.
    const remaining_sec = Math.max(0, Math.ceil((atMs - this.#clock.nowMs()) / 1_000) - 1);
    return { remaining_sec, delay_sec };
  }

  async start(delay_sec: number, key?: WriteKey): Promise<ShutdownStarted> {
    if (key !== undefined && (await this.#store.knows(key))) return { status: 'shutdown_initiated', ...this.pending() };
    if (this.#pending !== undefined) throw new HubError('bad_request', 'shutdown already pending');
    if (delay_sec === 0) {
      await this.#notice('Hub is shutting down now.', { shutdown: true, delay_sec }, key);
      this.#execute();
      return { status: 'shutdown_initiated' };
    }
    const timer = this.#clock.after(delay_sec * 1_000, () => this.#execute());
    this.#pending = { atMs: this.#clock.nowMs() + delay_sec * 1_000, delay_sec, timer };
    try {
      const body = `Hub shutdown initiated. Shutting down in ${delay_sec} seconds.`;
      await this.#notice(body, { shutdown: true, delay_sec }, key);
    } catch (cause) {
      this.#disarm();
      throw cause;
    }
    const pending = this.pending() ?? { remaining_sec: delay_sec - 1, delay_sec };
    this.#feed.announce({ topic: 'hub', change: 'shutdown_armed', value: pending });
    return { status: 'shutdown_initiated', ...pending };
  }

  async cancel(key?: WriteKey): Promise<{ status: 'shutdown_cancelled' }> {
    if (key !== undefined && (await this.#store.knows(key))) return { status: 'shutdown_cancelled' };
    if (this.#pending === undefined) throw new HubError('bad_request', 'no shutdown pending');
    this.#disarm();
    await this.#notice('Hub shutdown cancelled.', { shutdown_cancelled: true }, key);
    this.#feed.announce({ topic: 'hub', change: 'shutdown_cancelled', value: null });
    return { status: 'shutdown_cancelled' };
  }

  /** The last notice, also for a hub that is told to stop by a signal. */
  async final(): Promise<void> {
    this.#disarm();
    await this.#notice('Hub is shutting down now.', { shutdown: true, final: true });
    this.#feed.announce({ topic: 'hub', change: 'shutdown_final', value: null });
  }

  #disarm(): void {
    this.#pending?.timer.cancel();
    this.#pending = undefined;
  }

  #notice(body: string, metadata: Record<string, unknown>, key?: WriteKey) {
    return this.#store.write('notice', { body, metadata_json: JSON.stringify(metadata) }, key);
  }
}
