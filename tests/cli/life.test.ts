/** ensure, stop and reset: they find the right hub, and touch no other process and no other file (arc-v1 §8.5–§8.7, §12 F). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isAlive } from '../../base/process.js';
import { startHub } from '../support/hub-process.js';
import { until } from '../support/until.js';
import { arc, type Folder, json, newFolder } from './arc.js';

type Result = Record<string, unknown> & { url: string; pid: number; log: string };

const ensure = async (folder: Folder, ...words: string[]) => {
  const outcome = await folder.arc(['ensure', '--port', '0', ...words]);
  expect(outcome, outcome.stdout).toMatchObject({ code: 0, stderr: '' });
  return json(outcome) as Result;
};
const answers = (url: string) =>
  fetch(`${url}/v1/hub-info`).then(
    ({ ok }) => ok,
    () => false,
  );
/** A process that has nothing to do with any hub. */
async function stranger(): Promise<ChildProcess & AsyncDisposable & { pid: number }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  return Object.assign(child, {
    pid: child.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
    },
  });
}

const pidFile = (pid: number, port: number) => JSON.stringify({ pid, port, url: `http://127.0.0.1:${port}` });

describe('ensure', () => {
  it('starts a hub in the background, names its log, and finds it the next time', async () => {
    await using folder = await newFolder();
    const first = await ensure(folder);
    expect(first).toMatchObject({ running: true, started: true, log: expect.stringMatching(/arc\.log$/) });
    expect(await answers(first.url)).toBe(true);
    expect(readFileSync(first.log, 'utf8')).toContain('listening');
    expect(await ensure(folder)).toEqual({ running: true, started: false, url: first.url });
  });

  it('starts one hub, however many ask for it at once', async () => {
    await using folder = await newFolder();
    const all = await Promise.all(Array.from({ length: 4 }, () => ensure(folder)));
    expect(all.filter(({ started }) => started)).toHaveLength(1);
    expect(new Set(all.map(({ url }) => url)).size).toBe(1);
    expect(readdirSync(folder.path).filter((name) => /^\.arc\.\d+\.pid$/.test(name))).toHaveLength(1);
  });

  it('finds it through another name of the storage, and from a folder below', async () => {
    await using folder = await newFolder();
    const { url } = await ensure(folder);
    symlinkSync(folder.storage, folder.at('link.sqlite3'));
    expect(await ensure(folder, '--storage', folder.at('link.sqlite3'))).toMatchObject({ started: false, url });
    mkdirSync(folder.at('src'));
    const below = json(await arc(['ensure'], { cwd: folder.at('src') }));
    expect(below).toMatchObject({ running: true, started: false, url, storage_path: folder.storage });
    expect(json(await arc(['status'], { cwd: folder.at('src') }))).toMatchObject({ running: true, url });
  });

  it('does not take the hub of another storage for the one asked for (arc-v1 §12 F2)', async () => {
    await using one = await startHub();
    await using folder = await newFolder();
    const outcome = await folder.arc(['ensure', '--port', String(one.port), '--storage', folder.storage]);
    expect(outcome.code).toBe(1);
    expect(json(outcome)).toMatchObject({
      running: false,
      started: false,
      error: expect.stringContaining(one.storage),
    });
    expect(existsSync(folder.storage)).toBe(false);
  });

  it('takes no other server for a hub (arc-v1 §12 F4), and passes on why its own did not start', async () => {
    const server = createServer((_request, response) => response.end('{"ok":true,"result":[]}')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await using folder = await newFolder();
    const outcome = await folder.arc(['ensure', '--port', String(port)]);
    server.close();
    expect(outcome.code).toBe(1);
    expect(json(outcome)).toMatchObject({
      running: false,
      started: true,
      error: expect.stringMatching(
        /^child exited rc=1 \(port \d+, storage .*: arc error: port \d+ on 127\.0\.0\.1 is in use\)$/,
      ),
    });
  });

  it('is fooled by no stale pid file', async () => {
    await using folder = await newFolder();
    writeFileSync(folder.at('.arc.pid'), pidFile(process.pid, 1));
    expect(await ensure(folder)).toMatchObject({ running: true, started: true });
  });

  it('started several times at once, leaves one hub on a port', async () => {
    await using folder = await newFolder();
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const words = ['ensure', '--port', String(port)];
    const results = (await Promise.all([1, 2, 3].map(() => folder.arc(words)))).map((each) => json(each) as Result);
    expect(results.map(({ running }) => running)).toEqual([true, true, true]);
    expect(results.filter(({ started }) => started)).toHaveLength(1);
  });
});

describe('stop', () => {
  it('stops the hub of the storage, and returns when it is gone (arc-v1 §12 F5)', async () => {
    await using folder = await newFolder();
    const { pid, url } = await ensure(folder);
    const outcome = await folder.arc(['stop']);
    expect(outcome.code).toBe(0);
    expect(json(outcome)).toEqual({ stopped: true, pid, url });
    expect(isAlive(pid)).toBe(false);
    for (const name of ['.arc.pid', 'arc.sqlite3-wal']) expect(existsSync(folder.at(name)), name).toBe(false);
    const again = await folder.arc(['stop', '--storage', folder.storage]);
    expect(again.code).toBe(1);
    expect(json(again)).toEqual({ stopped: false, error: 'no running hub found' });
  });

  it('leaves the notice of the shutdown in the store', async () => {
    await using folder = await newFolder();
    await ensure(folder);
    await folder.arc(['stop']);
    const { url } = await ensure(folder);
    const answer = await fetch(`${url}/v1/messages?channel=general&tail=1&limit=1`);
    expect(await answer.json()).toMatchObject({
      result: [{ body: 'Hub is shutting down now.', from_agent: 'system' }],
    });
  });

  it('leaves nothing of a hub that was killed before it, on the same port', async () => {
    await using folder = await newFolder();
    const { pid, url } = await ensure(folder);
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid));
    const port = new URL(url).port;
    expect(json(await folder.arc(['ensure', '--port', port]))).toMatchObject({ started: true, url });
    expect(json(await folder.arc(['stop']))).toMatchObject({ stopped: true, url });
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.pid'))).toEqual([]);
  });

  it('with a port, stops no hub at another (arc-v1 §12 F2, F6)', async () => {
    await using here = await newFolder();
    const own = await ensure(here);
    await using other = await startHub();
    const { pid, url, port } = other;
    const outcome = await here.arc(['--port', String(port), 'stop']);
    expect(json(outcome)).toEqual({ stopped: true, pid, url });
    expect(await answers(own.url)).toBe(true);
    expect((await here.arc(['stop', '--port', '1'])).code).toBe(1);
    expect(await answers(own.url)).toBe(true);
  });

  it('never touches the process that a stale pid file names (arc-v1 §12 F1)', async () => {
    await using hub = await startHub();
    await using victim = await stranger();
    // The hub of the folder died without a word; its process id and even its port have found other users.
    writeFileSync(`${hub.folder}/.arc.pid`, pidFile(victim.pid, hub.port));
    writeFileSync(`${hub.folder}/.arc.${hub.port}.pid`, pidFile(victim.pid, hub.port));
    const outcome = await arc(['stop', '--storage', hub.storage], { cwd: hub.folder });
    const error = 'hub is responding but no pidfile found to identify process';
    expect(json(outcome)).toEqual({ stopped: false, error });
    writeFileSync(`${hub.folder}/.arc.pid`, pidFile(victim.pid, 1));
    await arc(['stop', '--port', '1'], { cwd: hub.folder });
    expect(victim.exitCode ?? victim.signalCode).toBeNull();
    expect(hub.isRunning).toBe(true);
  });
});

describe('reset', () => {
  it('stops the hub and deletes its storage, and only that', async () => {
    await using folder = await newFolder();
    const { pid } = await ensure(folder);
    writeFileSync(folder.at('notes.txt'), 'mine');
    const outcome = await folder.arc(['reset']);
    expect(outcome.code).toBe(0);
    expect(json(outcome)).toEqual({ reset: true, removed: ['arc.sqlite3'] });
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(folder.storage)).toBe(false);
    expect(existsSync(folder.at('notes.txt'))).toBe(true);
    expect(json(await folder.arc(['reset']))).toEqual({ reset: true, note: 'database did not exist' });
  });

  it('deletes what a crashed hub has left, in the order of arc-v1 §8.7', async () => {
    await using hub = await startHub();
    await hub.kill();
    const outcome = await arc(['reset', '--storage', hub.storage], { cwd: hub.folder });
    expect(json(outcome)).toEqual({ reset: true, removed: ['arc.sqlite3', 'arc.sqlite3-wal', 'arc.sqlite3-shm'] });
  });

  it("neither stops another storage's hub nor deletes its file (arc-v1 §12 F3)", async () => {
    await using hub = await startHub();
    await using folder = await newFolder();
    writeFileSync(folder.storage, '');
    const outcome = await folder.arc(['reset', '--port', String(hub.port)]);
    expect(json(outcome)).toEqual({ reset: true, removed: ['arc.sqlite3'] });
    expect(await answers(hub.url)).toBe(true);
    expect(existsSync(hub.storage)).toBe(true);
  });

  it('deletes nothing while a hub on the storage cannot be stopped', async () => {
    await using hub = await startHub();
    await using victim = await stranger();
    for (const name of ['.arc.pid', `.arc.${hub.port}.pid`]) {
      writeFileSync(`${hub.folder}/${name}`, pidFile(victim.pid, hub.port));
    }
    const outcome = await arc(['reset', '--storage', hub.storage], { cwd: hub.folder });
    expect(outcome.code).toBe(1);
    expect(json(outcome)).toMatchObject({
      reset: false,
      error: expect.stringMatching(/^could not stop running hub: /),
    });
    expect(existsSync(hub.storage)).toBe(true);
    expect(victim.exitCode ?? victim.signalCode).toBeNull();
  });

  it('stops every hub on the storage', async () => {
    await using first = await startHub();
    await using second = await startHub({ storage: first.storage });
    const urls = [first.url, second.url];
    expect(json(await arc(['reset', '--storage', first.storage]))).toMatchObject({ reset: true });
    expect(await Promise.all(urls.map(answers))).toEqual([false, false]);
  });

  it('deletes no file that is not a database', async () => {
    await using folder = await newFolder();
    writeFileSync(folder.at('thesis.txt'), 'years of work');
    const outcome = await folder.arc(['reset', '--storage', 'thesis.txt']);
    expect(outcome.code).toBe(1);
    expect(json(outcome)).toMatchObject({ reset: false, error: expect.stringContaining('not a SQLite database') });
    expect(readFileSync(folder.at('thesis.txt'), 'utf8')).toBe('years of work');
  });
});
