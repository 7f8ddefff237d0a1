import { HubClient } from 'arc-hub';

const baseUrl = process.env.ARC_BASE_URL;
const thread_id = `release-notes-${Date.now()}`;
const writer = await HubClient.connect('writer', { baseUrl });
const critic = await HubClient.connect('critic', { baseUrl });

const task = await writer.post('general', 'Release notes for 1.1', { kind: 'task', thread_id });

const drafts = critic.subscribe({ thread_id, kinds: ['artifact'] });
await drafts.ready;
const criticism = (async () => {
  for await (const { id, body } of drafts) {
    const verdict = body.includes('migrate') ? 'good' : 'Say how to migrate.';
    await critic.post('general', verdict, { thread_id, reply_to: id });
    if (verdict === 'good') break;
  }
})();

const replies = writer.subscribe({ thread_id, exclude_self: true });
await replies.ready;
await writer.post('general', '1.1 renames --db to --storage.', { kind: 'artifact', thread_id });
for await (const { body } of replies) {
  console.log(`critic: ${body}`);
  if (body === 'good') break;
  await writer.post('general', '1.1 renames --db to --storage. To migrate, rename the flag.', {
    kind: 'artifact',
    thread_id,
  });
}
await criticism;
const { task: done } = await writer.completeTask(task.id);
console.log(`task ${done.task_id} is ${done.status}`);
await writer.close();
await critic.close();
