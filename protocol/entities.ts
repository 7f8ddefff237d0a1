/** What the hub hands out: every entity of arc-v1 §3, and the shapes of our own answers. Field order is wire order. */
import { z } from 'zod';
import { KEPT_TOPICS, TOPICS } from './hub.js';
import { ROLES } from './roles.js';

/** `YYYY-MM-DDTHH:MM:SSZ`: UTC, whole seconds (arc-v1 §2.9). */
export const Timestamp = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/);
const Metadata = z.record(z.string(), z.unknown());

export const Channel = z.object({
  name: z.string(),
  created_at: Timestamp,
  created_by: z.string().nullable(),
  metadata: Metadata,
});
export type Channel = z.output<typeof Channel>;

export const Session = z.object({
  session_id: z.string(),
  agent_id: z.string(),
  display_name: z.string(),
  capabilities: z.array(z.string()),
  metadata: Metadata,
  created_at: Timestamp,
  last_seen: Timestamp,
  active: z.boolean(),
});
export type Session = z.output<typeof Session>;

export const Attachment = z.looseObject({ type: z.string() });
export type Attachment = z.output<typeof Attachment>;

export const Message = z.object({
  id: z.number().int(),
  ts: Timestamp,
  from_agent: z.string(),
  to_agent: z.string().nullable(),
  channel: z.string(),
  /** One of `MESSAGE_KINDS`; rows of older hubs may hold others (arc-v1 §13). */
  kind: z.string(),
  body: z.string(),
  attachments: z.array(Attachment),
  reply_to: z.number().int().nullable(),
  thread_id: z.string().nullable(),
  metadata: Metadata,
});
export type Message = z.output<typeof Message>;

export const Claim = z.object({
  claim_key: z.string(),
  thread_id: z.string().nullable(),
  task_message_id: z.number().int().nullable(),
  owner_agent_id: z.string(),
  claimed_at: Timestamp,
  expires_at: Timestamp,
  released_at: Timestamp.nullable(),
  metadata: Metadata,
});
export type Claim = z.output<typeof Claim>;

export const Lock = z.object({
  file_path: z.string(),
  agent_id: z.string(),
  locked_at: Timestamp,
  expires_at: Timestamp,
  released_at: Timestamp.nullable(),
  metadata: Metadata,
});
export type Lock = z.output<typeof Lock>;

export const Task = z.object({
  task_id: z.number().int(),
  parent_task_id: z.number().int().nullable(),
  channel: z.string(),
  thread_id: z.string().nullable(),
  status: z.enum(['open', 'done']),
  created_at: Timestamp,
  completed_at: Timestamp.nullable(),
});
export type Task = z.output<typeof Task>;

/** Derived from the thread's rows (arc-v1 §3.7, §5.6). */
export const Thread = z.object({
  thread_id: z.string(),
  channel: z.string().nullable(),
  root_task_id: z.number().int().nullable(),
  latest_message_id: z.number().int().nullable(),
  latest_message_ts: Timestamp.nullable(),
  latest_artifact_id: z.number().int().nullable(),
  message_count: z.number().int(),
  total_task_count: z.number().int(),
  open_task_count: z.number().int(),
  active_claim_count: z.number().int(),
  active_lock_count: z.number().int(),
  status: z.enum(['completed', 'open', 'waiting']),
});
export type Thread = z.output<typeof Thread>;

export const ThreadDetail = z.object({
  thread: Thread,
  messages: z.array(Message),
  tasks: z.array(Task),
  claims: z.array(Claim),
  locks: z.array(Lock),
});
export type ThreadDetail = z.output<typeof ThreadDetail>;

/** Who may come as whom, and what for (identity §2). The secret is told once, when it is made. */
export const Token = z.object({
  id: z.string(),
  role: z.enum(ROLES),
  /** Names that it may act as; `ci-*` stands for all that begin so. */
  names: z.array(z.string()),
  /** Channels that exist for it; null: all. */
  channels: z.array(z.string()).nullable(),
  label: z.string(),
  issued_at: Timestamp,
  /** Null: it does not end by itself. */
  expires_at: Timestamp.nullable(),
  /** To the minute. */
  last_used_at: Timestamp.nullable(),
  revoked_at: Timestamp.nullable(),
});
export type Token = z.output<typeof Token>;

/** A token on the one occasion that its text is told. */
export const NewToken = Token.extend({ token: z.string() });
export type NewToken = z.output<typeof NewToken>;

/** What the hub takes the caller for. */
export const Whoami = z.object({
  role: z.enum(ROLES),
  /** Whether a token says so; without one an open hub takes everybody for anybody. */
  verified: z.boolean(),
  token_id: z.string().nullable(),
  label: z.string().nullable(),
  names: z.array(z.string()).nullable(),
  channels: z.array(z.string()).nullable(),
  expires_at: Timestamp.nullable(),
  door: z.string(),
  address: z.string(),
  auth: z.enum(['open', 'required']),
});
export type Whoami = z.output<typeof Whoami>;

/** What somebody did, or was not let do, that an operator should be able to look up (identity §9). */
export const AuditEntry = z.object({
  id: z.number().int(),
  ts: Timestamp,
  caller: z.object({
    token_id: z.string().nullable(),
    role: z.string(),
    agent: z.string().nullable(),
    address: z.string(),
    door: z.string(),
  }),
  operation: z.string(),
  /** What it was done to: an agent, a key, a token's id. */
  target: z.string(),
  /** `done`, or the code of the refusal. */
  outcome: z.string(),
  /** How often within the minute. */
  count: z.number().int(),
});
export type AuditEntry = z.output<typeof AuditEntry>;

export const Bootstrap = z.object({
  agent_id: z.string(),
  session: Session.nullable(),
  latest_visible_id: z.number().int(),
  live_agents: z.array(Session),
  default_channel: z.string(),
});
export type Bootstrap = z.output<typeof Bootstrap>;

export const HubInfo = z.object({
  storage_path: z.string(),
  instance_id: z.string(),
  journal_mode: z.string(),
  wal_mode: z.boolean(),
  default_channel: z.string(),
  max_body_chars: z.number(),
  max_attachment_chars: z.number(),
  max_attachments: z.number(),
  allow_remote: z.boolean(),
  /** Whether callers must show a token; insecure: off this machine they need not (identity §1). */
  auth: z.object({ mode: z.enum(['open', 'required']), insecure: z.boolean() }),
  protocol_version: z.string(),
  implementation: z.string(),
  implementation_version: z.string(),
  features: z.array(z.string()),
  message_kinds: z.array(z.string()),
  extensions: z.array(z.string()),
  max_query_limit: z.number(),
  max_wait_sec: z.number(),
  presence_ttl_sec: z.number(),
  durability: z.enum(['full', 'normal']),
  /** Why nothing can be written, such as a file that was removed beneath the hub; null while all is well. */
  store_problem: z.string().nullable(),
  limits: z.record(z.string(), z.number()),
});
export type HubInfo = z.output<typeof HubInfo>;

export const Stats = z.object({
  instance_id: z.string(),
  version: z.string(),
  uptime_sec: z.number(),
  connections: z.number(),
  waiters: z.number(),
  subscriptions: z.number(),
  messages: z.number(),
  posts_per_sec: z.number(),
  pushes_per_sec: z.number(),
  commits: z.object({
    count: z.number(),
    batch_mean: z.number(),
    batch_max: z.number(),
    p50_ms: z.number(),
    p99_ms: z.number(),
  }),
  /** Ids between the newest message and the slowest subscriber. */
  slowest_reader_lag: z.number(),
  store_bytes: z.number(),
  wal_bytes: z.number(),
  /** Why nothing can be written, such as a file that was removed beneath the hub; null while all is well. */
  store_problem: z.string().nullable(),
  relay_in_flight: z.number(),
  /** Refusals since the start, by the limit that was met (identity §8). */
  limited: z.object({
    posts: z.number(),
    bytes: z.number(),
    connections: z.number(),
    waits: z.number(),
    subscriptions: z.number(),
    tokens: z.number(),
  }),
});
export type Stats = z.output<typeof Stats>;

export const PendingShutdown = z.object({ remaining_sec: z.number().int(), delay_sec: z.number().int() });
export type PendingShutdown = z.output<typeof PendingShutdown>;

export const Cursor = z.object({ agent_id: z.string(), since_id: z.number().int().nullable() });
export type Cursor = z.output<typeof Cursor>;

/** `params` of a topic notification (websocket §5). */
export const Change = z.object({ change: z.string(), value: z.unknown(), seq: z.number().int() });
export type Change = z.output<typeof Change>;

export const TopicName = z.enum([...TOPICS, ...KEPT_TOPICS]);
