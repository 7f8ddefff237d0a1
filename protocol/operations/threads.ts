import { z } from 'zod';
import { Thread, ThreadDetail } from '../entities.js';
import { chars, rest } from '../fields.js';
import { operation } from '../operation.js';

export const threadsList = operation({
  name: 'threads.list',
  kind: 'read',
  access: 'look',
  summary: 'All threads, the latest first',
  rest: { method: 'GET', path: '/v1/threads', statuses: [200] },
  input: () => z.strictObject({}),
  output: z.array(Thread),
});

export const threadsGet = operation({
  name: 'threads.get',
  kind: 'read',
  access: 'look',
  summary: 'A thread with its messages, tasks, claims and locks',
  rest: { method: 'GET', path: '/v1/threads/{thread_id}', statuses: [200] },
  input: (limits) => z.strictObject({ thread_id: rest('raw_text', chars(limits.max_name_chars)) }),
  output: ThreadDetail,
});
