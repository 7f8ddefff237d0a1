import { HubError, MAX_SUBSCRIPTIONS, type Topic } from '../../../protocol/index.js';
import type { MessageFilter } from '../../domain/filter.js';
import type { MessageRow } from '../../domain/rows.js';
import type { SubscriptionRequest } from '../../operations/context.js';

interface Subscription {
  readonly id: string;
  readonly sinceId: number;
  readonly wants: (row: MessageRow) => boolean;
  readonly narrow: MessageFilter;
  readonly topics: readonly Topic[];
}

/** The subscriptions of one connection: a message that several of them match is pushed once (websocket §5). */
export class Subscriptions {
  readonly #open = new Map<string, Subscription>();
  readonly #topics = new Set<Topic>();
  #next = 1;

  get size(): number {
    return this.#open.size;
  }

  add(request: SubscriptionRequest, sinceId: number): string {
    if (this.#open.size >= MAX_SUBSCRIPTIONS) {
      throw new HubError('rate_limited', `more than ${MAX_SUBSCRIPTIONS} subscriptions on one connection`);
    }
    const id = `s${this.#next++}`;
    const { thread_id, topics = [] } = request;
    this.#open.set(id, { id, sinceId, wants: matcher(request), narrow: { thread_id }, topics });
    for (const topic of topics) this.#topics.add(topic);
    return id;
  }

  /** Removes one, or all; answers the ids that were open. */
  remove(id: string | undefined): string[] {
    const removed = id === undefined ? [...this.#open.keys()] : this.#open.has(id) ? [id] : [];
    for (const open of removed) this.#open.delete(open);
    this.#topics.clear();
    for (const { topics } of this.#open.values()) for (const topic of topics) this.#topics.add(topic);
    return removed;
  }

  get topics(): ReadonlySet<Topic> {
    return this.#topics;
  }

  wants(row: MessageRow): boolean {
    for (const { sinceId, wants } of this.#open.values()) if (row.id > sinceId && wants(row)) return true;
    return false;
  }

  /** With a single subscription, replay may use the index of its thread. */
  narrow(): MessageFilter {
    if (this.#open.size !== 1) return {};
    const [only] = this.#open.values();
    return only?.narrow ?? {};
  }
}

function matcher(request: SubscriptionRequest): (row: MessageRow) => boolean {
  const { agent_id, thread_id, exclude_self, include_direct } = request;
  const channels = request.channels && new Set(request.channels);
  const kinds = request.kinds && new Set(request.kinds);
  // An observer names no agent: it sees direct messages only when it asks, as the operator (websocket §5).
  const everyDirect = agent_id === undefined && include_direct === true;
  const ownDirect = agent_id !== undefined && include_direct !== false;
  return (row) => {
    if (row.to_agent === null) {
      if (channels !== undefined && !channels.has(row.channel)) return false;
    } else if (!everyDirect && !(ownDirect && row.to_agent === agent_id)) return false;
    return (
      (thread_id === undefined || row.thread_id === thread_id) &&
      (kinds === undefined || kinds.has(row.kind)) &&
      !(exclude_self && row.from_agent === agent_id)
    );
  };
}
