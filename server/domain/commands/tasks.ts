import { HubError } from '../../../protocol/index.js';
import type { Party } from '../party.js';
import type { TaskRow } from '../rows.js';
import { rollsUp, rollupNotice } from '../rules/tasks.js';
import type { Tx } from '../tx.js';

export interface CompletedTask {
  task: TaskRow;
  parent_completed: boolean;
}

export const taskCommands = {
  /**
   * @param of who completes it, where that is not anybody: only whom it was for, who claimed it, or who asked
   * @throws {HubError} `not_found`; `forbidden`
   */
  completeTask(tx: Tx, { task_id, of }: { task_id: number; of?: Party | undefined }): CompletedTask {
    const task = tx.tables.tasks.get(task_id);
    if (task === undefined || of?.sees(task) === false) throw new HubError('not_found', 'task not found');
    // Whoever says once more that it is done says nothing new.
    if (task.status === 'open' && of !== undefined && !concerns(tx, task, of)) {
      throw new HubError('forbidden', `task_id ${NOT_CONCERNED}`);
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

export const NOT_CONCERNED = 'is of a task that is not addressed to, claimed by or asked by the caller';

/** Whether the task was asked of the party or by it, or it sees the request and holds a claim on it. */
export function concerns(tx: Tx, task: TaskRow, party: Party): boolean {
  const { from_agent, to_agent } = task;
  if (party.has(from_agent) || (to_agent !== null && party.has(to_agent))) return true;
  if (!party.sees(task)) return false;
  return tx.tables.leases.onTask(task.task_id, tx.now).some(({ owner }) => party.has(owner));
}

/** @throws {HubError} nothing of the thread was said to the party: its own words would open it, or move it */
export function mustUseThread(tx: Tx, threadId: string, party: Party): void {
  if (tx.tables.threads.isOpenTo(threadId, party.sees)) return;
  throw new HubError('forbidden', 'thread_id is of a thread that the caller may not see');
}

function finish(tx: Tx, task: TaskRow): TaskRow {
  const row = tx.tables.tasks.finish(task, tx.now);
  tx.changed({ topic: 'task', change: 'done', row });
  return row;
}
