import { HubError } from '../../../protocol/index.js';
import type { TaskRow } from '../rows.js';
import { rollsUp, rollupNotice } from '../rules/tasks.js';
import type { Tx } from '../tx.js';
import type { Names } from './sessions.js';

export interface CompletedTask {
  task: TaskRow;
  parent_completed: boolean;
}

export const taskCommands = {
  /**
   * @param of who completes it, where that is not anybody: only whom it was for, who claimed it, or who asked
   * @throws {HubError} `not_found`; `forbidden`
   */
  completeTask(tx: Tx, { task_id, of }: { task_id: number; of?: Names | undefined }): CompletedTask {
    const task = tx.tables.tasks.get(task_id);
    if (task === undefined) throw new HubError('not_found', 'task not found');
    if (of !== undefined && !concerns(tx, task_id, of)) {
      throw new HubError(
        'forbidden',
        'task_id is of a task that is not addressed to, claimed by or asked by the caller',
      );
    }
    return complete(tx, task);
  },
};

/** The one way a task becomes done, with the roll-up to its parent (arc-v1 §5.4). */
export function complete(tx: Tx, task: TaskRow): CompletedTask {
  const { tasks } = tx.tables;
  const done = task.status === 'open' ? finish(tx, task) : task;
  if (done.parent_task_id === null) return { task: done, parent_completed: false };
  const parent = tasks.get(done.parent_task_id);
  const children = tasks.children(done.parent_task_id);
  if (!rollsUp(parent, children.open)) return { task: done, parent_completed: false };
  finish(tx, parent);
  tx.say(rollupNotice(parent, children.total, tx.now));
  return { task: done, parent_completed: true };
}

/** Whether the request of a task is for one of these names, from one, or claimed by one. */
export function concerns(tx: Tx, taskId: number, names: Names): boolean {
  const request = tx.tables.messages.get(taskId);
  if (request !== undefined && [request.from_agent, request.to_agent].some((end) => end !== null && names.has(end))) {
    return true;
  }
  return tx.tables.leases.onTask(taskId, tx.now).some(({ owner }) => names.has(owner));
}

function finish(tx: Tx, task: TaskRow): TaskRow {
  const row = tx.tables.tasks.finish(task, tx.now);
  tx.changed({ topic: 'task', change: 'done', row });
  return row;
}
