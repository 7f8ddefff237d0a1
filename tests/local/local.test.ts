/** Callers in the hub's own process: what a client over the local door is promised, against the hub itself. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HubClient, type Message, type TopicChange } from '../../client/index.js';
import { LocalTransport } from '../../client/local/local-transport.js';
import { anybody } from '../../server/access/caller.js';
import type { RunningHub } from '../../server/main.js';
import { type InProcessHub, startInProcess } from '../support/in-process.js';
import { until } from '../support/until.js';

let inside: InProcessHub;
beforeAll(async () => {
  inside = await startInProcess();
});
afterAll(() => inside[Symbol.asyncDispose]());

function openLocal({ instance_id, local }: RunningHub, agentId: string): HubClient {
  const connect = (reader?: Parameters<typeof local.connect>[1]) => local.connect(anybody('local'), reader);
  return new HubClient(new LocalTransport({ instance_id, connect }), agentId);
}

const signal = new AbortController().signal;

it('answers with the same values as every other door', async () => {
  await using ana = openLocal(inside.hub, 'ana');
  await using twin = HubClient.overHttp('ana', { baseUrl: inside.hub.url });
  const session = await ana.register({ capabilities: ['plan'], metadata: { deep: [{ n: 0.5 }] } });
  expect(ana.session).toEqual(session);
  expect(ana.instanceId).toBe(inside.hub.instance_id);
  const posted = await ana.post('general', 'hello', { thread_id: 't', metadata: { at: new Date(0), gone: undefined } });
  expect(posted).toMatchObject({ deduplicated: false, metadata: { at: '1970-01-01T00:00:00.000Z' } });
  await ana.claim('same', { metadata: { x: 1 } });
  await ana.lock('a.ts', { ttl_sec: 30 });
  expect(await ana.messages({ channel: 'general' })).toEqual(await twin.messages({ channel: 'general' }));
  expect(await ana.getThread('t')).toEqual(await twin.getThread('t'));
  expect(await ana.claims()).toEqual(await twin.claims());
  expect(await ana.locks()).toEqual(await twin.locks());
  expect(await ana.channels()).toEqual(await twin.channels());
  expect(await ana.hubInfo()).toEqual(await twin.hubInfo());
  expect((await ana.bootstrap()).latest_visible_id).toBe(posted.id);
  await expect(ana.release('other')).rejects.toMatchObject({ code: 'not_found', status: 404 });
  await ana.release('same');
});

it('converts what it is given as REST does', async () => {
  const caller = inside.hub.local.connect(anybody('local'));
  const posted = await caller.call(
    'messages.post',
    { from_agent: ' ana ', channel: '', body: 7, kind: 'CHAT' },
    signal,
  );
  expect(posted).toMatchObject({ from_agent: 'ana', channel: 'general', body: '7', kind: 'chat' });
  const lock = { agent_id: 'ana', file_path: 'b.ts', ttl_sec: 30.9, metadata: null };
  await expect(caller.call('locks.acquire', lock, signal)).resolves.toMatchObject({ acquired: true });
  await expect(caller.call('messages.list', { channel: 'general', limit: '1' }, signal)).resolves.toHaveLength(1);
});

it.each([
  ['nested too deep', { metadata: deep(200) }, 'parse_error'],
  ['text that no store could give back', { body: 'x\ud800' }, 'bad_request'],
  ['the same further down', { metadata: { a: ['\udfff'] } }, 'bad_request'],
  ['a list where text belongs', { body: ['x'] }, 'bad_request'],
  ['a field that nobody knows', { colour: 'red' }, 'bad_request'],
])('refuses %s', async (_, given, code) => {
  const caller = inside.hub.local.connect(anybody('local'));
  const call = caller.call('messages.post', { from_agent: 'ana', body: 'x', ...given }, signal);
  await expect(call).rejects.toMatchObject({ name: 'HubError', code });
});

it('refuses names that are no operation, and streams, which need a socket', async () => {
  const caller = inside.hub.local.connect(anybody('local'));
  await expect(caller.call('toString', {}, signal)).rejects.toMatchObject({ code: 'unknown_method' });
  await expect(caller.call('events.stream', { agent_id: 'a' }, signal)).rejects.toMatchObject({ code: 'bad_request' });
  await expect(caller.call('events.subscribe', {}, signal)).rejects.toMatchObject({ code: 'bad_request' });
});

it('writes in the order of the calls, without waiting for answers', async () => {
  await using ana = openLocal(inside.hub, 'ana');
  const sent = await Promise.all(Array.from({ length: 50 }, (_, n) => ana.post('general', `in order ${n}`)));
  const ids = sent.map(({ id }) => id);
  expect(ids).toEqual([...ids].sort((a, b) => a - b));
});

it('leaves others their turn, however often it is asked', async () => {
  await using ana = openLocal(inside.hub, 'ana');
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  while (!turned) await ana.poll({ timeout: 0 });
});

it('ends a wait that is given up, at the hub too', async () => {
  await using ana = openLocal(inside.hub, 'ana');
  const waiters = async () => (await ana.stats()).waiters;
  const giveUp = new AbortController();
  const waiting = ana.inbox({ timeout: 60, signal: giveUp.signal });
  await until(async () => (await waiters()) === 1);
  giveUp.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'timeout', details: { cancelled: true } });
  await until(async () => (await waiters()) === 0);
  await expect(ana.inbox({ timeout: 60, timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' });
  await until(async () => (await waiters()) === 0);
});

it('pushes messages and changes, from where it was asked on', async () => {
  await using ana = openLocal(inside.hub, 'ana');
  await using ben = openLocal(inside.hub, 'ben');
  const first = await ben.dm('ana', 'before');
  const changes: TopicChange[] = [];
  const subscription = ana.subscribe({
    since_id: first.id - 1,
    topics: ['lock'],
    onChange: (change) => changes.push(change),
  });
  const { since_id, latest_id } = await subscription.ready;
  expect([since_id, latest_id]).toEqual([first.id - 1, first.id]);
  expect(await ana.stats()).toMatchObject({ subscriptions: 1 });
  await ben.dm('cleo', 'for somebody else');
  await ben.post('general', 'after');
  await ben.lock('pushed.ts');
  const got: Message[] = [];
  for await (const message of subscription) if (got.push(message) === 2) break;
  expect(got.map(({ body }) => body)).toEqual(['before', 'after']);
  expect(changes).toMatchObject([{ topic: 'lock', change: 'acquired', value: { file_path: 'pushed.ts' } }]);
  expect(await ana.stats()).toMatchObject({ subscriptions: 0, slowest_reader_lag: 0 });
});

it('gives a slow reader all of it, in order, when it has room again', async () => {
  await using ana = openLocal(inside.hub, 'ana');
  await using ben = openLocal(inside.hub, 'ben');
  const subscription = ana.subscribe({ channels: ['general'], bufferMessages: 10 });
  await subscription.ready;
  await Promise.all(Array.from({ length: 100 }, (_, n) => ben.post('general', `slow ${n}`)));
  expect(subscription.buffered).toBeLessThan(100);
  expect((await ana.stats()).slowest_reader_lag).toBeGreaterThan(0);
  const got: string[] = [];
  for await (const { body } of subscription) if (got.push(body) === 100) break;
  expect(got).toEqual(Array.from({ length: 100 }, (_, n) => `slow ${n}`));
});

it('leaves nothing behind when it is closed, whatever was under way', async () => {
  const ana = openLocal(inside.hub, 'ana');
  const ended = ana.subscribe({ since_id: 'cursor' });
  const open = ana.subscribe();
  await open.ready;
  const waiting = ana.inbox({ timeout: 60 });
  await Promise.all([ana.close(), expect(waiting).rejects.toMatchObject({ code: 'unavailable' })]);
  await Promise.all([open.closed, ended.closed]);
  expect(ana.state).toBe('closed');
  await expect(ana.agents()).rejects.toMatchObject({ code: 'unavailable' });
  await using ben = openLocal(inside.hub, 'ben');
  await until(async () => {
    const { subscriptions, waiters } = await ben.stats();
    return subscriptions === 0 && waiters === 0;
  });
});

it('is told when the hub goes down, and may say goodbye until then', async () => {
  await using other = await startInProcess();
  const ana = openLocal(other.hub, 'ana');
  await ana.register();
  const subscription = ana.subscribe();
  await subscription.ready;
  const stopped = other.hub.stop();
  await expect(subscription.closed).resolves.toMatchObject({ code: 'unavailable', message: 'hub is shutting down' });
  await ana.close();
  await stopped;
});

function deep(levels: number): object {
  let value: object = {};
  for (let level = 0; level < levels; level++) value = { value };
  return value;
}
