import { encodeTask } from '../domain/encode.js';
import { Answer, handle } from './context.js';

export const taskOperations = [
  handle('tasks.list', async ({ hub }, filter) => (await hub.store.tasks(filter)).map(encodeTask)),

  handle('tasks.complete', async ({ hub, key }, { task_id, agent_id }) => {
    const { outcome } = await hub.write('completeTask', { task_id }, key(agent_id ?? ''));
    const task = encodeTask(outcome.task);
    const rolledUp = outcome.parent_completed ? { parent_completed: true } : {};
    return new Answer({ task, ...rolledUp }, 200, { result: task, ...rolledUp });
  }),
];
