/** Who is to be told of what: an index, so that a commit costs those whom it concerns and nobody else. */
import type { Topic } from '../../protocol/index.js';
import type { PublishedChange, PublishedMessage } from './feed.js';

/** In the place of a name: whatever the name. */
export const EVERY: unique symbol = Symbol('every');
export type Every = typeof EVERY;

/**
 * What a follower may want, as far as an index can tell; a message that fits any of these is offered to it. It looks
 * closer itself.
 */
export interface Interest {
  /** Broadcasts in these channels. */
  readonly channels?: readonly (string | Every)[] | undefined;
  /** Direct messages to these agents. */
  readonly agents?: readonly (string | Every)[] | undefined;
  /** All in these threads, direct messages too. */
  readonly threads?: readonly string[] | undefined;
  /** Results of these requests. */
  readonly requests?: readonly number[] | undefined;
}

export interface MessageFollower {
  /** In ascending order by id; a message that fits in several ways is offered several times, one after another. */
  offer(message: PublishedMessage): void;
}

export interface ChangeFollower {
  changed(change: PublishedChange): void;
}

export class Audience {
  readonly #channels = new Shelf<string | Every, MessageFollower>();
  readonly #agents = new Shelf<string | Every, MessageFollower>();
  readonly #threads = new Shelf<string, MessageFollower>();
  readonly #requests = new Shelf<number, MessageFollower>();
  readonly #topics = new Shelf<Topic, ChangeFollower>();

  /** @returns what ends it */
  follow({ channels, agents, threads, requests }: Interest, follower: MessageFollower): () => void {
    return together([
      ...this.#channels.put(channels, follower),
      ...this.#agents.put(agents, follower),
      ...this.#threads.put(threads, follower),
      ...this.#requests.put(requests, follower),
    ]);
  }

  /** @returns what ends it */
  followTopics(topics: readonly Topic[], follower: ChangeFollower): () => void {
    return together(this.#topics.put(topics, follower));
  }

  offer(message: PublishedMessage): void {
    const { to_agent, channel, thread_id, kind, reply_to } = message.row;
    const [all, some] =
      to_agent === null
        ? [this.#channels.at(EVERY), this.#channels.at(channel)]
        : [this.#agents.at(EVERY), this.#agents.at(to_agent)];
    for (const follower of all) follower.offer(message);
    for (const follower of some) follower.offer(message);
    if (thread_id !== null) for (const follower of this.#threads.at(thread_id)) follower.offer(message);
    if (kind === 'task_result' && typeof reply_to === 'number') {
      for (const follower of this.#requests.at(reply_to)) follower.offer(message);
    }
  }

  changed(change: PublishedChange): void {
    for (const follower of this.#topics.at(change.topic)) follower.changed(change);
  }
}

/** Followers by key; each counts as often as it was put there. */
class Shelf<Key, Follower> {
  readonly #followers = new Map<Key, Map<Follower, number>>();

  at(key: Key): Iterable<Follower> {
    return this.#followers.get(key)?.keys() ?? NOBODY;
  }

  put(keys: readonly Key[] = [], follower: Follower): (() => void)[] {
    return keys.map((key) => {
      let here = this.#followers.get(key);
      if (here === undefined) {
        here = new Map();
        this.#followers.set(key, here);
      }
      here.set(follower, (here.get(follower) ?? 0) + 1);
      return () => this.#remove(key, follower);
    });
  }

  #remove(key: Key, follower: Follower): void {
    const here = this.#followers.get(key);
    const left = (here?.get(follower) ?? 0) - 1;
    if (left > 0) here?.set(follower, left);
    else here?.delete(follower);
    if (here?.size === 0) this.#followers.delete(key);
  }
}

const NOBODY: readonly never[] = [];

/** Calls each once, whatever is asked. */
function together(removals: (() => void)[]): () => void {
  return () => {
    for (const remove of removals.splice(0)) remove();
  };
}
