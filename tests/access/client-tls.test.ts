/** How a client reaches a hub with TLS or on a Unix socket, and whom it refuses to speak to (identity §6, §7). */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { HubClient, type HubError } from '../../client/index.js';
import { type Folder, newFolder } from '../cli/arc.js';
import { type Certificate, certificate, newKey } from '../support/certificates.js';
import { type HubProcess, startHub } from '../support/hub-process.js';
import { until } from '../support/until.js';

interface Options {
  baseUrl: string;
  fingerprint?: string;
  ca?: string;
  token?: string;
}

/** The ways of one client to a hub: each does something that needs an answer. */
const WAYS = [
  [
    'WebSocket',
    async (options: Options) => {
      await using hub = await HubClient.connect('ana', options);
      return hub.instanceId;
    },
  ],
  [
    'HTTP',
    async (options: Options) => {
      await using hub = HubClient.overHttp('ana', options);
      await hub.register();
      return (await hub.hubInfo()).instance_id;
    },
  ],
] as const;

const pinOf = (hub: HubProcess) => hub.ready.fingerprint ?? '';

/** A hub with certificate files that a test may change. */
async function hubWith(folder: Folder, pair: Certificate): Promise<HubProcess & { put(pair: Certificate): void }> {
  const put = ({ cert, key }: Certificate) => {
    writeFileSync(folder.at('cert.pem'), cert);
    writeFileSync(folder.at('key.pem'), key);
  };
  put(pair);
  const hub = await startHub({ args: ['--tls-cert', folder.at('cert.pem'), '--tls-key', folder.at('key.pem')] });
  return Object.assign(hub, { put });
}

describe.each(WAYS)('over %s, a client', (_way, use) => {
  it('reaches a hub whose key it knows, by its address and by its name', async () => {
    await using hub = await startHub({ args: ['--tls', 'auto'] });
    expect(await use({ baseUrl: hub.url, fingerprint: pinOf(hub) })).toBe(hub.instance_id);
    const byName = hub.url.replace('127.0.0.1', 'localhost');
    expect(await use({ baseUrl: byName, fingerprint: pinOf(hub) })).toBe(hub.instance_id);
  });

  it('reaches a hub whose certificate is signed by the CA that it is given', async () => {
    await using folder = await newFolder();
    const pair = await certificate();
    await using hub = await hubWith(folder, pair);
    expect(await use({ baseUrl: hub.url, ca: pair.cert })).toBe(hub.instance_id);
    expect(await use({ baseUrl: hub.url, ca: pair.cert, fingerprint: pair.fingerprint })).toBe(hub.instance_id);
    const { cert } = await certificate();
    await expect(use({ baseUrl: hub.url, ca: cert })).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('is not known here: join the hub with its invite (arc join LINK)'),
    });
  });

  it('refuses a certificate that nothing vouches for, and says what to do', async () => {
    await using folder = await newFolder();
    await using hub = await hubWith(folder, await certificate());
    await expect(use({ baseUrl: hub.url })).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('is not known here: join the hub with its invite (arc join LINK)'),
    });
  });

  it('says not one byte to a hub with another key, and tells an attack from a hub that was made anew', async () => {
    const pair = await certificate();
    let heard = 0;
    const impostor = createServer({ cert: pair.cert, key: pair.key }, (socket) => {
      socket.on('data', (bytes: Buffer) => {
        heard += bytes.length;
      });
      socket.on('error', () => undefined);
    });
    impostor.listen(0, '127.0.0.1');
    await once(impostor, 'listening');
    const baseUrl = `https://127.0.0.1:${(impostor.address() as AddressInfo).port}`;
    const known = (await certificate()).fingerprint;
    const refused = use({ baseUrl, fingerprint: known, token: 'arct_secret' });
    await expect(refused).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(
        /shows another key .* answering in its place; or the hub was made anew.* arc join --again/,
      ),
      details: { expected: known, shown: pair.fingerprint },
    });
    expect(heard).toBe(0);
    impostor.close();
  });

  it('refuses a certificate that has expired though its key is the known one', async () => {
    await using folder = await newFolder();
    const pair = await certificate({ fromDays: -3, toDays: -1 });
    await using hub = await hubWith(folder, pair);
    expect(hub.stderr).toContain('the certificate has expired: clients refuse it');
    await expect(use({ baseUrl: hub.url, fingerprint: pair.fingerprint })).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(/^the certificate of the hub at .* expired at 20.*: its operator must renew it$/),
    });
  });

  it('refuses a certificate of the future', async () => {
    await using folder = await newFolder();
    const pair = await certificate({ fromDays: 1, toDays: 3 });
    await using hub = await hubWith(folder, pair);
    await expect(use({ baseUrl: hub.url, fingerprint: pair.fingerprint })).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('is valid from'),
    });
  });

  it('takes a renewed certificate with the same key as the hub that it knows', async () => {
    await using folder = await newFolder();
    const key = newKey();
    const [old, renewed] = await Promise.all([certificate({ key }), certificate({ key, toDays: 300 })]);
    await using hub = await hubWith(folder, old);
    hub.put(renewed);
    process.kill(hub.pid, 'SIGHUP');
    await until(() => hub.stderr.includes('certificate reloaded'));
    expect(await use({ baseUrl: hub.url, fingerprint: old.fingerprint })).toBe(hub.instance_id);
  });

  it('is told the right scheme when it uses the wrong one', async () => {
    await using secure = await startHub({ args: ['--tls', 'auto'] });
    await expect(use({ baseUrl: secure.url.replace('https', 'http') })).rejects.toMatchObject({
      code: 'bad_request',
      message: `this port speaks TLS: use ${secure.url}`,
    });
    await using plain = await startHub();
    const asSecure = plain.url.replace('http', 'https');
    for (const known of [{}, { fingerprint: pinOf(secure) }]) {
      await expect(use({ baseUrl: asSecure, ...known })).rejects.toMatchObject({
        code: 'bad_request',
        message: 'the hub speaks no TLS there: use http:// or ws://',
      });
    }
    await expect(use({ baseUrl: plain.url, fingerprint: pinOf(secure) })).rejects.toThrow('needs a hub with TLS');
  });

  it('says that nobody is there as it does without TLS', async () => {
    const hub = await startHub({ args: ['--tls', 'auto'] });
    const options = { baseUrl: hub.url, fingerprint: pinOf(hub) };
    await hub[Symbol.asyncDispose]();
    await expect(use(options)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^connection error: .*ECONNREFUSED/),
    });
  });

  it.skipIf(process.platform === 'win32')('reaches a hub on a Unix socket', async () => {
    await using folder = await newFolder();
    await using hub = await startHub({ args: ['--socket', folder.at('s'), '--no-tcp'] });
    expect(await use({ baseUrl: hub.url })).toBe(hub.instance_id);
    await expect(use({ baseUrl: `unix:${folder.at('none')}` })).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('a connection that stays', () => {
  it('comes back over TLS, with its session and its feed', async () => {
    await using hub = await startHub({ args: ['--tls', 'auto'] });
    const options = { baseUrl: hub.url, fingerprint: pinOf(hub), backOff: { baseMs: 10, maxMs: 50 } };
    await using ana = await HubClient.connect('ana', options);
    const heard: string[] = [];
    ana.subscribe({ onMessage: ({ body }) => void heard.push(body) });
    const port = hub.port;
    await hub.kill();
    await hub.restart({ port });
    await using ben = await HubClient.connect('ben', options);
    await until(() => ana.state === 'open');
    await ben.post('general', 'still here');
    await until(() => heard.includes('still here'));
  });

  it('is over when the hub comes back with another key', async () => {
    await using folder = await newFolder();
    const [first, second] = await Promise.all([certificate(), certificate()]);
    await using hub = await hubWith(folder, first);
    const backOff = { baseMs: 10, maxMs: 50 };
    const ana = await HubClient.connect('ana', { baseUrl: hub.url, fingerprint: first.fingerprint, backOff });
    const { port } = hub;
    await hub.kill();
    hub.put(second);
    await hub.restart({ port });
    const reason: HubError | undefined = await ana.closed;
    expect(reason).toMatchObject({ code: 'unauthorized', details: { shown: second.fingerprint } });
  });
});
