import { HubError, stringify } from '../../../protocol/index.js';
import { storedValue } from '../../json.js';
import type { MessageRow, NewMessage, TaskRow, WideInteger } from '../rows.js';
import { systemNotice } from '../rules/notices.js';
import { completesRequest, createsTask } from '../rules/tasks.js';
import type { Tx } from '../tx.js';
import type { Names } from './sessions.js';
import { complete, concerns } from './tasks.js';

export interface PostMessage extends Omit<NewMessage, 'ts'> {
  parent_task_id: number | bigint | null;
  /** Refuse a channel that does not exist even for a direct message (websocket §6). */
  require_channel: boolean;
  /** Whose result it may be, where that is not anybody's: another's ends no task. */
  of?: Names | undefined;
}

export const messageCommands = {
  post(tx: Tx, input: PostMessage): { message: MessageRow } {
    const { tables } = tx;
    const { parent_task_id } = input;
    // No task id is beyond 2^53.
    if (
      typeof parent_task_id === 'bigint' ||
      (parent_task_id !== null && tables.tasks.get(parent_task_id) === undefined)
    ) {
      throw new HubError('bad_request', 'parent_task_id references unknown task');
    }
    if ((input.to_agent === null || input.require_channel) && !tables.channels.has(input.channel)) {
      throw new HubError('bad_request', `channel does not exist: ${input.channel}`);
    }
    const answered =
      input.kind === 'task_result' && input.reply_to !== null ? requestTask(tx, input.reply_to, input.of) : undefined;
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
      metadata_json:
        answered === undefined ? input.metadata_json : markCompleted(input.metadata_json, answered.task_id),
    });
    if (createsTask(input.kind)) {
      const task: TaskRow = {
        task_id: message.id,
        parent_task_id,
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
function requestTask(tx: Tx, replyTo: WideInteger, of: Names | undefined): TaskRow | undefined {
  if (typeof replyTo !== 'number') return undefined;
  const task = tx.tables.tasks.get(replyTo);
  if (task?.status !== 'open' || (of !== undefined && !concerns(tx, task.task_id, of))) return undefined;
  return completesRequest(tx.tables.messages.get(replyTo), task) ? task : undefined;
}

function markCompleted(metadataJson: string, taskId: number): string {
  return stringify({ ...(storedValue(metadataJson, '{}') as Record<string, unknown>), task_completed: taskId });
}
