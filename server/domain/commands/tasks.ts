import { HubError } from '../../../protocol/index.js';
import type { TaskRow } from '../rows.js';
import { rollsUp, rollupNotice } from '../rules/tasks.js';
import type { Tx } from '../tx.js';

export interface CompletedTask {
  task: TaskRow;
  parent_completed: boolean;
}

export const taskCommands = {
  completeTask(tx: Tx, { task_id }: { task_id: number }): CompletedTask {
    const task = tx.tables.tasks.get(task_id);
    if (task === undefined) throw new HubError('not_found', 'task not found');
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

function finish(tx: Tx, task: TaskRow): TaskRow {
  const row = tx.tables.tasks.finish(task, tx.now);
  tx.changed({ topic: 'task', change: 'done', row });
  return row;
}
