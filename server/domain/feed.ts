import type { JsonText, Topic } from '../../protocol/index.js';
import { Audience, type ChangeFollower, type Interest, type MessageFollower } from './audience.js';
import type { Committed, StateChange } from './changes.js';
import {
  encodeAudit,
  encodeChannel,
  encodeLease,
  encodeSession,
  encodeTask,
  encodeToken,
  messageJson,
} from './encode.js';
import type { MessageRow } from './rows.js';

export type FrameEncoder = (json: string, id: number) => Buffer;

/** A message on its way out: serialised once, the same bytes for every reader of a door. */
export class PublishedMessage {
  #frames: Map<FrameEncoder, Buffer> | undefined;
  #json: string | undefined;
  constructor(readonly row: MessageRow) {}

  get json(): string {
    this.#json ??= messageJson(this.row);
    return this.#json;
  }

  frame(encoder: FrameEncoder): Buffer {
    this.#frames ??= new Map();
    let frame = this.#frames.get(encoder);
    if (frame === undefined) {
      frame = encoder(this.json, this.row.id);
      this.#frames.set(encoder, frame);
    }
    return frame;
  }
}

/** A change of the hub itself; no row of the store stands behind it. */
export interface HubChange {
  readonly topic: 'hub';
  readonly change: string;
  readonly value: object | null;
}

/** What is told: the entity as JSON in `value`, and for those inside the row behind it. */
export type PublishedChange = (StateChange & { readonly value: JsonText | object }) | HubChange;

export interface Batch {
  messages: readonly PublishedMessage[];
  changes: readonly PublishedChange[];
}

/** What every commit added, in order, to those whom it concerns. Wake-ups come from here and nowhere else. */
export class Feed {
  readonly #listeners = new Set<(batch: Batch) => void>();
  readonly #audience = new Audience();
  readonly #onInterest: (interested: boolean) => void;
  #interest = 0;

  /** @param onInterest told when the first reader comes and when the last one goes */
  constructor(onInterest: (interested: boolean) => void) {
    this.#onInterest = onInterest;
  }

  /** For those who must know of every commit, of whom there are few. */
  listen(listener: (batch: Batch) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @returns what ends it */
  follow(interest: Interest, follower: MessageFollower): () => void {
    return this.#audience.follow(interest, follower);
  }

  /** @returns what ends it */
  followTopics(topics: readonly Topic[], follower: ChangeFollower): () => void {
    return this.#audience.followTopics(topics, follower);
  }

  /** Notes that somebody waits for what other processes may write; call the answer once when that ends. */
  interest(): () => void {
    if (this.#interest++ === 0) this.#onInterest(true);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      if (--this.#interest === 0) this.#onInterest(false);
    };
  }

  publish(committed: Committed): void {
    this.#emit({
      messages: committed.messages.map((row) => new PublishedMessage(row)),
      changes: committed.changes.map(describe),
    });
  }

  announce(change: PublishedChange): void {
    this.#emit({ messages: [], changes: [change] });
  }

  #emit(batch: Batch): void {
    for (const listener of this.#listeners) listener(batch);
    for (const message of batch.messages) this.#audience.offer(message);
    for (const change of batch.changes) this.#audience.changed(change);
  }
}

export const describe = (change: StateChange): PublishedChange => ({ ...change, value: encodeState(change) });

function encodeState({ topic, row }: StateChange): object {
  switch (topic) {
    case 'session':
      return encodeSession(row);
    case 'channel':
      return encodeChannel(row);
    case 'claim':
    case 'lock':
      return encodeLease(row);
    case 'task':
      return encodeTask(row);
    case 'token':
      return encodeToken(row);
    case 'audit':
      return encodeAudit(row);
  }
}
