/** With the usual umask the store, its log, pid files and the spool could be read by every account of the machine. */
import { chmodSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import { type HubOptions, startHub } from '../support/hub-process.js';

const hasModes = process.platform !== 'win32';
let umask = 0;
beforeEach(() => {
  umask = process.umask(0o022);
});
afterEach(() => {
  process.umask(umask);
});

/** Path below `folder` and mode of all that is in it. */
const modesIn = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => [
      path,
      (lstatSync(join(folder, path)).mode & 0o777).toString(8),
    ]),
  );

async function used(options: HubOptions = {}) {
  const hub = await startHub(options);
  await using ana = HubClient.overRelay('ana', { spoolDir: join(hub.folder, 'spool') });
  await ana.post('general', 'by file');
  return hub;
}

it.runIf(hasModes)('all that a hub makes is for its owner', async () => {
  await using hub = await used();
  const modes = modesIn(hub.folder);
  expect(Object.keys(modes)).toEqual(expect.arrayContaining(['arc.sqlite3', 'arc.sqlite3-wal', '.arc.pid', 'spool']));
  const open = Object.entries(modes).filter(([path, mode]) => !path.startsWith('spool/') && !/^[67]00$/.test(mode));
  expect(open).toEqual([]);
  // What an agent has put into the spool is behind the door of the spool.
  expect(modes.spool).toBe('700');
  expect(modes['spool/requests/ana']).toBe('700');
});

it.runIf(hasModes)('what an older version has left open is closed at the start, with a line in the log', async () => {
  await using hub = await used();
  await hub.stop();
  chmodSync(hub.storage, 0o644);
  for (const folder of ['spool', 'spool/requests', 'spool/responses']) chmodSync(join(hub.folder, folder), 0o755);
  await hub.start();
  expect(statSync(hub.storage).mode & 0o777).toBe(0o600);
  expect(statSync(`${hub.storage}-wal`).mode & 0o777).toBe(0o600);
  expect(statSync(join(hub.folder, 'spool')).mode & 0o777).toBe(0o700);
  expect(hub.stderr).toContain('files that other accounts could read are closed to them now');
  expect(hub.stderr).toContain('folders that other accounts could use are closed to them now');
});

it.runIf(hasModes)('the group, or everybody for the spool, is let in where that is asked for', async () => {
  await using hub = await used({ args: ['--share-group', '--relay-share', 'everybody'] });
  const modes = modesIn(hub.folder);
  expect(modes['arc.sqlite3']).toBe('660');
  expect(modes['arc.sqlite3-wal']).toBe('660');
  expect(modes['.arc.pid']).toBe('660');
  expect(modes.spool).toBe('777');
  expect(modes['spool/requests/ana']).toBe('777');
  const answers = Object.entries(modes).filter(([path]) => /^spool\/responses\/ana\/.*\.json$/.test(path));
  for (const [, mode] of answers) expect(mode).toBe('666');
});
