import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../../tests/support/until.js';
import { FakeHub } from '../testing/fake-hub.js';
import { openPlatformSocket, openSocket, type SocketFactory } from './socket.js';

// `ws` speaks the interface of the browsers too, which Node 20 has no other class for.
const platform: SocketFactory = (...given) =>
  openPlatformSocket(WebSocket as unknown as typeof globalThis.WebSocket, ...given);

const at = (fake: FakeHub, token?: string) => ({
  url: `${fake.url.replace('http', 'ws')}/v1/ws`,
  access: { baseUrl: fake.url, token },
});

const quiet = { onText: () => undefined, onAlive: () => undefined, onClose: () => undefined };
const never = new AbortController().signal;

it.each([
  ['ws', openSocket],
  ['the platform', platform],
])('carries text both ways and tells how it ended, by %s', async (_name, open) => {
  await using fake = await FakeHub.start();
  const heard: string[] = [];
  const ends: unknown[] = [];
  const events = {
    onText: (text: string) => heard.push(text),
    onAlive: () => undefined,
    onClose: (code: number, reason: string) => ends.push([code, reason]),
  };
  const socket = await open(at(fake), ['arc.v1'], events, never);
  socket.send('{"jsonrpc":"2.0","id":1,"method":"channels.list"}');
  await until(() => heard.length === 1);
  expect(JSON.parse(heard[0] ?? '')).toEqual({ jsonrpc: '2.0', id: 1, result: null });
  fake.close(4001, 'replaced');
  await until(() => ends.length === 1);
  expect(ends).toEqual([[4001, 'replaced']]);
});

it.each([
  ['ws', openSocket],
  ['the platform', platform],
])('says that there is no hub, by %s', async (_name, open) => {
  const fake = await FakeHub.start();
  await fake.stop();
  const refused = open(at(fake), ['arc.v1'], quiet, never);
  await expect(refused).rejects.toMatchObject({ code: 'unavailable' });
});

it.each([
  ['ws', openSocket],
  ['the platform', platform],
])('gives up on a signal, by %s', async (_name, open) => {
  await using fake = await FakeHub.start();
  await expect(open(at(fake), ['arc.v1'], quiet, AbortSignal.abort())).rejects.toMatchObject({ code: 'unavailable' });
});
