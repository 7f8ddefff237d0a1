/**
 * The domain's port to its store. What crosses is a whole command of `commands/`, asynchronously; the store runs it in one
 * transaction and answers once the commit is durable. Nothing here knows SQL.
 */
import type { ArcpArtifact, ArcpIntent, ArcpNoun, ArcpRecord, KeptEnvelope } from './arcp.js';
import type { Committed } from './changes.js';
import type { CommandName, Commands, Written } from './commands/index.js';
import type { MessageFilter } from './filter.js';
import type { Sent } from './party.js';
import type {
  AuditRow,
  ChannelRow,
  LeaseKind,
  LeaseRow,
  MessageRow,
  SessionRow,
  TaskRow,
  ThreadRow,
  TokenRow,
  WriteKey,
} from './rows.js';
import type { Filters, ParsedQuery } from './rules/search-query.js';

export interface MessagePage extends MessageFilter {
  since_id: number;
  limit: number;
  /** The last `limit` rows instead of the first; ignored when `since_id` > 0. */
  tail?: boolean;
  /** Only rows below it, the nearest `limit` of them. */
  before_id?: number | undefined;
}

/** A search, and what of it the searcher may see. */
export interface MessageSearch {
  readonly query: ParsedQuery;
  /** What must hold beside what was typed. */
  readonly given: Filters;
  readonly sight: Sight;
  readonly since_id: number;
  readonly before_id: number | undefined;
  readonly limit: number;
  readonly order: 'newest' | 'best';
}

/** What is visible to a reader, in a form that a query can decide. */
export interface Sight {
  /** Broadcasts of these only. */
  readonly channels: readonly string[] | undefined;
  /** Direct messages only from or to one of these names, of each of the sets. */
  readonly parties: readonly Names[];
}

/** Names that are told one by one, and all that begin so, but for some. */
export interface Names {
  readonly whole: readonly string[];
  readonly prefixes: readonly string[];
  readonly except: readonly string[];
}

export interface SearchPage {
  readonly rows: MessageRow[];
  readonly more: boolean;
  /** Everything was searched; false while the index is being made. */
  readonly isWhole: boolean;
}

export interface LeaseFilter {
  readonly owner?: string | undefined;
  readonly thread_id?: string | undefined;
  /** Only those that stand at this time. */
  readonly active_at?: string | undefined;
}

export interface AuditPage {
  since_id: number;
  before_id?: number | undefined;
  limit: number;
  /** The last `limit` rows instead of the first; ignored when `since_id` > 0. */
  tail: boolean;
  /** Lines from this time on. */
  since?: string | undefined;
  operation?: string | undefined;
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
  /** Why nothing can be written now: the file was removed or replaced, for people; undefined while all is well. */
  readonly problem: string | undefined;
  /** Called when that changes, at most a second later. */
  onHealth(listener: (problem: string | undefined) => void): void;

  /** Called after every commit, in order, before its writers are answered. */
  onCommit(listener: (committed: Committed) => void): void;
  /** While on, writes of other processes are looked for on a short timer. */
  watch(on: boolean): void;

  latestId(): number;
  channelExists(name: string): Promise<boolean>;
  taskExists(task_id: number): Promise<boolean>;
  message(id: number): Promise<MessageRow | undefined>;
  messages(page: MessagePage): Promise<MessageRow[]>;
  /** Every `task_result` that replies to it, ascending. */
  resultsOf(request_id: number): Promise<MessageRow[]>;
  /** @throws {HubError} `unavailable`: it is switched off */
  search(search: MessageSearch): Promise<SearchPage>;
  latestVisibleId(agent_id: string): Promise<number>;
  channels(): Promise<ChannelRow[]>;
  activeSessions(): Promise<SessionRow[]>;
  /** The newest session of each agent that was ever here, active or not, newest first. */
  latestSessions(limit: number): Promise<SessionRow[]>;
  activeSessionOf(agent_id: string): Promise<SessionRow | undefined>;
  /** Whether any active session was last seen before `cutoff`. */
  hasSessionsBefore(cutoff: string): Promise<boolean>;
  /** @param sees what of a thread must have been said to the reader; a thread of leases alone is for all */
  threads(now: string, sees?: (sent: Sent) => boolean): Promise<ThreadWithLeases[]>;
  thread(thread_id: string, now: string): Promise<ThreadDetailRows | undefined>;
  /** By when they were taken. */
  leases(kind: LeaseKind, filter: LeaseFilter): Promise<LeaseRow[]>;
  lease(kind: LeaseKind, key: string): Promise<LeaseRow | undefined>;
  tasks(filter: TaskFilter): Promise<TaskRow[]>;
  cursor(agent_id: string): Promise<number | undefined>;
  /** By when they were issued. */
  tokens(): Promise<TokenRow[]>;
  audit(page: AuditPage): Promise<AuditRow[]>;
  readonly arcp: ArcpReads;
  stats(): StoreStats;
  /** Commits what is queued, then closes. */
  close(): Promise<void>;
}

/** What the ARCP door reads of its own tables. */
export interface ArcpReads {
  all(noun: ArcpNoun): Promise<ArcpRecord[]>;
  intents(): Promise<ArcpIntent[]>;
  /** Inbound ids of a session that had an effect, with the envelopes that answered them. */
  answers(session_id: string): Promise<{ id: string; answer: string }[]>;
  /** Envelopes of a session after a place in its outbox, ascending. */
  after(session_id: string, seq: number, limit: number): Promise<KeptEnvelope[]>;
  envelope(envelope_id: string): Promise<KeptEnvelope | undefined>;
  /** The place of an envelope in the outbox of a session. */
  anchor(session_id: string, envelope_id: string): Promise<number | undefined>;
  /** Numbered events of a session after that number, ascending. */
  events(session_id: string, event_seq: number, limit: number): Promise<KeptEnvelope[]>;
  oldestEvent(session_id: string): Promise<number | undefined>;
  /** Envelopes of one job in the outbox of a session, ascending. */
  ofJob(session_id: string, job_id: string): Promise<KeptEnvelope[]>;
  artifact(artifact_id: string): Promise<ArcpArtifact | undefined>;
  artifactBytes(principal: string, now_ms: number): Promise<number>;
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
  claims: LeaseRow[];
  locks: LeaseRow[];
}
