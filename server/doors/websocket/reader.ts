import { HubError, type Topic } from '../../../protocol/index.js';
import { type Guards, isStrangerTo } from '../../access/authorize.js';
import type { Caller } from '../../access/caller.js';
import { seesChange } from '../../access/visibility.js';
import type { ChangeFollower, MessageFollower } from '../../domain/audience.js';
import type { PublishedChange, PublishedMessage } from '../../domain/feed.js';
import type { Hub, HubLog } from '../../domain/hub.js';
import { Outbox } from '../../domain/outbox.js';
import type { SubscriptionRequest } from '../../operations/context.js';
import { Subscriptions } from './subscriptions.js';

/** Where what is pushed goes. It is called while a commit is told of, and never throws. */
export interface ReaderPort {
  /** False: it takes no more for now, and `drained` follows. */
  readonly writable: boolean;
  message(message: PublishedMessage): void;
  change(topic: Topic, params: { change: string; value: unknown; seq: number }): void;
  /** The store could not be read; nothing more comes. */
  failed(cause: unknown): void;
}

/** What one connection has subscribed to, pushed to it as far as it takes it (websocket §5). */
export class Reader implements MessageFollower, ChangeFollower {
  readonly #hub: Hub;
  readonly #log: HubLog;
  readonly #port: ReaderPort;
  readonly #caller: Caller;
  readonly #subscriptions: Subscriptions;
  #outbox: Outbox | undefined;
  #seq = 0;
  #missed = new Set<Topic>();

  constructor(hub: Hub, log: HubLog, caller: Caller, port: ReaderPort) {
    this.#hub = hub;
    this.#log = log;
    this.#port = port;
    this.#caller = caller;
    this.#subscriptions = new Subscriptions(hub.feed, this);
  }

  get subscriptionCount(): number {
    return this.#subscriptions.size;
  }

  /** Whether it reads for an agent whose token the caller has not shown. */
  isStranger(guarded: Guards): boolean {
    return this.#subscriptions.agents.some((agentId) => isStrangerTo(agentId, this.#caller, guarded));
  }

  /** Ids between the newest message and this reader. */
  lag(latestId: number): number {
    return this.#outbox === undefined ? 0 : Math.max(0, latestId - this.#outbox.position);
  }

  subscribe(request: SubscriptionRequest, ended: () => void) {
    const latest_id = this.#hub.store.latestId();
    const since_id = request.since_id ?? latest_id;
    const passed = this.#outbox?.position;
    if (request.since_id !== undefined && passed !== undefined && since_id < passed) {
      throw new HubError('conflict', `since_id is below ${passed}, which this connection has already passed`);
    }
    const subscription = this.#subscriptions.add(request, since_id, ended);
    if (this.#outbox === undefined) {
      this.#outbox = this.#newOutbox(Math.min(since_id, latest_id));
      this.#outbox.start();
    }
    return { subscription, since_id, latest_id };
  }

  unsubscribe(subscription: string | undefined): string[] {
    const removed = this.#subscriptions.remove(subscription);
    if (this.#subscriptions.size === 0) {
      this.#outbox?.close();
      this.#outbox = undefined;
    }
    return removed;
  }

  offer(message: PublishedMessage): void {
    this.#outbox?.offer(message);
  }

  changed(change: PublishedChange): void {
    if (!seesChange(this.#caller, change)) return;
    if (this.#port.writable) this.#sendChange(change);
    else this.#missed.add(change.topic);
  }

  /** A change that everyone is told, unless its topic tells it already. */
  tell(published: PublishedChange): void {
    if (!this.#subscriptions.topics.has(published.topic)) this.#sendChange(published);
  }

  /** The peer takes bytes again. */
  drained(): void {
    for (const topic of this.#missed) this.#sendChange({ topic, change: 'resync', value: null });
    this.#missed.clear();
    this.#outbox?.drained();
  }

  close(): void {
    this.unsubscribe(undefined);
  }

  #sendChange({ topic, change, value }: { topic: Topic; change: string; value: unknown }): void {
    this.#port.change(topic, { change, value, seq: ++this.#seq });
  }

  #newOutbox(sinceId: number): Outbox {
    return new Outbox(
      this.#hub.store,
      {
        wants: ({ row }) => this.#subscriptions.wants(row),
        narrow: () => this.#subscriptions.narrow(),
        send: (message: PublishedMessage) => {
          this.#hub.pushes.add(1);
          this.#port.message(message);
        },
        writable: () => this.#port.writable,
        failed: (err) => {
          this.#log.error({ err }, 'replay failed');
          this.#port.failed(err);
        },
      },
      sinceId,
    );
  }
}
