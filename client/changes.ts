import {
  type AuditEntry,
  type Channel,
  type Claim,
  isJsonObject,
  KEPT_TOPICS,
  type Lock,
  type Session,
  type Task,
  TOPICS,
  type Token,
  type Topic,
} from '../protocol/index.js';

interface ChangeOf<T extends Topic, Name extends string, Value> {
  readonly topic: T;
  readonly change: Name;
  readonly value: Value;
  /** Counts the changes of one connection; 0 on a `resync` that the client itself announces. */
  readonly seq: number;
}

/**
 * A state change pushed by the hub (websocket §5). `resync` says that changes may have been missed, after a reconnect or
 * a stall: list the state of its topic again.
 */
export type TopicChange =
  | ChangeOf<'session', 'opened' | 'renamed' | 'replaced' | 'closed' | 'expired', Session>
  | ChangeOf<'channel', 'created', Channel>
  | ChangeOf<'claim', 'acquired' | 'refreshed' | 'released' | 'expired' | 'recovered', Claim>
  | ChangeOf<'lock', 'acquired' | 'refreshed' | 'released' | 'expired' | 'recovered', Lock>
  | ChangeOf<'task', 'created' | 'done', Task>
  | ChangeOf<
      'hub',
      'shutdown_armed' | 'shutdown_cancelled' | 'shutdown_final' | 'network' | 'store_lost' | 'store_back' | 'limited',
      Readonly<Record<string, unknown>> | null
    >
  | ChangeOf<'token', 'issued' | 'rotated' | 'revoked', Token>
  | ChangeOf<'audit', 'added' | 'counted', AuditEntry>
  | ChangeOf<Topic, 'resync', null>;

const TOPIC_SET: ReadonlySet<string> = new Set([...TOPICS, ...KEPT_TOPICS]);

export function isTopic(name: string): name is Topic {
  return TOPIC_SET.has(name);
}

/** Reads the `params` of a topic notification; undefined when they are none. */
export function toChange(topic: Topic, params: unknown): TopicChange | undefined {
  if (!isJsonObject(params) || typeof params.change !== 'string') return undefined;
  // The hub's output is not parsed again here: a newer hub may add changes, and they should reach the listener.
  return { topic, change: params.change, value: params.value, seq: params.seq } as TopicChange;
}

export function resync(topic: Topic): TopicChange {
  return { topic, change: 'resync', value: null, seq: 0 };
}
