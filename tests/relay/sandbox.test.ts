/** Agents that share nothing with the hub but a folder, against the real hub in a process of its own. */
import { spawnSync } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import { arc, start } from '../cli/arc.js';
import { HttpClient } from '../support/http-client.js';
import { HUB_MAIN, type HubProcess, startHub } from '../support/hub-process.js';
import { until } from '../support/until.js';

/** A network namespace has no way to the hub's port; as an ordinary user it comes with a namespace of users. */
const UNSHARE = [
  ['unshare', '-n'],
  ['unshare', '-rn'],
].find(([program = '', flag = '']) => spawnSync(program, [flag, 'true']).status === 0);

const spoolOf = (hub: HubProcess) => join(hub.folder, 'spool');

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub?.[Symbol.asyncDispose]());

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

function sandboxed(...words: string[]): Promise<Outcome> {
  const command = [...(UNSHARE ?? []), process.execPath, HUB_MAIN];
  return arc(words, { cwd: hub.folder, command });
}

const NO_NAMESPACE = 'skipped: this system lets nobody make a network namespace';

describe(`in a network namespace of its own${UNSHARE === undefined ? ` (${NO_NAMESPACE})` : ''}`, () => {
  it.skipIf(UNSHARE === undefined)('is told to use the relay, and takes part through it (arc-v1 §8.8)', async () => {
    const spool = spoolOf(hub);
    const who = await sandboxed('whoami', '--agent', 'boxed', '--base-url', hub.url, '--spool-dir', spool);
    expect(JSON.parse(who.stdout)).toMatchObject({ transport: 'relay', session: { agent_id: 'boxed' } });
    expect(who.stderr).toContain('use the relay');
    expect(who.code).toBe(1);

    const posted = await sandboxed('post', 'from the box', '--agent', 'boxed', '--relay', spool);
    expect(posted.code).toBe(0);
    await using outside = HubClient.overHttp('outside', { baseUrl: hub.url });
    expect(await outside.messages({ channel: 'general', tail: true })).toMatchObject([{ from_agent: 'boxed' }]);

    const poll = sandboxed('poll', '--agent', 'boxed', '--relay', spool, '--channel', 'general', '--timeout', '20');
    await until(async () => (await outside.stats()).waiters > 0);
    await outside.post('general', 'into the box');
    expect((await poll).stdout).toContain('into the box');
  });

  it.skipIf(UNSHARE === undefined)('starts no hub of its own there, unless forced (arc-v1 §8.8)', async () => {
    const here = [
      '--storage',
      join(hub.folder, 'lonely.sqlite3'),
      '--port',
      String(hub.port),
      '--spool-dir',
      spoolOf(hub),
    ];
    const refused = await sandboxed('ensure', ...here);
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({ running: false, started: false, spool: spoolOf(hub) });
  });

  it.skipIf(UNSHARE === undefined)('starts none either where it was given its own two folders only', async () => {
    const box = join(hub.folder, 'box');
    for (const kind of ['requests', 'responses']) {
      await mkdir(join(spoolOf(hub), kind, 'boxed'), { recursive: true });
      await mkdir(join(box, kind), { recursive: true });
      await symlink(join(spoolOf(hub), kind, 'boxed'), join(box, kind, 'boxed'));
    }
    const words = ['--storage', join(box, 'lonely.sqlite3'), '--port', String(hub.port), '--spool-dir', box];
    const refused = await sandboxed('ensure', ...words);
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({ running: false, started: false, spool: box });
  });

  it.skipIf(UNSHARE === undefined)('says that there is no way when there is none', async () => {
    const who = await sandboxed('whoami', '--agent', 'boxed', '--base-url', hub.url, '--spool-dir', 'nowhere');
    expect(who).toMatchObject({ code: 1, stderr: expect.stringContaining('ask your operator') });
    expect(JSON.parse(who.stdout)).toEqual({ transport: 'none' });
  });
});

describe('through the spool of a real hub', () => {
  it('serves one who posts while 50 others wait (arc-v1 §12 E2)', async () => {
    await using poster = HubClient.overRelay('poster', { spoolDir: spoolOf(hub) });
    const waiting = Array.from({ length: 50 }, (_, n) =>
      HubClient.overRelay(`waiter-${n}`, { spoolDir: spoolOf(hub) }),
    );
    const polls = waiting.map((each) => each.messages({ thread_id: 'fifty', timeout: 20 }));
    using http = new HttpClient(hub.url);
    await until(async () => (await http.result<{ waiters: number }>('GET', '/v1/stats')).waiters >= 50);
    let answered = 0;
    for (const poll of polls) void poll.then(() => answered++);
    await poster.post('general', 'elsewhere');
    // They would have held it up until they were over, one after the other.
    expect(answered).toBe(0);
    await poster.post('general', 'here', { thread_id: 'fifty' });
    for (const messages of await Promise.all(polls)) expect(messages).toMatchObject([{ body: 'here' }]);
    await Promise.all(waiting.map((each) => each.close()));
  });

  it('serves a subscription', async () => {
    await using ana = HubClient.overRelay('ana', { spoolDir: spoolOf(hub) });
    await ana.register();
    const subscription = ana.subscribe({ channels: ['general'] });
    await subscription.ready;
    await using ben = HubClient.overHttp('ben', { baseUrl: hub.url });
    await ben.post('general', 'one');
    await ben.post('general', 'two');
    const bodies: string[] = [];
    for await (const { body } of subscription) if (bodies.push(body) === 2) break;
    expect(bodies).toEqual(['one', 'two']);
  });

  it('tells of a spool that cannot be written, and of one that nobody serves (arc-v1 §7.4)', async () => {
    await using nowhere = HubClient.overRelay('ana', { spoolDir: join(hub.storage, 'not-a-folder') });
    await expect(nowhere.channels()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^relay spool write failed: /),
      details: { status: 597 },
    });
    const idle = join(hub.folder, 'idle');
    await mkdir(idle);
    await using alone = HubClient.overRelay('ana', { spoolDir: idle, timeoutMs: 300 });
    await expect(alone.channels()).rejects.toMatchObject({
      code: 'timeout',
      message: 'relay timed out waiting for response',
      details: { status: 598 },
    });
  });
});

describe('a relay of its own, in front of the hub by HTTP', () => {
  it('serves the same, says when the hub is gone, and cleans up (arc-v1 §7.3, §7.4)', async () => {
    await using own = await startHub();
    const spool = join(own.folder, 'second');
    const child = start(['relay', '--base-url', own.url, '--spool-dir', spool], { cwd: own.folder });
    try {
      let said = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      await until(() => said.includes('\n'));
      await using ana = HubClient.overRelay('ana b', { spoolDir: spool });
      await ana.register();
      const { id } = await ana.post('general', 'ü', { thread_id: 'my thread' });
      expect((await ana.getThread('my thread')).messages).toMatchObject([{ id, body: 'ü' }]);
      await expect(ana.getThread('none')).rejects.toMatchObject({ code: 'not_found', message: 'thread not found' });
      const status = start(['relay', 'status', '--spool-dir', spool], { cwd: own.folder });
      let text = '';
      status.stdout?.on('data', (chunk) => {
        text += chunk;
      });
      expect(await new Promise((resolve) => status.once('close', resolve))).toBe(0);
      expect(JSON.parse(text)).toMatchObject({ served: true, agents: [{ folder: 'ana_b', waiting: 0 }] });
      await own.stop();
      await expect(ana.channels()).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(/^connection error: /),
        details: { status: 599 },
      });
    } finally {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      expect(await closed).toBe(0);
    }
  });
});

describe('a process that may open few files', () => {
  it('serves those whom it knows, however many folders there are', async () => {
    const spool = join(hub.folder, 'crowded');
    const command = ['sh', '-c', 'ulimit -n 200; exec "$0" "$@"', process.execPath, HUB_MAIN];
    const child = start(['relay', '--base-url', hub.url, '--spool-dir', spool], { cwd: hub.folder, command });
    try {
      let said = '';
      const hear = (text: string) => {
        said += text;
      };
      child.stdout?.setEncoding('utf8').on('data', hear);
      child.stderr?.setEncoding('utf8').on('data', hear);
      await until(() => said.includes('"ready":true'));
      await using ana = HubClient.overRelay('ana', { spoolDir: spool });
      await ana.register();
      await Promise.all(Array.from({ length: 300 }, (_, n) => mkdir(join(spool, 'requests', `crowd-${n}`))));
      await until(() => said.includes('agent folders: the others are not served'));
      await expect(ana.post('general', 'still served')).resolves.toMatchObject({ body: 'still served' });
      expect(said).not.toContain('EMFILE');
    } finally {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      await closed;
    }
  });
});
