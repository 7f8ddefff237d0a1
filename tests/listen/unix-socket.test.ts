/** A hub on a Unix socket: who gets in, what is replaced, and what is refused (identity §7). */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { newFolder } from '../cli/arc.js';
import { startHub } from '../support/hub-process.js';

interface Answer {
  ok: boolean;
  result: { instance_id: string };
}

async function hubInfo(socketPath: string): Promise<Answer['result']> {
  const call = request({ socketPath, path: '/v1/hub-info', agent: false }).end();
  const [answer] = await once(call, 'response');
  return ((await json(answer)) as Answer).result;
}

/** What a start that must fail says. */
const refusal = (...args: string[]) =>
  startHub({ args }).then(
    async (hub) => {
      await hub[Symbol.asyncDispose]();
      throw new Error('it started');
    },
    (cause: Error) => cause.message,
  );

describe.skipIf(process.platform === 'win32')('a Unix socket', () => {
  it('has all doors, beside the port', async () => {
    await using folder = await newFolder();
    const socket = folder.at('hub.sock');
    await using hub = await startHub({ args: ['--socket', socket] });
    expect(hub.ready).toMatchObject({ url: `http://127.0.0.1:${hub.port}`, socket });
    expect((await hubInfo(socket)).instance_id).toBe(hub.instance_id);
    const ws = new WebSocket(`ws+unix:${socket}:/v1/ws`, 'arc.v1');
    await once(ws, 'open');
    const mcp = request({ socketPath: socket, path: '/mcp', agent: false }).end();
    const [answer] = await once(mcp, 'response');
    expect(answer.statusCode).not.toBe(404);
    ws.terminate();
    mcp.destroy();
  });

  it('may be all that there is; nobody else can connect, and it goes with the hub', async () => {
    await using folder = await newFolder();
    const socket = folder.at('own', 'hub.sock');
    await using hub = await startHub({ args: ['--socket', socket, '--no-tcp'] });
    expect(hub.ready).toMatchObject({ url: `unix:${socket}`, socket, port: 0 });
    expect(lstatSync(socket).mode & 0o777).toBe(0o600);
    expect(lstatSync(folder.at('own')).mode & 0o777).toBe(0o700);
    expect(JSON.parse(readFileSync(join(hub.folder, '.arc.pid'), 'utf8'))).toMatchObject({ url: `unix:${socket}` });
    if (process.platform === 'linux') {
      const sockets = execFileSync('ls', ['-l', `/proc/${hub.pid}/fd`], { encoding: 'utf8' }).matchAll(
        /socket:\[(\d+)\]/g,
      );
      const inodes = new Set([...sockets].map(([, inode]) => inode));
      const tcp = ['tcp', 'tcp6'].flatMap((table) => readFileSync(`/proc/net/${table}`, 'utf8').split('\n'));
      expect(tcp.filter((row) => inodes.has(row.trim().split(/\s+/)[9]))).toEqual([]);
    }
    await hub.stop();
    expect(existsSync(socket)).toBe(false);
  });

  it('replaces the socket of a hub that crashed', async () => {
    await using folder = await newFolder();
    const args = ['--socket', folder.at('hub.sock')];
    await using hub = await startHub({ args });
    await hub.kill();
    expect(existsSync(folder.at('hub.sock'))).toBe(true);
    await hub.start();
    expect((await hubInfo(folder.at('hub.sock'))).instance_id).toBe(hub.instance_id);
  });

  it('is not taken from a hub that lives, nor from any other program', async () => {
    await using folder = await newFolder();
    const args = ['--socket', folder.at('hub.sock')];
    await using hub = await startHub({ args });
    expect(await refusal(...args)).toContain(
      `the socket ${folder.at('hub.sock')} is in use: another hub listens there`,
    );
    expect((await hubInfo(folder.at('hub.sock'))).instance_id).toBe(hub.instance_id);
    const stranger = createServer().listen(folder.at('other.sock'));
    await once(stranger, 'listening');
    expect(await refusal('--socket', folder.at('other.sock'))).toContain('is in use');
    stranger.close();
  });

  it('has one winner when several hubs start at once over a stale one', async () => {
    await using folder = await newFolder();
    const socket = folder.at('hub.sock');
    const crashed = await startHub({ args: ['--socket', socket] });
    await crashed.kill();
    const hubs = await Promise.allSettled([1, 2, 3].map(() => startHub({ args: ['--socket', socket, '--no-tcp'] })));
    const started = hubs.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(started).toHaveLength(1);
    expect((await hubInfo(socket)).instance_id).toBe(started[0]?.instance_id);
    for (const hub of started) await hub[Symbol.asyncDispose]();
    await crashed[Symbol.asyncDispose]();
  });

  it('refuses in one line: a path that is too long, a folder of others, a file in its place, no socket at all', async () => {
    await using folder = await newFolder();
    const long = folder.at('x'.repeat(120));
    expect(await refusal('--socket', long)).toMatch(
      /arc error: the path of a socket is at most 10[37] bytes long on this system/,
    );
    mkdirSync(folder.at('open'));
    chmodSync(folder.at('open'), 0o777);
    expect(await refusal('--socket', folder.at('open', 's'))).toContain(
      `--socket needs a folder that only you may write: others may write into ${folder.at('open')} (mode 0777)`,
    );
    writeFileSync(folder.at('file'), 'mine');
    expect(await refusal('--socket', folder.at('file'))).toContain('is there already and is no socket');
    symlinkSync(folder.at('file'), folder.at('link'));
    expect(await refusal('--socket', folder.at('link'))).toContain('is there already and is no socket');
    expect(readFileSync(folder.at('file'), 'utf8')).toBe('mine');
    expect(await refusal('--no-tcp')).toContain('no_tcp needs a socket to listen on instead: --socket PATH');
  });
});
