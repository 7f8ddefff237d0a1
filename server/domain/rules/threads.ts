import { storedValue } from '../../json.js';
import type { ThreadWithLeases } from '../store.js';

/** `completed` beats an active lease; open tasks without leases are `waiting` (arc-v1 §5.6). */
export function threadStatus(thread: ThreadWithLeases): 'completed' | 'open' | 'waiting' {
  if (thread.total_task_count > 0 && thread.open_task_count === 0) return 'completed';
  return thread.active_claim_count + thread.active_lock_count > 0 ? 'open' : 'waiting';
}

/** The thread of a lock: `thread_id` of its metadata, if that is a JSON string (arc-v1 §3.5). */
export function threadOfLock(metadata_json: string): string | null {
  if (!metadata_json.includes('thread_id')) return null;
  const metadata = storedValue(metadata_json, '{}') as { thread_id?: unknown } | null;
  return typeof metadata?.thread_id === 'string' ? metadata.thread_id : null;
}

export const encodeThread = (thread: ThreadWithLeases) => ({
  thread_id: thread.thread_id,
  channel: thread.channel,
  root_task_id: thread.root_task_id,
  latest_message_id: thread.latest_message_id,
  latest_message_ts: thread.latest_message_ts,
  latest_artifact_id: thread.latest_artifact_id,
  message_count: thread.message_count,
  total_task_count: thread.total_task_count,
  open_task_count: thread.open_task_count,
  active_claim_count: thread.active_claim_count,
  active_lock_count: thread.active_lock_count,
  status: threadStatus(thread),
});
