/**
 * The domain's port to its store. What crosses is a whole command, asynchronously; the store runs it in one transaction,
 * calls the rules of this folder on the rows it read, and answers once the commit is durable. Nothing here knows SQL.
 */
import type { MessageFilter } from './filter.js';
import type { ChannelRow, ClaimRow, LockRow, MessageRow, SessionRow, TaskRow, ThreadRow, WideInteger } from './rows.js';

export interface OpenSession {
  session_id: string;
  agent_id: string;
  display_name: string;
  capabilities_json: string;
  metadata_json: string;
  replace: boolean;
  resume: boolean;
  presence_ttl_sec: number;
  /** When the agent was last seen by this hub, if later than the stored time. */
  seen_ms: number;
}
export interface OpenedSession {
  session: SessionRow;
  resumed: boolean;
  replaced: SessionRow | null;
}

export interface PostMessage {
  parent_task_id: number | bigint | null;
  from_agent: string;
  to_agent: string | null;
  channel: string;
  kind: string;
  body: string;
  attachments_json: string;
  reply_to: WideInteger | null;
  thread_id: string | null;
  metadata_json: string;
  /** Refuse a channel that does not exist even for a direct message (websocket §6). */
  require_channel: boolean;
}
export interface PostedMessage {
  message: MessageRow;
}

export interface AcquireClaim {
  claim_key: string;
  owner_agent_id: string;
  task_message_id: WideInteger | null;
  thread_id: string | null;
  ttl_sec: number;
  metadata_json: string;
}
export interface AcquireLock {
  file_path: string;
  agent_id: string;
  ttl_sec: number;
  metadata_json: string;
}

/** When agents were last seen by this hub, to be written in one go. */
export type Touches = readonly (readonly [agent_id: string, seen_ms: number])[];

/** Every command: what goes in, what comes out. Outcomes are plain data, so that a repeat can be answered from its key. */
export interface Commands {
  openSession: { in: OpenSession; out: OpenedSession };
  renameSession: { in: { agent_id: string; display_name: string }; out: SessionRow };
  closeSession: { in: { session_id: string }; out: SessionRow };
  createChannel: { in: Omit<ChannelRow, 'created_at'>; out: { channel: ChannelRow; created: boolean } };
  post: { in: PostMessage; out: PostedMessage };
  acquireClaim: { in: AcquireClaim; out: { acquired: boolean; claim: ClaimRow } };
  refreshClaim: { in: { claim_key: string; owner_agent_id: string; ttl_sec: number }; out: ClaimRow };
  releaseClaim: { in: { claim_key: string; agent_id: string; force: boolean }; out: ClaimRow };
  acquireLock: { in: AcquireLock; out: { acquired: boolean; lock: LockRow } };
  refreshLock: { in: { file_path: string; agent_id: string; ttl_sec: number }; out: LockRow };
  releaseLock: { in: { file_path: string; agent_id: string; force: boolean }; out: LockRow };
  completeTask: { in: { task_id: number }; out: { task: TaskRow; parent_completed: boolean } };
  ackCursor: { in: { agent_id: string; since_id: number }; out: { agent_id: string; since_id: number } };
  /** A message from the hub itself, in `general`. */
  notice: { in: { body: string; metadata_json: string }; out: MessageRow };
  /** Writes presence, expires sessions past the TTL, recovers their leases; all in one (arc-v1 §5.1, §5.3). */
  sweep: { in: { presence_ttl_sec: number; touches: Touches }; out: { expired: SessionRow[]; recovered: number } };
  /** For operations whose effect is not in the store: remembers only that the key was used. */
  remember: { in: Record<string, never>; out: Record<string, never> };
}
export type CommandName = keyof Commands;

/** Identifies one intended write of one agent (websocket §7). */
export interface WriteKey {
  agent_id: string;
  key: string;
  /** Digest of operation and content: the same key with another one is a conflict. */
  fingerprint: string;
}

export interface Written<Out> {
  outcome: Out;
  /** The key was known: this is the first answer again, and nothing was written. */
  replayed: boolean;
}

export type StateTopic = 'session' | 'channel' | 'claim' | 'lock' | 'task';
export interface StateChange {
  topic: StateTopic;
  change: string;
  row: SessionRow | ChannelRow | ClaimRow | LockRow | TaskRow;
}

/** What one commit, of this hub or of another on the same file, added to the world; messages ascend by id. */
export interface Committed {
  messages: readonly MessageRow[];
  changes: readonly StateChange[];
}

export interface MessagePage extends MessageFilter {
  since_id: number;
  limit: number;
  /** The last `limit` rows instead of the first; ignored when `since_id` > 0. */
  tail?: boolean;
  /** Only rows below it, the nearest `limit` of them. */
  before_id?: number | undefined;
}

export interface Lease {
  kind: 'claim' | 'lock';
  key: string;
  expires_at: string;
}

export interface StoreStats {
  messages: number;
  commits: number;
  batch_mean: number;
  batch_max: number;
  commit_p50_ms: number;
  commit_p99_ms: number;
  store_bytes: number;
  wal_bytes: number;
}

export interface Store {
  /** Absolute path or address, for `hub.info`. */
  readonly location: string;
  readonly instance_id: string;
  readonly journal_mode: string;

  /**
   * Runs one command in the next group commit.
   * @throws {HubError} what the rules say; `conflict` for a key with other content; `unavailable` when the store cannot
   *   write (full, read-only, locked by another process for too long): nothing was written
   */
  write<K extends CommandName>(name: K, input: Commands[K]['in'], key?: WriteKey): Promise<Written<Commands[K]['out']>>;

  /** Whether a write with this key was done. @throws {HubError} `conflict`: with other content */
  knows(key: WriteKey): Promise<boolean>;
  /** Called after every commit, in order, before its writers are answered. */
  onCommit(listener: (committed: Committed) => void): void;
  /** While on, writes of other processes are looked for on a short timer. */
  watch(on: boolean): void;

  latestId(): number;
  channelExists(name: string): Promise<boolean>;
  taskExists(task_id: number): Promise<boolean>;
  message(id: number): Promise<MessageRow | undefined>;
  messages(page: MessagePage): Promise<MessageRow[]>;
  /** The first `task_result` that answers a request, public or direct to `agent_id`. */
  resultOf(request_id: number, agent_id: string): Promise<MessageRow | undefined>;
  latestVisibleId(agent_id: string): Promise<number>;
  channels(): Promise<ChannelRow[]>;
  activeSessions(): Promise<SessionRow[]>;
  activeSessionOf(agent_id: string): Promise<SessionRow | undefined>;
  /** Whether any active session was last seen before `cutoff`. */
  hasSessionsBefore(cutoff: string): Promise<boolean>;
  threads(now: string): Promise<ThreadWithLeases[]>;
  thread(thread_id: string, now: string): Promise<ThreadDetailRows | undefined>;
  claims(filter: { thread_id?: string | undefined; active_at?: string | undefined }): Promise<ClaimRow[]>;
  locks(filter: { agent_id?: string | undefined; active_at?: string | undefined }): Promise<LockRow[]>;
  activeLeases(now: string): Promise<Lease[]>;
  claim(key: string): Promise<ClaimRow | undefined>;
  lock(path: string): Promise<LockRow | undefined>;
  tasks(filter: TaskFilter): Promise<TaskRow[]>;
  cursor(agent_id: string): Promise<number | undefined>;
  stats(): StoreStats;
  /** Commits what is queued, then closes. */
  close(): Promise<void>;
}

export interface TaskFilter {
  parent_id?: number | bigint | undefined;
  status?: string | undefined;
  channel?: string | undefined;
  thread_id?: string | undefined;
}

export interface ThreadWithLeases extends ThreadRow {
  active_claim_count: number;
  active_lock_count: number;
}

export interface ThreadDetailRows {
  thread: ThreadWithLeases;
  messages: MessageRow[];
  tasks: TaskRow[];
  claims: ClaimRow[];
  locks: LockRow[];
}
