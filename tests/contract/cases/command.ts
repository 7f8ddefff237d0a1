import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { HUB_MAIN, startHub } from '../../support/hub-process.js';
import { until } from '../../support/until.js';
import { type Answer, type Case, type Context, onDoors, ownHub } from '../harness/contract.js';

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command to its end in a folder. */
async function arc(cwd: string, ...args: string[]): Promise<Outcome> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ARC_')));
  const child = spawn(process.execPath, [HUB_MAIN, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

/** A folder that goes when the case ends. */
async function folder(use: Context['use']): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'arc-command-'));
  use({ [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) });
  return path;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

const command = (rules: readonly string[], title: string, run: (context: Context) => Promise<void>): Case =>
  onDoors(['command'], rules, title, run);

/** Where nobody, root included, can make a folder. */
const UNWRITABLE = existsSync('/proc/self') ? ['/proc/arc/arc.sqlite3'] : [];

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

export const cases: readonly Case[] = [
  command(['arc-v1 §8.1-1'], 'explains itself', async ({ use }) => {
    const cwd = await folder(use);
    const version = await arc(cwd, '--version');
    expect([version.code, version.stdout]).toEqual([0, expect.stringMatching(/^arc \d+\.\d+\.\d+\n$/)]);
    const help = await arc(cwd, 'post', '--help');
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('--agent')]);
    for (const wrong of [['nonsense'], ['post'], ['--no-such-option'], ['serve', '--port', 'x']]) {
      const { code, stdout, stderr } = await arc(cwd, ...wrong);
      expect([wrong, code, stdout]).toEqual([wrong, 2, '']);
      expect(stderr).not.toBe('');
    }
    expect(readdirSync(cwd)).toEqual([]);
  }),

  command(
    ['arc-v1 §8.1-2', 'arc-v1 §8.1-3', 'arc-v1 §8.1-4', 'arc-v1 §8.8-1', 'arc-v1 §8.8-2', 'arc-v1 §8.8-3'],
    'posts, polls and says who one is',
    async ({ hub, http, name, use }) => {
      const cwd = await folder(use);
      const ana = name('ana');
      const session = await http.result<Answer>('POST', '/v1/sessions', { agent_id: ana, capabilities: ['c'] });
      const posted = await arc(cwd, 'post', 'Grüße 🙂', '--agent', ana, `--base-url=${hub.url}`);
      expect(posted.code).toBe(0);
      const message = JSON.parse(posted.stdout);
      expect(message).toMatchObject({ from_agent: ana, channel: 'general', body: 'Grüße 🙂' });
      expect(posted.stdout).toContain('\n  "body": "Gr\\u00fc\\u00dfe \\ud83d\\ude42"');
      const direct = await arc(
        cwd,
        '--base-url',
        hub.url,
        'post',
        'psst',
        '--ag',
        ana,
        '--to',
        name('ben'),
        '--chan',
        'general',
      );
      expect(JSON.parse(direct.stdout)).toMatchObject({ to_agent: name('ben'), channel: 'direct' });
      const polled = await arc(
        cwd,
        'poll',
        '--agent',
        name('ben'),
        '--base-url',
        hub.url,
        '--since-id',
        String(message.id - 1),
      );
      expect(
        polled.stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line).body),
      ).toEqual(['Grüße 🙂', 'psst']);
      const own = [
        'poll',
        '--agent',
        ana,
        '--base-url',
        hub.url,
        '--timeout',
        '0',
        '--since-id',
        String(message.id - 1),
      ];
      expect(await arc(cwd, ...own)).toMatchObject({ code: 0, stdout: '' });
      expect((await arc(cwd, ...own, '--include-self')).stdout.trim().split('\n')).toHaveLength(1);
      const who = await arc(cwd, 'whoami', '--agent', ana, '--base-url', hub.url);
      expect(JSON.parse(who.stdout).session).toMatchObject({ session_id: session.session_id, capabilities: ['c'] });
      expect(JSON.parse(who.stdout)).toMatchObject({ agent_id: ana, default_channel: 'general' });
    },
  ),

  command(['arc-v1 §8.8-4'], 'says that no hub is there', async ({ use }) => {
    const cwd = await folder(use);
    const url = `http://127.0.0.1:${await freePort()}`;
    for (const args of [['post', 'x'], ['poll']]) {
      const { code, stdout } = await arc(cwd, ...args, '--agent', 'a', '--base-url', url);
      expect([args, code, stdout]).toEqual([args, 1, expect.stringMatching(/^arc error: connection error: /)]);
    }
    const who = await arc(cwd, 'whoami', '--agent', 'a', '--base-url', url);
    expect([who.code, JSON.parse(who.stdout)]).toEqual([1, { transport: 'none' }]);
    expect(who.stderr).toContain('connection error: ');
  }),

  command(['arc-v1 §8.3-2', 'arc-v1 §8.3-3'], 'refuses to start, in one line', async ({ hub, use }) => {
    const cwd = await folder(use);
    const start = (...args: string[]) => arc(cwd, 'serve', '--port', '0', ...args);
    const settings: [args: string[], text: string][] = [
      [['--port', '70000'], 'port out of range'],
      [['--presence-ttl-sec', '4'], 'presence_ttl_sec must be >= 5'],
      [['--max-body-chars', '0'], 'max_body_chars must be at least 1'],
      [['--max-attachment-chars', '0'], 'max_attachment_chars must be at least 1'],
      [['--max-attachments', '-1'], 'max_attachments must be non-negative'],
      [['--max-query-limit', '0'], 'max_query_limit must be at least 1'],
      [['--host', '0.0.0.0'], 'Remote bind requires allow_remote=true'],
    ];
    for (const [args, text] of settings) {
      const { code, stdout, stderr } = await start(...args);
      expect([args, code, stdout, stderr.trim().split('\n').length]).toEqual([args, 1, '', 1]);
      expect(stderr).toContain(text);
    }
    expect(readdirSync(cwd)).toEqual([]);
    mkdirSync(join(cwd, 'folder'));
    writeFileSync(join(cwd, 'text'), 'this is no database, whatever its name says. '.repeat(50));
    const before = readFileSync(join(cwd, 'text'), 'utf8');
    const unusable: [args: string[], text: string][] = [
      [['--storage', 'folder'], 'storage_path must point to a file, not a directory'],
      [['--storage', 'text'], 'is not a SQLite database'],
      [['--storage', 'text/below/arc.sqlite3'], 'unable to create storage directory'],
      ...UNWRITABLE.map((path): [string[], string] => [['--storage', path], 'unable to create storage directory']),
      [['--port', String(hub.port), '--storage', 'new.sqlite3'], `port ${hub.port} on 127.0.0.1 is in use`],
    ];
    for (const [args, text] of unusable) {
      const { code, stdout, stderr } = await start(...args);
      expect([args, code, stdout, stderr.trim().split('\n').length]).toEqual([args, 1, '', 1]);
      expect(stderr).toContain(text);
    }
    expect(readFileSync(join(cwd, 'text'), 'utf8')).toBe(before);
    expect(readdirSync(cwd).sort()).toEqual(['folder', 'text']);
  }),

  ownHub(
    command(['arc-v1 §8.3-1', 'arc-v1 §8.3-4', 'arc-v1 §8.4-1'], 'starts and ends in order', async ({ hub, rows }) => {
      expect(hub.stdout.trim().split('\n')).toHaveLength(1);
      expect(hub.ready).toEqual({
        ready: true,
        url: `http://127.0.0.1:${hub.port}`,
        host: '127.0.0.1',
        port: hub.port,
        pid: hub.pid,
        instance_id: expect.stringMatching(/^mh1-[0-9a-f]{20}$/),
        storage_path: hub.storage,
      });
      const file = join(hub.folder, '.arc.pid');
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ pid: hub.pid, port: hub.port, url: hub.url });
        expect(await hub.stop(signal)).toBe(0);
        expect(existsSync(file)).toBe(false);
        await hub.start();
      }
      const notices = rows(`SELECT body FROM messages WHERE metadata_json LIKE '%"final":true%'`);
      expect(notices).toEqual(Array(2).fill({ body: 'Hub is shutting down now.' }));
    }),
  ),

  command(
    ['arc-v1 §8.3-1', 'arc-v1 §8.5-1', 'arc-v1 §8.5-2', 'arc-v1 §8.6-1', 'arc-v1 §8.6-2', 'arc-v1 §8.7-1'],
    'finds, starts, stops and resets a hub',
    async ({ hub, use }) => {
      const cwd = await folder(use);
      const port = String(await freePort());
      const hubOptions = ['--port', port, '--storage', 'arc.sqlite3'];
      const run = async (...args: string[]) => {
        const { code, stdout } = await arc(cwd, ...args, ...hubOptions);
        return [code, JSON.parse(stdout)];
      };
      expect(await run('stop')).toEqual([1, { stopped: false, error: 'no running hub found' }]);
      expect(await run('reset')).toEqual([0, { reset: true, note: 'database did not exist' }]);
      const url = `http://127.0.0.1:${port}`;
      expect(await run('ensure')).toEqual([0, expect.objectContaining({ running: true, started: true, url })]);
      const { pid } = JSON.parse(readFileSync(join(cwd, '.arc.pid'), 'utf8'));
      use({ [Symbol.dispose]: () => isAlive(pid) && process.kill(pid) });
      expect(await run('ensure')).toEqual([0, expect.objectContaining({ running: true, started: false, url })]);
      // Another hub answers on the port that is asked for: it is not the hub of this storage.
      const other = await arc(
        cwd,
        'ensure',
        '--port',
        String(hub.port),
        '--storage',
        'other.sqlite3',
        '--timeout',
        '5',
      );
      expect(JSON.parse(other.stdout)).not.toMatchObject({ running: true, url: hub.url });
      const [code, stopped] = await run('stop');
      expect([code, stopped]).toEqual([0, expect.objectContaining({ stopped: true, pid, url })]);
      await expect(fetch(`${url}/healthz`)).rejects.toThrow();
      expect(existsSync(join(cwd, '.arc.pid'))).toBe(false);
      // A stale pid file that names somebody else's process.
      writeFileSync(join(cwd, '.arc.pid'), JSON.stringify({ pid: process.pid, port: Number(port), url }));
      expect((await run('stop'))[0]).toBe(1);
      expect(isAlive(process.pid)).toBe(true);
      await using second = await startHub({ storage: join(cwd, 'arc.sqlite3'), port: Number(port) });
      const [resetCode, reset] = await run('reset');
      expect([resetCode, reset.reset, reset.removed]).toEqual([0, true, expect.arrayContaining(['arc.sqlite3'])]);
      await until(() => !second.isRunning);
      expect(existsSync(join(cwd, 'arc.sqlite3'))).toBe(false);
      expect(hub.isRunning).toBe(true);
    },
  ),
];
