/** Rows as they are stored: Arc v1's columns, JSON columns as text (arc-v1 §3.8). */
/** Up to 64 bits: a bigint as it came, or its digits as they were read, beyond 2^53. */
export type WideInteger = number | bigint | string;

export interface ChannelRow {
  name: string;
  created_at: string;
  created_by: string | null;
  metadata_json: string;
}

export interface SessionRow {
  session_id: string;
  agent_id: string;
  display_name: string;
  capabilities_json: string;
  metadata_json: string;
  created_at: string;
  last_seen: string;
  active: number;
}

export interface MessageRow {
  id: number;
  ts: string;
  from_agent: string;
  to_agent: string | null;
  channel: string;
  kind: string;
  body: string;
  attachments_json: string;
  reply_to: WideInteger | null;
  thread_id: string | null;
  metadata_json: string;
}

export type NewMessage = Omit<MessageRow, 'id'>;

export type LeaseKind = 'claim' | 'lock';

/** A claim or a lock: one machine over two of Arc's tables, whose columns have other names for the same (arc-v1 §3.4, §3.5). */
export interface LeaseRow {
  kind: LeaseKind;
  /** `claim_key` or `file_path`. */
  key: string;
  owner: string;
  /** When the owner took it. */
  since: string;
  expires_at: string;
  released_at: string | null;
  /** A lock's is the one that its metadata names. */
  thread_id: string | null;
  /** Of claims only. */
  task_message_id: WideInteger | null;
  metadata_json: string;
}

/** A task, with the ends of the request that made it; who may see the one may see the other. */
export interface TaskRow {
  task_id: number;
  parent_task_id: number | null;
  /** Empty where the request is no longer there. */
  from_agent: string;
  to_agent: string | null;
  channel: string;
  thread_id: string | null;
  status: 'open' | 'done';
  created_at: string;
  completed_at: string | null;
}

/** Counters of a thread, kept as messages and tasks arrive; leases are counted when it is read. */
export interface ThreadRow {
  thread_id: string;
  channel: string | null;
  root_task_id: number | null;
  latest_message_id: number | null;
  latest_message_ts: string | null;
  latest_artifact_id: number | null;
  message_count: number;
  total_task_count: number;
  open_task_count: number;
}

/** A token, of whose secret the digest alone is kept (identity §2). */
export interface TokenRow {
  id: string;
  secret_sha256: string;
  /** The one before it, which works until `old_until`. */
  old_secret_sha256: string | null;
  old_until: string | null;
  role: string;
  names_json: string;
  /** Null: all channels. */
  channels_json: string | null;
  label: string;
  issued_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
}

/** A line of the audit (identity §9). */
export interface AuditRow {
  id: number;
  ts: string;
  token_id: string | null;
  role: string;
  agent: string | null;
  address: string;
  door: string;
  operation: string;
  target: string;
  /** `done`, or the code of the refusal. */
  outcome: string;
  count: number;
  /** Lines that have the same are one, with a count. */
  merge_key: string | null;
}

export type NewAuditRow = Omit<AuditRow, 'id'>;

/** One intended write of one agent (websocket §7). */
export interface WriteKey {
  agent_id: string;
  key: string;
  /** Digest of operation and content: the same key with another one is a conflict. */
  fingerprint: string;
}
