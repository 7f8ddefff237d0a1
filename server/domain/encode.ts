/** Rows to what goes over the wire. JSON columns are spliced in as text, so their numbers stay digit for digit. */
import { JsonText } from '../../protocol/index.js';
import { storedJson } from '../json.js';
import type { AuditRow, ChannelRow, LeaseRow, MessageRow, SessionRow, TaskRow, TokenRow, WideInteger } from './rows.js';

const text = JSON.stringify;
const textOrNull = (value: string | null) => (value === null ? 'null' : JSON.stringify(value));

export function messageJson(row: MessageRow): string {
  return (
    `{"id":${row.id},"ts":"${row.ts}","from_agent":${text(row.from_agent)},"to_agent":${textOrNull(row.to_agent)},` +
    `"channel":${text(row.channel)},"kind":${text(row.kind)},"body":${text(row.body)},` +
    `"attachments":${storedJson(row.attachments_json, '[]')},"reply_to":${row.reply_to},` +
    `"thread_id":${textOrNull(row.thread_id)},"metadata":${storedJson(row.metadata_json, '{}')}}`
  );
}

/** Digits as they are. */
export const wide = (value: WideInteger | null) =>
  value === null || typeof value === 'number' ? value : new JsonText(String(value));

const metadata = (row: { metadata_json: string }) => new JsonText(storedJson(row.metadata_json, '{}'));

export const encodeMessage = (row: MessageRow) => new JsonText(messageJson(row));

export const encodeChannel = (row: ChannelRow) => ({
  name: row.name,
  created_at: row.created_at,
  created_by: row.created_by,
  metadata: metadata(row),
});

export const encodeSession = (row: SessionRow) => ({
  session_id: row.session_id,
  agent_id: row.agent_id,
  display_name: row.display_name,
  capabilities: new JsonText(storedJson(row.capabilities_json, '[]')),
  metadata: metadata(row),
  created_at: row.created_at,
  last_seen: row.last_seen,
  active: row.active !== 0,
});

/** A claim or a lock, under the names that Arc v1 has for its parts. */
export const encodeLease = (row: LeaseRow) => (row.kind === 'claim' ? encodeClaim(row) : encodeLock(row));

const encodeClaim = (row: LeaseRow) => ({
  claim_key: row.key,
  thread_id: row.thread_id,
  task_message_id: wide(row.task_message_id),
  owner_agent_id: row.owner,
  claimed_at: row.since,
  expires_at: row.expires_at,
  released_at: row.released_at,
  metadata: metadata(row),
});

const encodeLock = (row: LeaseRow) => ({
  file_path: row.key,
  agent_id: row.owner,
  locked_at: row.since,
  expires_at: row.expires_at,
  released_at: row.released_at,
  metadata: metadata(row),
});

export const encodeTask = (row: TaskRow) => ({
  task_id: row.task_id,
  parent_task_id: row.parent_task_id,
  channel: row.channel,
  thread_id: row.thread_id,
  status: row.status,
  created_at: row.created_at,
  completed_at: row.completed_at,
});

/** Without the digests of its secrets. */
export const encodeToken = (row: TokenRow) => ({
  id: row.id,
  role: row.role,
  names: new JsonText(row.names_json),
  channels: row.channels_json === null ? null : new JsonText(row.channels_json),
  label: row.label,
  issued_at: row.issued_at,
  expires_at: row.expires_at,
  last_used_at: row.last_used_at,
  revoked_at: row.revoked_at,
});

export const encodeAudit = ({ id, ts, token_id, role, agent, address, door, ...row }: AuditRow) => ({
  id,
  ts,
  caller: { token_id, role, agent, address, door },
  operation: row.operation,
  target: row.target,
  outcome: row.outcome,
  count: row.count,
});
