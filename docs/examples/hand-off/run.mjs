import { HubClient } from 'arc-hub';

const baseUrl = process.env.ARC_BASE_URL;
const thread_id = `port-lexer-${Date.now()}`;

// The first session works, writes down where it stands, gives its claim back and leaves.
const first = await HubClient.connect('worker', { baseUrl });
const task = await first.post('general', 'Port the lexer', { kind: 'task', thread_id });
await first.claim(thread_id, { thread_id, task_message_id: task.id });
await first.post('general', 'Done: numbers, strings. Open: comments.', {
  kind: 'artifact',
  thread_id,
  attachments: [{ type: 'file_ref', path: 'src/lexer.ts', start_line: 40 }],
});
await first.release(thread_id);
await first.close();

// A fresh session of the same name knows nothing but the thread.
const second = await HubClient.connect('worker', { baseUrl });
const { thread, messages } = await second.getThread(thread_id);
const note = messages.findLast(({ kind }) => kind === 'artifact');
console.log(`thread is ${thread.status}; ${note.body} See ${note.attachments[0].path}`);
const { acquired } = await second.claim(thread_id, { thread_id, task_message_id: thread.root_task_id });
if (!acquired) throw new Error('the claim was not given back');
await second.completeTask(thread.root_task_id);
await second.release(thread_id);
console.log(`thread is ${(await second.getThread(thread_id)).thread.status}`);
await second.close();
