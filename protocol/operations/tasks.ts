import { z } from 'zod';
import { Task } from '../entities.js';
import { idempotencyKey, integer, optionalInteger, queryText, rest } from '../fields.js';
import { operation } from '../operation.js';

export const tasksList = operation({
  name: 'tasks.list',
  kind: 'read',
  access: 'look',
  summary: 'Tasks, ascending by id',
  rest: { method: 'GET', path: '/v1/tasks', statuses: [200] },
  channels: ({ channel }) => [channel],
  input: (limits) =>
    z.strictObject({
      parent_id: optionalInteger(),
      status: rest(
        'raw_text',
        z
          .string()
          .refine((status) => status === 'open' || status === 'done', { error: "status must be 'open' or 'done'" })
          .optional(),
      ),
      channel: queryText(limits.max_name_chars),
      thread_id: queryText(limits.max_name_chars),
    }),
  output: z.array(Task),
});

export const tasksComplete = operation({
  name: 'tasks.complete',
  kind: 'write',
  access: 'act',
  summary: 'Mark a task done; the last open child completes its parent',
  rest: {
    method: 'POST',
    path: '/v1/tasks/{task_id:int}/complete',
    statuses: [200],
    unwrap: ({ result, parent_completed }) => ({
      task: result,
      ...(parent_completed === true && { parent_completed }),
    }),
  },
  actor: ['agent_id'],
  input: (limits) =>
    z.strictObject({
      task_id: rest('integer', integer()),
      /** Who completes it, for presence only: Arc v1 does not record it. */
      agent_id: queryText(limits.max_name_chars),
      idempotency_key: idempotencyKey(limits),
    }),
  output: z.object({ task: Task, parent_completed: z.literal(true).optional() }),
});
