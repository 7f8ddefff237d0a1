/** A hub with TLS: every door, certificates that change under load, and what is refused at the start (identity §6). */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Folder, newFolder } from '../cli/arc.js';
import { type Certificate, certificate, fingerprintOf } from '../support/certificates.js';
import { startHub } from '../support/hub-process.js';
import { until } from '../support/until.js';

const unchecked = { rejectUnauthorized: false };

async function get(url: string, agent: Agent | false = false): Promise<{ status: number; text: string }> {
  const call = request(url, { ...unchecked, agent }).end();
  const [answer] = await once(call, 'response');
  return { status: answer.statusCode, text: await text(answer) };
}

/** The key that a new connection is shown. */
async function shown(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', ...unchecked });
  await once(socket, 'secureConnect');
  const fingerprint = fingerprintOf(socket.getPeerCertificate().raw);
  socket.destroy();
  return fingerprint;
}

class Files {
  readonly cert: string;
  readonly key: string;
  constructor(folder: Folder) {
    this.cert = folder.at('cert.pem');
    this.key = folder.at('key.pem');
  }
  put({ cert, key }: Pick<Certificate, 'cert' | 'key'>): void {
    writeFileSync(this.cert, cert);
    writeFileSync(this.key, key);
  }
  get args(): string[] {
    return ['--tls-cert', this.cert, '--tls-key', this.key];
  }
}

describe('TLS', () => {
  it('is on every door of the port, and said in every address', async () => {
    await using hub = await startHub({ args: ['--tls', 'auto'] });
    expect(hub.url).toMatch(/^https:/);
    expect(JSON.parse((await get(`${hub.url}/v1/hub-info`)).text)).toMatchObject({
      result: { instance_id: hub.instance_id },
    });
    expect((await get(`${hub.url}/mcp`)).status).not.toBe(404);
    const socket = new WebSocket(hub.wsUrl, 'arc.v1', unchecked);
    await once(socket, 'open');
    socket.terminate();
    expect(await shown(hub.port)).toBe(hub.ready.fingerprint);
  });

  it('answers plain HTTP with one line that says https, also to a request with a body and to an upgrade', async () => {
    await using hub = await startHub({ args: ['--tls', 'auto'] });
    const host = `127.0.0.1:${hub.port}`;
    const plain = await fetch(`http://${host}/v1/messages`, { method: 'POST', body: 'x'.repeat(300_000) });
    expect(plain.status).toBe(400);
    expect(await plain.json()).toEqual({ ok: false, error: `this port speaks TLS: use https://${host}` });
    const upgrade = new WebSocket(`ws://${host}/v1/ws`, 'arc.v1');
    const [, answer] = await once(upgrade, 'unexpected-response');
    expect(answer.statusCode).toBe(400);
    upgrade.on('error', () => undefined).terminate();
    const garbage = connectPlain(hub.port, '127.0.0.1').end('\x00\x01\x02');
    expect(await text(garbage)).toContain('this port speaks TLS: use https://HOST:PORT');
  });

  it('stops within its time though peers are silent or within a handshake', async () => {
    await using hub = await startHub({ args: ['--tls', 'auto'] });
    const silent = connectPlain(hub.port, '127.0.0.1');
    const halfway = connectPlain(hub.port, '127.0.0.1');
    await Promise.all([once(silent, 'connect'), once(halfway, 'connect')]);
    halfway.write(Buffer.from([0x16, 3, 1, 0, 200]));
    const ended = Promise.all([silent, halfway].map((socket) => new Promise((done) => socket.once('close', done))));
    for (const socket of [silent, halfway]) socket.on('error', () => undefined);
    expect(await hub.stop()).toBe(0);
    await ended;
  });
});

describe('certificate files', () => {
  it('that change are used from then on, by SIGHUP at once, and no connection under load is dropped', async () => {
    await using folder = await newFolder();
    const files = new Files(folder);
    const [first, second, third] = await Promise.all([certificate(), certificate(), certificate()]);
    files.put(first);
    await using hub = await startHub({ args: files.args });
    expect(await shown(hub.port)).toBe(first.fingerprint);

    const sockets = new Set<TLSSocket>();
    let closed = 0;
    let answered = 0;
    const over = new AbortController();
    const agents = Array.from({ length: 8 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
    const load = agents.map(async (agent) => {
      while (!over.signal.aborted) {
        const call = request(`${hub.url}/v1/channels`, { ...unchecked, agent }).end();
        call.once('socket', (socket) => {
          if (sockets.has(socket as TLSSocket)) return;
          sockets.add(socket as TLSSocket);
          socket.once('close', () => !over.signal.aborted && closed++);
        });
        const [answer] = await once(call, 'response');
        await text(answer);
        expect(answer.statusCode).toBe(200);
        answered += 1;
      }
    });
    const feed = new WebSocket(hub.wsUrl, 'arc.v1', unchecked);
    await once(feed, 'open');

    files.put(second);
    await until(async () => (await shown(hub.port)) === second.fingerprint, { everyMs: 50 });
    files.put(third);
    process.kill(hub.pid, 'SIGHUP');
    await until(async () => (await shown(hub.port)) === third.fingerprint, { everyMs: 50 });
    const before = answered;
    await until(() => answered > before + 100);
    expect({ sockets: sockets.size, closed, feed: feed.readyState }).toEqual({
      sockets: 8,
      closed: 0,
      feed: WebSocket.OPEN,
    });
    over.abort();
    await Promise.all(load);
    for (const agent of agents) agent.destroy();
    feed.terminate();
  });

  it('that are broken leave the present ones in use, and are told to the log', async () => {
    await using folder = await newFolder();
    const files = new Files(folder);
    const first = await certificate();
    files.put(first);
    await using hub = await startHub({ args: files.args });
    files.put({ cert: 'nonsense', key: first.key });
    process.kill(hub.pid, 'SIGHUP');
    await until(() => hub.stderr.includes('the new certificate cannot be used; the present one stays'));
    expect(hub.stderr).toContain(`${files.cert} is no certificate`);
    expect(await shown(hub.port)).toBe(first.fingerprint);
  });

  it('are named with their fault and its remedy when the hub cannot start with them', async () => {
    await using folder = await newFolder();
    const files = new Files(folder);
    const [good, other] = await Promise.all([certificate(), certificate()]);
    const refusal = (args = files.args) =>
      startHub({ args }).then(
        () => 'it started',
        (cause: Error) => /^arc error: .*$/m.exec(cause.message)?.[0],
      );
    expect(await refusal()).toBe(`arc error: ${files.cert} cannot be read: there is no such file`);
    files.put({ cert: good.key, key: good.key });
    expect(await refusal()).toBe(
      `arc error: ${files.cert} is no certificate: it must be PEM, with -----BEGIN CERTIFICATE-----`,
    );
    files.put({ cert: good.cert, key: good.cert });
    expect(await refusal()).toBe(
      `arc error: ${files.key} is no private key: it must be PEM, with -----BEGIN PRIVATE KEY-----`,
    );
    files.put({ cert: good.cert, key: other.key });
    expect(await refusal()).toBe(
      `arc error: the key ${files.key} does not belong to the certificate ${files.cert}: give the two that were made together`,
    );
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const locked = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
    files.put({ cert: good.cert, key: String(locked) });
    expect(await refusal()).toBe(`arc error: ${files.key} is locked by a passphrase: give it without one`);
    expect(await refusal(['--tls-cert', files.cert])).toBe(
      'arc error: tls_cert and tls_key belong together: give both',
    );
    expect(await refusal(['--tls', 'auto', ...files.args])).toContain('leave tls_cert away');
  });
});

describe('a hub off loopback', () => {
  const remote = ['--host', '0.0.0.0', '--allow-remote'];
  it.each([
    { args: remote, warns: true },
    { args: [...remote, '--tls', 'auto'], warns: false },
    { args: [...remote, '--trusted-proxy', '127.0.0.1'], warns: false },
    { args: [], warns: false },
  ])('started with $args warns of missing TLS: $warns', async ({ args, warns }) => {
    await using hub = await startHub({ args });
    await hub.stop();
    expect(hub.stderr.includes('NO TLS')).toBe(warns);
  });
});
