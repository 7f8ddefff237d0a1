/** Once a long reader had pinned it, the write-ahead log kept its size until the hub was stopped. */
import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import { startHub } from '../support/hub-process.js';
import { until } from '../support/until.js';

const USUAL_BYTES = 4_000 * 4_096;
const BODY = 'x'.repeat(100_000);

/** Keeps the log from being emptied, as a backup does or a curious `sqlite3`. */
async function pinned(path: string, meanwhile: () => Promise<void>): Promise<void> {
  const reader = new Database(path, { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM messages').get();
  await meanwhile();
  reader.exec('COMMIT');
  reader.close();
}

it('the log comes back to its usual size while load goes on', { timeout: 120_000 }, async () => {
  await using process = await startHub();
  await using hub = await HubClient.connect('ana', { baseUrl: process.url });
  const { storage_path } = await hub.hubInfo();
  const logBytes = () => statSync(`${storage_path}-wal`).size;
  const load = () => Promise.all(Array.from({ length: 20 }, () => hub.post('general', BODY)));
  await pinned(storage_path, async () => {
    while (logBytes() < 3 * USUAL_BYTES) await load();
  });

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

it('and when the load has ended before the reader', { timeout: 120_000 }, async () => {
  await using process = await startHub();
  await using hub = await HubClient.connect('ana', { baseUrl: process.url });
  const { storage_path } = await hub.hubInfo();
  const logBytes = () => statSync(`${storage_path}-wal`).size;
  await pinned(storage_path, async () => {
    while (logBytes() < 2 * USUAL_BYTES) await Promise.all(Array.from({ length: 20 }, () => hub.post('general', BODY)));
  });
  await until(() => logBytes() <= USUAL_BYTES, { timeoutMs: 30_000 });
});
