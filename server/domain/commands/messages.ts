import { HubError, stringify } from '../../../protocol/index.js';
import { storedValue } from '../../json.js';
import type { Party } from '../party.js';
import type { MessageRow, NewMessage, TaskRow, WideInteger } from '../rows.js';
import { systemNotice } from '../rules/notices.js';
import { completesRequest, createsTask } from '../rules/tasks.js';
import type { Tx } from '../tx.js';
import { complete, concerns, mustUseThread, NOT_CONCERNED } from './tasks.js';

export interface PostMessage extends Omit<NewMessage, 'ts'> {
  parent_task_id: number | bigint | null;
  /** Refuse a channel that does not exist even for a direct message (websocket §6). */
  require_channel: boolean;
  /** Whoever posts it, where that is not anybody: what is none of its business it neither ends nor adds to. */
  of?: Party | undefined;
}

export const messageCommands = {
  post(tx: Tx, input: PostMessage): { message: MessageRow } {
    const { tables } = tx;
    const { parent_task_id, of } = input;
    mustHaveParent(tx, parent_task_id, of);
    if (of !== undefined && input.thread_id !== null) mustUseThread(tx, input.thread_id, of);
    if ((input.to_agent === null || input.require_channel) && !tables.channels.has(input.channel)) {
      throw new HubError('bad_request', `channel does not exist: ${input.channel}`);
    }
    const answered =
      input.kind === 'task_result' && input.reply_to !== null ? requestTask(tx, input.reply_to, of) : undefined;
    const message = tx.say({
      ts: tx.now,
      from_agent: input.from_agent,
      to_agent: input.to_agent,
      channel: input.channel,
      kind: input.kind,
      body: input.body,
      attachments_json: input.attachments_json,
      reply_to: input.reply_to,
      thread_id: input.thread_id,
      metadata_json: marked(input, answered),
    });
    if (createsTask(input.kind)) {
      const task: TaskRow = {
        task_id: message.id,
        parent_task_id: parent_task_id as number | null,
        from_agent: message.from_agent,
        to_agent: message.to_agent,
        channel: message.channel,
        thread_id: message.thread_id,
        status: 'open',
        created_at: tx.now,
        completed_at: null,
      };
      tables.tasks.insert(task);
      tx.changed({ topic: 'task', change: 'created', row: task });
    }
    if (answered !== undefined) complete(tx, answered);
    return { message };
  },

  /** A message from the hub itself, in `general`. */
  notice(tx: Tx, { body, metadata_json }: { body: string; metadata_json: string }): MessageRow {
    return tx.say(systemNotice(tx.now, { channel: 'general', body, metadata_json }));
  },

  ackCursor(tx: Tx, { agent_id, since_id }: { agent_id: string; since_id: number }) {
    const latest = tx.tables.messages.latestId();
    if (since_id > latest) throw new HubError('bad_request', `since_id must be <= ${latest}, the latest id`);
    return { agent_id, since_id: tx.tables.cursors.advance(agent_id, since_id) };
  },
};

/** The open task of the request that a result answers, if it completes one. */
function requestTask(tx: Tx, replyTo: WideInteger, of: Party | undefined): TaskRow | undefined {
  if (typeof replyTo !== 'number') return undefined;
  const task = tx.tables.tasks.get(replyTo);
  if (task?.status !== 'open' || (of !== undefined && !concerns(tx, task, of))) return undefined;
  return completesRequest(tx.tables.messages.get(replyTo), task) ? task : undefined;
}

/** @throws {HubError} there is no such task, or it is none of the caller's business: the last part of a task ends the whole */
function mustHaveParent(tx: Tx, taskId: number | bigint | null, of: Party | undefined): void {
  if (taskId === null) return;
  // No task id is beyond 2^53.
  const parent = typeof taskId === 'bigint' ? undefined : tx.tables.tasks.get(taskId);
  if (parent === undefined || of?.sees(parent) === false) {
    throw new HubError('bad_request', 'parent_task_id references unknown task');
  }
  if (of !== undefined && !concerns(tx, parent, of)) {
    throw new HubError('forbidden', `parent_task_id ${NOT_CONCERNED}`);
  }
}

/** Its metadata, which tell truly of the task that it has completed: `task_completed` is the hub's to say. */
function marked({ metadata_json, of }: PostMessage, answered: TaskRow | undefined): string {
  if (answered !== undefined) {
    return stringify({ ...(storedValue(metadata_json, '{}') as object), task_completed: answered.task_id });
  }
  if (of === undefined || !metadata_json.includes('task_completed')) return metadata_json;
  const { task_completed: _, ...rest } = storedValue(metadata_json, '{}') as Record<string, unknown>;
  return stringify(rest);
}

/** Whether the message says that it has completed the task. */
export const hasCompleted = ({ metadata_json }: MessageRow, taskId: number): boolean =>
  metadata_json.includes('task_completed') &&
  (storedValue(metadata_json, '{}') as Record<string, unknown>).task_completed === taskId;
