import { HubError, MAX_SUBSCRIPTIONS, type Topic } from '../../../protocol/index.js';
import { type ChangeFollower, EVERY, type Every, type Interest, type MessageFollower } from '../../domain/audience.js';
import type { Feed } from '../../domain/feed.js';
import type { MessageFilter } from '../../domain/filter.js';
import type { MessageRow } from '../../domain/rows.js';
import type { SubscriptionRequest } from '../../operations/context.js';

interface Subscription {
  readonly id: string;
  readonly sinceId: number;
  readonly wants: (row: MessageRow) => boolean;
  readonly narrow: MessageFilter;
  readonly topics: readonly Topic[];
  readonly agentId: string | undefined;
  readonly end: () => void;
}

/** The subscriptions of one connection: a message that several of them match is pushed once (websocket §5). */
export class Subscriptions {
  readonly #feed: Feed;
  readonly #follower: MessageFollower & ChangeFollower;
  readonly #open = new Map<string, Subscription>();
  readonly #topics = new Set<Topic>();
  #next = 1;

  constructor(feed: Feed, follower: MessageFollower & ChangeFollower) {
    this.#feed = feed;
    this.#follower = follower;
  }

  get size(): number {
    return this.#open.size;
  }

  add(request: SubscriptionRequest, sinceId: number, ended: () => void): string {
    if (this.#open.size >= MAX_SUBSCRIPTIONS) {
      throw new HubError('rate_limited', `more than ${MAX_SUBSCRIPTIONS} subscriptions on one connection`);
    }
    const id = `s${this.#next++}`;
    const { thread_id, agent_id: agentId, topics = [] } = request;
    const unfollowMessages = this.#feed.follow(interestOf(request), this.#follower);
    const unfollowTopics = this.#feed.followTopics(topics, this.#follower);
    const end = () => {
      unfollowMessages();
      unfollowTopics();
      ended();
    };
    this.#open.set(id, { id, sinceId, wants: matcher(request), narrow: { thread_id }, topics, agentId, end });
    for (const topic of topics) this.#topics.add(topic);
    return id;
  }

  /** Removes one, or all; answers the ids that were open. */
  remove(id: string | undefined): string[] {
    const removed = id === undefined ? [...this.#open.keys()] : this.#open.has(id) ? [id] : [];
    for (const open of removed) {
      this.#open.get(open)?.end();
      this.#open.delete(open);
    }
    this.#topics.clear();
    for (const { topics } of this.#open.values()) for (const topic of topics) this.#topics.add(topic);
    return removed;
  }

  get topics(): ReadonlySet<Topic> {
    return this.#topics;
  }

  /** The agents for whom it is read. */
  get agents(): readonly (string | undefined)[] {
    return [...this.#open.values()].map(({ agentId }) => agentId);
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
  const { agent_id, thread_id, exclude_self } = request;
  const direct = directOf(request);
  const channels = request.channels && new Set(request.channels);
  const kinds = request.kinds && new Set(request.kinds);
  return (row) => {
    if (row.to_agent === null) {
      if (channels !== undefined && !channels.has(row.channel)) return false;
    } else if (direct !== EVERY && direct !== row.to_agent) return false;
    return (
      (thread_id === undefined || row.thread_id === thread_id) &&
      (kinds === undefined || kinds.has(row.kind)) &&
      !(exclude_self && row.from_agent === agent_id)
    );
  };
}

/** All that the matcher may let pass. */
function interestOf(request: SubscriptionRequest): Interest {
  const { thread_id, channels } = request;
  if (thread_id !== undefined) return { threads: [thread_id] };
  const direct = directOf(request);
  return { channels: channels ?? [EVERY], agents: direct === undefined ? [] : [direct] };
}

/**
 * Whose direct messages. An observer names no agent: it sees them only when it asks, as the operator, and then all
 * (websocket §5).
 */
function directOf({ agent_id, include_direct }: SubscriptionRequest): string | Every | undefined {
  if (agent_id !== undefined) return include_direct === false ? undefined : agent_id;
  return include_direct === true ? EVERY : undefined;
}
