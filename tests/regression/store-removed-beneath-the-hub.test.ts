/** Posts were acknowledged into a file that had been removed or replaced, and were gone after a restart. */
import { copyFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import { startInProcess } from '../support/in-process.js';
import { until } from '../support/until.js';

const FILES = ['', '-wal', '-shm'];

const WAYS: readonly (readonly [string, (path: string) => void])[] = [
  ['the file is removed', (path) => rmSync(path)],
  ['the log is removed', (path) => rmSync(`${path}-wal`)],
  ['the folder is removed', (path) => rmSync(dirname(path), { recursive: true })],
  [
    'a link that leads nowhere is put in its place',
    (path) => {
      rmSync(path);
      symlinkSync(basename(path), path);
    },
  ],
  [
    'another file is put in its place',
    (path) => {
      copyFileSync(path, `${path}.copy`);
      renameSync(`${path}.copy`, path);
    },
  ],
];

it.each(WAYS)('nothing is acknowledged once %s', async (_, lose) => {
  await using inside = await startInProcess();
  const { url, storage_path: path } = inside.hub;
  await using hub = await HubClient.connect('ana', { baseUrl: url });
  const told: unknown[] = [];
  hub.on('hub', (change) => told.push(change));
  await hub.post('general', 'before');
  const health = () => fetch(`${url}/healthz`);
  expect((await health()).status).toBe(200);

  lose(path);
  const post = { method: 'POST', body: JSON.stringify({ from_agent: 'ana', body: 'after' }) };
  // Within the twentieth of a second that a look counts for.
  const refused = await until(async () => {
    const answer = await fetch(`${url}/v1/messages`, post);
    return answer.status === 503 && answer;
  });
  expect(refused.headers.get('Retry-After')).toBe('1');
  expect(await refused.json()).toMatchObject({
    ok: false,
    error: expect.stringMatching(/arc\.sqlite3.* (removed|replaced|put out of reach)/),
  });
  expect((await health()).status).toBe(503);
  expect((await hub.stats()).store_problem).toContain('put the same file back');
  // Who only reads goes on.
  expect((await hub.messages({ channel: 'general', limit: 1 }))[0]?.body).toBe('before');
});

it('is noticed while nobody writes, and ends when the same file comes back', async () => {
  await using inside = await startInProcess();
  const { url, storage_path: path } = inside.hub;
  await using hub = await HubClient.connect(undefined, { baseUrl: url });
  const changes: string[] = [];
  await using _reading = hub.subscribe({ topics: ['hub'], onChange: ({ change }) => changes.push(change) });
  const post = (body: string) => hub.operation('messages.post', { from_agent: 'ana', channel: 'general', body });
  await post('before');
  const away = join(dirname(path), 'away');
  mkdirSync(away);
  const move = (from: string, to: string) => {
    for (const end of FILES) renameSync(join(from, basename(path) + end), join(to, basename(path) + end));
  };
  move(dirname(path), away);
  await until(() => changes.includes('store_lost'));
  writeFileSync(path, 'not this one');
  rmSync(path);
  move(away, dirname(path));
  await until(() => changes.includes('store_back'));
  expect((await post('after')).id).toBeGreaterThan(0);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});
