/** Once a long reader had pinned it, the write-ahead log kept its size until the hub was stopped. */
import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import { startHub } from '../support/hub-process.js';
import { until } from '../support/until.js';

const USUAL_BYTES = 4_000 * 4_096;
const BODY = 'x'.repeat(100_000);

it('the log comes back to its usual size while load goes on', { timeout: 120_000 }, async () => {
  await using process = await startHub();
  await using hub = await HubClient.connect('ana', { baseUrl: process.url });
  const { storage_path } = await hub.hubInfo();
  const logBytes = () => statSync(`${storage_path}-wal`).size;
  const load = () => Promise.all(Array.from({ length: 20 }, () => hub.post('general', BODY)));

  const reader = new Database(storage_path, { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM messages').get();
  while (logBytes() < 3 * USUAL_BYTES) await load();
  reader.exec('COMMIT');
  reader.close();

  let done = false;
  const loading = (async () => {
    while (!done) await load();
  })();
  await until(() => logBytes() <= USUAL_BYTES * 1.5, { timeoutMs: 30_000 });
  // And stays there.
  for (let i = 0; i < 20; i++) await load();
  done = true;
  await loading;
  expect(logBytes()).toBeLessThanOrEqual(USUAL_BYTES * 1.5 + 20 * BODY.length);
  const { messages } = await hub.stats();
  expect((await hub.messages({ channel: 'general', limit: 1, tail: true }))[0]?.id).toBe(messages);
});
