import type { ThreadWithLeases } from './store.js';

/** `completed` beats an active lease; open tasks without leases are `waiting` (arc-v1 §5.6). */
export function threadStatus(thread: ThreadWithLeases): 'completed' | 'open' | 'waiting' {
  if (thread.total_task_count > 0 && thread.open_task_count === 0) return 'completed';
  return thread.active_claim_count + thread.active_lock_count > 0 ? 'open' : 'waiting';
}

/** The thread of a lock: `metadata.thread_id`, if it is a JSON string (arc-v1 §3.5). */
export function threadOfLock(metadata: unknown): string | null {
  const thread = (metadata as { thread_id?: unknown } | null)?.thread_id;
  return typeof thread === 'string' ? thread : null;
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
