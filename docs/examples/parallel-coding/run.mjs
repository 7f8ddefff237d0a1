import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HubClient } from 'arc-hub';

const baseUrl = process.env.ARC_BASE_URL;
const thread_id = `parallel-${Date.now()}`;
const folder = await mkdtemp(join(tmpdir(), 'arc-parallel-'));
const shared = join(folder, 'index.txt');
await writeFile(shared, '');

const lead = await HubClient.connect('lead', { baseUrl });
for (let n = 1; n <= 6; n++) await lead.post('general', `part ${n}`, { kind: 'task', thread_id });

/** Appends a line to the file that all tasks share: read, think, write. Without the lock, edits would be lost. */
async function edit(hub, line) {
  while (!(await hub.lock(shared, { ttl_sec: 30 })).acquired) await new Promise((resolve) => setTimeout(resolve, 20));
  const text = await readFile(shared, 'utf8');
  await new Promise((resolve) => setTimeout(resolve, 5));
  await writeFile(shared, `${text}${line}\n`);
  await hub.unlock(shared);
}

async function work(name) {
  const hub = await HubClient.connect(name, { baseUrl });
  const done = [];
  for (const { task_id } of await hub.tasks({ thread_id })) {
    const key = `task-${task_id}`;
    if (!(await hub.claim(key, { thread_id, task_message_id: task_id })).acquired) continue;
    // Somebody may have finished it, and given the claim back, since the list was made.
    const [task] = (await hub.tasks({ thread_id })).filter((each) => each.task_id === task_id);
    if (task.status === 'open') {
      await edit(hub, `${name} did ${key}`);
      await hub.completeTask(task_id);
      done.push(key);
    }
    await hub.release(key);
  }
  await hub.close();
  return done;
}

const [a, b] = await Promise.all([work('coder-a'), work('coder-b')]);
const lines = (await readFile(shared, 'utf8')).trim().split('\n');
if (new Set([...a, ...b]).size !== 6 || a.length + b.length !== 6) throw new Error('a task was lost or done twice');
if (lines.length !== 6) throw new Error('an edit was lost');
console.log(`6 tasks, done once each, and ${lines.length} edits of one file`);
await lead.close();
await rm(folder, { recursive: true });
