import type { Emitter } from '../base/emitter.js';
import type { HubError, Message, Session, Topic } from '../protocol/index.js';
import type { TopicChange } from './changes.js';

export type ConnectionState = 'connecting' | 'open' | 'reconnecting' | 'closed';

export interface StateChange {
  readonly state: ConnectionState;
  /** Why the connection was lost, could not be made, or is closed for good. */
  readonly error?: HubError | undefined;
  /** Close code of the WebSocket that ended (websocket §10). */
  readonly closeCode?: number | undefined;
  /** On `reconnecting`: milliseconds until the next attempt. */
  readonly delayMs?: number | undefined;
}

export interface ClientEvents {
  /** The connection came, went, or is being made again. Over HTTP: whether the hub answers. */
  state: StateChange;
  /** Another hub, or another store, answers under the same address: ids begin anew. */
  instance: { readonly previous: string; readonly current: string };
  /** The agent's session was opened, resumed, or replaced by another program. */
  session: { readonly session: Session; readonly resumed: boolean };
  /** What the hub tells every connection before it goes down. */
  hub: TopicChange;
}

/** Options of one attempt to have an operation answered, retries included. */
export interface TransportCallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What a subscription asks of a transport: the fields of `events.subscribe` (websocket §5). */
export interface FeedRequest {
  /** Sees this agent's direct messages; undefined reads as an observer. */
  readonly agent_id?: string | undefined;
  readonly channels?: readonly string[] | undefined;
  readonly thread_id?: string | undefined;
  readonly kinds?: readonly string[] | undefined;
  readonly topics?: readonly Topic[] | undefined;
  readonly since_id?: number | 'cursor' | undefined;
  readonly exclude_self?: boolean | undefined;
  readonly include_direct?: boolean | undefined;
}

/** Where a subscription began, and where the log stood then. */
export interface SubscribedAt {
  readonly since_id: number;
  readonly latest_id: number;
}

/** The receiving end of a feed. Messages come in ascending order of id, each once. */
export interface FeedSink {
  /** False: the feed must stop, remember its position, and wait for `resume`. */
  readonly hasRoom: boolean;
  /** @param chars size of the message as JSON text, or an estimate */
  message(message: Message, chars: number): void;
  change(change: TopicChange): void;
  ready(at: SubscribedAt): void;
  /** The feed is over: without an error because it was closed, or with the reason. */
  end(error?: HubError): void;
}

export interface Feed {
  /** The sink has room again. */
  resume(): void;
  close(): Promise<void>;
}

/**
 * A way to a hub. An implementation retries what it is given until it is answered, `timeoutMs` is over or `signal` is
 * aborted; that is safe because every write arrives here with its `idempotency_key`.
 */
export interface Transport {
  readonly kind: 'websocket' | 'http' | 'relay' | 'local';
  readonly state: ConnectionState;
  /** The hub's `instance_id`, once known. */
  readonly instanceId: string | undefined;
  readonly events: Emitter<ClientEvents>;
  /** Resolves when the transport is closed for good, with the reason unless it was `close`. Never rejects. */
  readonly closed: Promise<HubError | undefined>;
  /**
   * Runs an operation of the table and resolves with its result (websocket §3).
   *
   * @throws {HubError} what the hub answered, or `timeout`, or `unavailable` when there is no connection to wait for
   */
  call(name: string, params: Readonly<Record<string, unknown>>, options: TransportCallOptions): Promise<unknown>;
  subscribe(request: FeedRequest, sink: FeedSink): Feed;
  /** Ends every feed, rejects every call that is not answered, and frees the connections. */
  close(): Promise<void>;
}
