import { isVisible } from '../access/visibility.js';
import { encodeTask } from '../domain/encode.js';
import { Answer, handle } from './context.js';

export const taskOperations = [
  handle('tasks.list', async ({ hub, call }, filter) => {
    const tasks = await hub.store.tasks(filter);
    return tasks.filter((task) => isVisible(call.caller, task)).map(encodeTask);
  }),

  handle('tasks.complete', async ({ hub, key, party }, { task_id, agent_id }) => {
    const { outcome } = await hub.write('completeTask', { task_id, of: party() }, key(agent_id ?? ''));
    const task = encodeTask(outcome.task);
    const rolledUp = outcome.parent_completed ? { parent_completed: true } : {};
    return new Answer({ task, ...rolledUp }, 200, { result: task, ...rolledUp });
  }),
];
