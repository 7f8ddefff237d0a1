/** How a token travels, and what a client does that is refused with it (identity §2, websocket §10). */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { HubClient } from './index.js';
import { FakeHub } from './testing/fake-hub.js';
import { openPlatformSocket } from './websocket/socket.js';

/** A server that refuses everything with 401, and what it was sent. */
async function refuser() {
  const heard: IncomingHttpHeaders[] = [];
  const server = createServer((req, res) => {
    heard.push(req.headers);
    res.writeHead(401, { 'X-Arc-Error': 'unauthorized' }).end('{"ok":false,"error":"this token was revoked"}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    heard,
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]: () => void server.close(),
  };
}

const refusal = { code: 'unauthorized', message: 'this token was revoked' };

describe('a token', () => {
  it('goes with each request over HTTP, and a refusal is the answer', async () => {
    using server = await refuser();
    const hub = HubClient.overHttp('ana', { baseUrl: server.baseUrl, token: 'secret', waitForHub: true });
    await expect(hub.hubInfo()).rejects.toMatchObject(refusal);
    expect(server.heard.map(({ authorization }) => authorization)).toEqual(['Bearer secret']);
  });

  it('goes with the handshake of a WebSocket, and a refusal ends the client that would wait for a hub', async () => {
    using server = await refuser();
    const connecting = HubClient.connect('ana', { baseUrl: server.baseUrl, token: 'secret', waitForHub: true });
    await expect(connecting).rejects.toMatchObject(refusal);
    expect(server.heard).toMatchObject([{ authorization: 'Bearer secret', 'sec-websocket-protocol': 'arc.v1' }]);
  });

  it('goes with the subprotocol where headers cannot be set', async () => {
    using server = await refuser();
    const quiet = { onText: () => undefined, onAlive: () => undefined, onClose: () => undefined };
    const target = { url: server.baseUrl.replace('http', 'ws'), access: { baseUrl: server.baseUrl, token: 'secret' } };
    const { signal } = new AbortController();
    // `ws` speaks the interface of the browsers too, which Node 20 has no other class for.
    const Platform = WebSocket as unknown as typeof globalThis.WebSocket;
    await expect(openPlatformSocket(Platform, target, ['arc.v1'], quiet, signal)).rejects.toThrow();
    expect(server.heard).toMatchObject([{ 'sec-websocket-protocol': 'arc.v1,bearer.secret' }]);
    expect(server.heard[0]?.authorization).toBeUndefined();
  });

  it('that no header can carry is refused without being repeated', async () => {
    using server = await refuser();
    const options = { baseUrl: server.baseUrl, token: 'sec\nret \u{1f511}' };
    for (const refused of [HubClient.overHttp('ana', options).hubInfo(), HubClient.connect('ana', options)]) {
      await expect(refused).rejects.toMatchObject({
        code: 'unauthorized',
        message: expect.not.stringContaining('ret'),
      });
    }
    expect(server.heard).toEqual([]);
  });

  it('that is revoked while it is connected ends the client, its feeds and its calls, with the reason', async () => {
    await using fake = await FakeHub.start();
    const hub = await HubClient.connect('ana', { baseUrl: fake.url, token: 'secret' });
    const ended: unknown[] = [];
    const feed = hub.subscribe({ onMessage: () => undefined });
    await feed.ready;
    const call = hub.call('ben', 'still there?').catch((cause) => ended.push(cause.code));
    fake.close(4003, 'the token was revoked');
    expect(await hub.closed).toMatchObject({ code: 'unauthorized', message: 'the token was revoked' });
    await call;
    expect(ended).toEqual(['unauthorized']);
    expect(hub.state).toBe('closed');
  });
});
