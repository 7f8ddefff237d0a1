import type { MessageRow, NewMessage, TaskRow } from '../rows.js';

export const createsTask = (kind: string) => kind === 'task' || kind === 'task_request';

/** Whether a `task_result` completes the task of the message it answers (arc-v1 §4.8). */
export function completesRequest(request: MessageRow | undefined, task: TaskRow | undefined): task is TaskRow {
  return request?.kind === 'task_request' && task?.status === 'open';
}

/** Whether the last open child is gone, so that the parent is done too; one level only (arc-v1 §5.4). */
export function rollsUp(parent: TaskRow | undefined, openChildren: number): parent is TaskRow {
  return parent !== undefined && parent.status === 'open' && openChildren === 0;
}

export function rollupNotice(parent: TaskRow, children: number, now: string): NewMessage {
  return {
    ts: now,
    from_agent: 'system',
    // What was asked of one agent is told to whoever asked.
    to_agent: parent.to_agent === null ? null : parent.from_agent || null,
    channel: parent.channel,
    kind: 'notice',
    body: `All ${children} subtasks of task ${parent.task_id} are complete.`,
    attachments_json: '[]',
    reply_to: parent.task_id,
    thread_id: parent.thread_id,
    metadata_json: JSON.stringify({ auto_rollup: true, parent_task_id: parent.task_id }),
  };
}
