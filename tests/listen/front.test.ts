/** What stands before the doors: time limits, and proxies (identity §6, §8). */
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { HttpClient } from '../support/http-client.js';
import { startHub } from '../support/hub-process.js';

describe('the listener', () => {
  it('answers 408 to headers that never end', async () => {
    await using hub = await startHub({ args: ['--max-headers-sec', '1'] });
    const socket = connect(hub.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('GET /v1/hub-info HTTP/1.1\r\nHost: 127.0.0.1\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 .*request timed out/s);
  });

  it('answers 408 to a body that never ends', async () => {
    await using hub = await startHub({ args: ['--max-headers-sec', '1', '--max-request-sec', '1'] });
    const socket = connect(hub.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{"body"');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it.each([
    ['says nothing', Buffer.alloc(0)],
    ['begins a handshake and stops', Buffer.from([0x16, 3, 1, 0, 200, 1])],
  ])('closes on a peer that %s instead of agreeing on TLS', async (_, bytes) => {
    await using hub = await startHub({ args: ['--tls', 'auto', '--max-headers-sec', '1'] });
    const socket = connect(hub.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(bytes);
    expect(await text(socket)).toBe('');
  });

  it('refuses a proxy that nobody listed', async () => {
    const refused = startHub({ args: ['--trusted-proxy', 'proxy.local'] });
    await expect(refused).rejects.toThrow('must be an address or a range such as 10.0.0.0/8');
  });
});

describe('behind a proxy', () => {
  const forwarded = (address: string, proto = 'https') => ({
    'x-forwarded-for': address,
    'x-forwarded-proto': proto,
  });

  it('that is not trusted, its headers mean nothing', async () => {
    await using hub = await startHub();
    using client = new HttpClient(hub.url);
    const { status } = await client.call('GET', '/v1/hub-info', undefined, forwarded('203.0.113.9'));
    expect(status).toBe(200);
    const origin = { origin: `https://127.0.0.1:${hub.port}`, ...forwarded('127.0.0.1') };
    expect((await client.call('GET', '/v1/hub-info', undefined, origin)).status).toBe(403);
  });

  it('that is trusted, whoever is off this machine stays out unless remote access is on', async () => {
    await using hub = await startHub({ args: ['--trusted-proxy', '127.0.0.0/8'] });
    using client = new HttpClient(hub.url);
    const call = (headers = {}) => client.call('GET', '/v1/hub-info', undefined, headers);
    expect((await call()).status).toBe(200);
    expect((await call(forwarded('127.0.0.1'))).status).toBe(200);
    const refused = await call(forwarded('203.0.113.9'));
    expect(refused).toMatchObject({ status: 403, body: { error: 'remote requests disabled' } });
    const socket = new WebSocket(hub.wsUrl, 'arc.v1', { headers: forwarded('203.0.113.9') });
    const [, answer] = await once(socket, 'unexpected-response');
    expect(answer.statusCode).toBe(403);
    socket.on('error', () => undefined).terminate();
  });

  it('that is trusted, its scheme is the one of the own origin', async () => {
    await using hub = await startHub({
      args: ['--trusted-proxy', '127.0.0.1', '--allow-remote', '--insecure-no-auth'],
    });
    using client = new HttpClient(hub.url);
    const call = (scheme: string, proto: string) =>
      client.call('GET', '/v1/hub-info', undefined, {
        origin: `${scheme}://127.0.0.1:${hub.port}`,
        ...forwarded('203.0.113.9', proto),
      });
    expect((await call('https', 'https')).status).toBe(200);
    expect((await call('http', 'https')).status).toBe(403);
    expect((await call('https', 'http')).status).toBe(403);
  });

  it('that is trusted, taking remote access back ends the connections of those behind it', async () => {
    const open = ['--host', '0.0.0.0', '--allow-remote', '--insecure-no-auth'];
    await using hub = await startHub({ args: ['--trusted-proxy', '127.0.0.1', ...open] });
    const remote = new WebSocket(hub.wsUrl, 'arc.v1', { headers: forwarded('203.0.113.9') });
    const local = new WebSocket(hub.wsUrl, 'arc.v1');
    await Promise.all([once(remote, 'open'), once(local, 'open')]);
    const ended = once(remote, 'close');
    using client = new HttpClient(hub.url);
    await client.call('POST', '/v1/network', { allow_remote: false });
    await ended;
    expect(local.readyState).toBe(WebSocket.OPEN);
    local.terminate();
  });
});
