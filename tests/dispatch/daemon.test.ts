import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../base/clock.js';
import { isAlive } from '../../base/process.js';
import { callDaemon } from '../../dispatch/ipc/client.js';
import { arc } from '../cli/arc.js';
import { until } from '../support/until.js';
import { TestHome } from './support/home.js';
import { StubAcpx } from './support/stub-acpx.js';

async function setUp() {
  const home = new TestHome();
  const stub = new StubAcpx(home.folder);
  home.config(`acpx:\n  command: ${stub.path}\n`);
  home.agent('coach');
  const run = (...words: string[]) => arc([...words, '--config-dir', home.home.path], { cwd: home.workspace });
  const socket = join(home.home.path, 'arc.sock');
  const call = (request: object) => callDaemon(socket, request, { clock: systemClock, connectSec: 5, replySec: 20 });
  return {
    ...{ home, stub, run, socket, call },
    [Symbol.asyncDispose]: async () => {
      await run('daemon', 'stop');
      home[Symbol.dispose]();
    },
  };
}

it('starts once, answers `arc ask` and the socket, and leaves nothing behind (dispatch §2)', async () => {
  await using at = await setUp();
  // What a crash has left.
  writeFileSync(at.socket, '');
  writeFileSync(join(at.home.home.path, 'daemon.pid'), '1\n');
  expect(await at.run('daemon', 'status')).toMatchObject({ code: 1, stdout: 'Daemon not running.\n' });
  expect(await at.run('daemon', 'start')).toMatchObject({ code: 0, stdout: 'Daemon started.\n', stderr: '' });
  expect(await at.run('daemon', 'start')).toMatchObject({ code: 0, stdout: 'Daemon is already running.\n' });
  expect(await at.run('daemon', 'start', '--foreground')).toMatchObject({ code: 1 });
  const status = (await at.call({ op: 'status' })) as unknown as { daemon: { pid: number } };
  expect(status).toMatchObject({ status: 'ok', agents: [{ name: 'coach', model: 'sonnet' }], cron: [] });
  expect(at.home.read(join(at.home.home.path, 'daemon.pid'))).toBe(`${status.daemon.pid}\n`);
  expect(at.home.mode(at.socket)).toBe('600');
  expect(await at.run('ask', '-a', 'coach', '--pretty', 'hi')).toMatchObject({
    stdout: '\n[acpx / sonnet]\n\nanswer to hi\n',
  });
  expect(await at.run('ask', '-m', 'haiku', 'inline')).toMatchObject({ stdout: 'answer to inline\n' });
  expect(at.stub.calls.at(-1)?.argv).toContain(at.home.workspace);
  expect(await at.call({ prompt: 'x', agent: 'coch' })).toMatchObject({ status: 'error', code: 'not_found' });
  expect(await at.call({ prompt: 'x' })).toMatchObject({ error: 'No agent specified.' });
  expect(await at.call({ prompt: 3 })).toMatchObject({ error: 'prompt: expected a text' });
  expect(await at.call({ op: 'fly' })).toMatchObject({ error: "Unknown op 'fly'" });
  expect(await at.call({ prompt: 'x', agent: 'coach', no_wait: true })).toMatchObject({ result: 'dispatched' });
  expect(await at.run('daemon', 'stop')).toMatchObject({ stdout: `Daemon stopped (pid=${status.daemon.pid}).\n` });
  expect([at.socket, join(at.home.home.path, 'daemon.pid')].map((path) => existsSync(path))).toEqual([false, false]);
  expect(await at.run('daemon', 'stop')).toMatchObject({ code: 0, stdout: 'Daemon is not running.\n' });
});

it('is started by the first that asks, and stays (dispatch §1.1)', async () => {
  await using at = await setUp();
  expect(await at.run('ask', '-a', 'coach', 'hi')).toEqual({ code: 0, stdout: 'answer to hi\n', stderr: '' });
  const pid = async () => ((await at.call({ op: 'status' })) as unknown as { daemon: { pid: number } }).daemon.pid;
  const first = await pid();
  expect(isAlive(first)).toBe(true);
  await Promise.all([1, 2].map((n) => at.run('ask', '-a', 'coach', `again ${n}`)));
  expect(await pid()).toBe(first);
  expect((await at.call({ op: 'history' })) as unknown).toMatchObject({ status: 'ok' });
});

it('keeps its configuration where a new one is wrong, and cancels by id', async () => {
  await using at = await setUp();
  await at.run('daemon', 'start');
  writeFileSync(at.home.home.config, 'timeouts: 3\n');
  expect(await at.call({ op: 'reload' })).toMatchObject({ status: 'error', code: 'config' });
  at.stub.behave('setInterval(() => {}, 1000)');
  const running = at.call({ prompt: 'x', agent: 'coach', request_id: 'r1' });
  await until(() => at.stub.calls.length === 1);
  expect(await at.call({ op: 'cancel', request_id: 'r1' })).toMatchObject({ status: 'ok' });
  expect(await running).toMatchObject({ status: 'error', code: 'cancelled' });
  expect(isAlive(at.stub.calls[0]?.pid ?? 0)).toBe(false);
  writeFileSync(at.home.home.config, `acpx:\n  command: ${at.stub.path}\n`);
  expect(await at.call({ op: 'reload' })).toMatchObject({ status: 'ok' });
});
