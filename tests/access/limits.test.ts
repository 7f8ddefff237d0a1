/** What one caller may ask of the hub (identity §8): real hubs on a clock that stands, so that every bucket can be counted. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { HubClient, type HubError } from '../../client/index.js';
import { anybody, speakingFor } from '../../server/access/caller.js';
import { Names } from '../../server/access/names.js';
import { seesChange } from '../../server/access/visibility.js';
import type { HubOptions } from '../../server/config.js';
import { FakeClock } from '../support/fake-clock.js';
import { HttpClient } from '../support/http-client.js';
import { type InProcessHub, startInProcess } from '../support/in-process.js';
import { RawSocket, type RpcFailure, type TopicChange } from '../support/raw-socket.js';
import { until } from '../support/until.js';

/** Callers come off this machine where a proxy on it says so. */
const PROXIED = { trusted_proxy: ['127.0.0.1'], allow_remote: true, insecure_no_auth: true } satisfies HubOptions;
const from = (address: string) => ({ 'x-forwarded-for': address });
const [ANA, BEN] = ['203.0.113.7', '203.0.113.8'];

async function limited(options: HubOptions) {
  const clock = new FakeClock();
  const hub = await startInProcess(options, clock);
  const client = HubClient.overHttp(undefined, { baseUrl: hub.hub.url });
  const http = new HttpClient(hub.hub.url);
  return {
    hub,
    clock,
    http,
    stats: () => client.stats(),
    refused: async () => (await client.stats()).limited,
    post: (from_agent: string, body = 'x', headers = {}) =>
      http.call('POST', '/v1/messages', { from_agent, channel: 'general', body }, headers),
    [Symbol.asyncDispose]: async () => {
      http[Symbol.dispose]();
      await client.close();
      await hub[Symbol.asyncDispose]();
    },
  };
}

const failure = <Failure = RpcFailure>(promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('it was let through'),
    (cause: unknown) => cause as Failure,
  );

/** A WebSocket of somebody off this machine; its close code, or the status that refused it. */
async function openFrom(hub: InProcessHub, address: string): Promise<WebSocket> {
  const socket = new WebSocket(hub.wsUrl, 'arc.v1', { headers: from(address) });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('unexpected-response', (_, answer) => reject(answer));
    socket.on('error', () => undefined);
  });
  return socket;
}

describe('posts', () => {
  it('have a burst and a rate for each agent, and what is refused is not stored', async () => {
    await using hub = await limited({ max_posts_per_sec: 2, max_posts_burst: 5 });
    const { clock, post } = hub;
    for (let i = 0; i < 5; i++) expect((await post('ana')).status).toBe(201);
    const before = (await hub.stats()).messages;
    const refused = await post('ana');
    expect(refused).toMatchObject({
      status: 429,
      body: { ok: false, error: 'ana posts more than 2 messages a second: wait 1 s' },
    });
    expect(refused.headers).toMatchObject({ 'retry-after': '1', 'x-arc-error': 'rate_limited' });
    expect((await post('ben')).status).toBe(201);
    expect((await post('ana')).status).toBe(429);
    expect((await hub.stats()).messages).toBe(before + 1);
    expect(await hub.refused()).toEqual({ posts: 2, bytes: 0, connections: 0, waits: 0, subscriptions: 0, tokens: 0 });
    await clock.advance(1_000);
    expect([await post('ana'), await post('ana'), await post('ana')].map(({ status }) => status)).toEqual([
      201, 201, 429,
    ]);
  });

  it('are counted alike on every door, rpc.call with them', async () => {
    await using hub = await limited({ max_posts_per_sec: 1, max_posts_burst: 4 });
    await using socket = await RawSocket.open(hub.hub.wsUrl, 'ana');
    await socket.call('messages.post', { body: 'x' });
    await hub.post('ana');
    const { data } = await failure(socket.call('rpc.call', { to_agent: 'ben', body: 'x', timeout_sec: 0 }));
    expect(data.code).toBe('timeout');
    const local = hub.hub.hub.local.connect(anybody('local'));
    await local.call('messages.post', { from_agent: 'ana', body: 'x' }, new AbortController().signal);
    const { code } = await failure<HubError>(
      local.call('messages.post', { from_agent: 'ana', body: 'x' }, new AbortController().signal),
    );
    expect(code).toBe('rate_limited');
    for (const [method, params] of [
      ['messages.post', {}],
      ['rpc.call', { to_agent: 'ben' }],
    ] as const) {
      const refused = await failure(socket.call(method, { body: 'x', ...params }));
      expect(refused.data).toEqual({ code: 'rate_limited', status: 429, details: { retry_after_sec: 1 } });
    }
    // Whatever else the agent does goes on.
    await socket.call('events.list', {});
    await socket.call('claims.acquire', { claim_key: 'build' });
  });

  it('have bytes for a minute; a large one waits for a full measure and then passes', async () => {
    await using hub = await limited({ max_posted_bytes_per_min: 6_000 });
    const { clock, post } = hub;
    expect((await post('ana', 'x'.repeat(2_000))).status).toBe(201);
    expect((await post('ana', 'é'.repeat(2_000))).status).toBe(201);
    const refused = await post('ana', 'x'.repeat(1_000));
    expect(refused).toMatchObject({ status: 429, body: { error: expect.stringContaining('6000 bytes a minute') } });
    expect(refused.headers['retry-after']).toBe('10');
    await clock.advance(9_990);
    expect((await post('ana', 'x'.repeat(1_000))).status).toBe(429);
    await clock.advance(10);
    expect((await post('ana', 'x'.repeat(1_000))).status).toBe(201);
    expect((await post('ana', 'x'.repeat(100_000))).headers['retry-after']).toBe('60');
    await clock.advance(60_000);
    expect((await post('ana', 'x'.repeat(100_000))).status).toBe(201);
    expect((await hub.refused()).bytes).toBe(3);
  });

  it('count what hangs on a message, too', async () => {
    await using hub = await limited({ max_posted_bytes_per_min: 1_000 });
    const heavy = { attachments: [{ type: 'text', content: 'x'.repeat(600) }], metadata: { note: ['y'.repeat(300)] } };
    const call = () => hub.http.call('POST', '/v1/messages', { from_agent: 'ana', body: 'x', ...heavy });
    expect((await call()).status).toBe(201);
    expect((await hub.post('ana', 'x'.repeat(200))).status).toBe(429);
  });

  it('of an honest agent go through beside a flood', async () => {
    await using hub = await limited({ max_posts_per_sec: 100, max_posts_burst: 100 });
    await using flood = await RawSocket.open(hub.hub.wsUrl, 'ana');
    await using honest = await RawSocket.open(hub.hub.wsUrl, 'ben');
    const answers = Array.from({ length: 2_000 }, () =>
      flood.call('messages.post', { body: 'x' }).then(
        () => 'stored',
        ({ data }) => data.code,
      ),
    );
    for (let i = 0; i < 50; i++) await honest.call('messages.post', { body: `${i}` });
    const outcomes = await Promise.all(answers);
    expect(outcomes.filter((each) => each === 'stored')).toHaveLength(100);
    expect(new Set(outcomes)).toEqual(new Set(['stored', 'rate_limited']));
  });

  it('off this machine are counted by the caller, whatever names it takes', async () => {
    await using hub = await limited({ ...PROXIED, max_posts_per_sec: 1, max_posts_burst: 3 });
    const names = ['ana', 'ben', 'cleo', 'dora'];
    const statuses = [];
    for (const name of names) statuses.push((await hub.post(name, 'x', from(ANA))).status);
    expect(statuses).toEqual([201, 201, 201, 429]);
    for (const name of names) expect((await hub.post(name, 'x')).status).toBe(201);
    expect((await hub.post('ana', 'x', from(BEN))).status).toBe(201);
  });
});

describe('a connection that goes on though it is refused', () => {
  const FLOOD = { max_posts_per_sec: 1, max_posts_burst: 1 } satisfies HubOptions;
  const code = (socket: RawSocket) => once(socket.socket, 'close').then(([number]) => number as number);

  it('is closed with 4029 after a minute', async () => {
    await using hub = await limited(FLOOD);
    await using socket = await RawSocket.open(hub.hub.wsUrl, 'ana');
    const closed = code(socket);
    await socket.call('messages.post', { body: 'x' });
    // One in ten passes; nine are refused, and nobody waits for a second as they say.
    for (let ms = 0; ms < 60_000; ms += 100) {
      await socket.call('messages.post', { body: 'x' }).catch(() => undefined);
      expect(socket.socket.readyState).toBe(WebSocket.OPEN);
      await hub.clock.advance(100);
    }
    for (let i = 0; i < 2; i++) await socket.call('messages.post', { body: 'x' }).catch(() => undefined);
    expect(await closed).toBe(4029);
  });

  it('stays when it waits as it is told to', async () => {
    await using hub = await limited(FLOOD);
    await using socket = await RawSocket.open(hub.hub.wsUrl, 'ana');
    for (let sec = 0; sec < 150; sec++) {
      await socket.call('messages.post', { body: 'x' });
      // Sent before the refusal of the first could arrive.
      for (let i = 0; i < 3; i++) await failure(socket.call('messages.post', { body: 'x' }));
      await hub.clock.advance(1_000);
    }
    expect(socket.socket.readyState).toBe(WebSocket.OPEN);
  });
});

describe('off this machine', () => {
  it('waits are counted for each caller, until they end', async () => {
    await using hub = await limited({ ...PROXIED, max_caller_waits: 2 });
    const wait = (address: string, timeout = 60) =>
      fetch(`${hub.hub.hub.url}/v1/events?agent_id=ana&since_id=1000&timeout=${timeout}`, { headers: from(address) });
    const waiting = [wait(ANA), wait(ANA)];
    await until(async () => (await hub.stats()).waiters === 2);
    const { status, headers } = await wait(ANA);
    expect([status, headers.get('retry-after')]).toEqual([429, '1']);
    expect((await wait(ANA, 0)).status).toBe(200);
    expect((await hub.refused()).waits).toBe(1);
    const others = [wait(BEN), wait('127.0.0.1'), wait('127.0.0.1'), wait('127.0.0.1')];
    await until(async () => (await hub.stats()).waiters === 6);
    await hub.clock.advance(60_000);
    expect((await Promise.all([...waiting, ...others])).map(({ status }) => status)).toEqual(Array(6).fill(200));
    const again = wait(ANA);
    await until(async () => (await hub.stats()).waiters === 1);
    await hub.clock.advance(60_000);
    expect((await again).status).toBe(200);
  });

  it('subscriptions and streams are counted for each caller, until they end', async () => {
    await using hub = await limited({ ...PROXIED, max_caller_subscriptions: 2 });
    const stream = async (address: string) => {
      const controller = new AbortController();
      const headers = from(address);
      const answer = await fetch(`${hub.hub.hub.url}/v1/stream?agent_id=ana`, { headers, signal: controller.signal });
      return { status: answer.status, end: () => controller.abort() };
    };
    const socket = await openFrom(hub.hub, ANA);
    const answers: Record<string, unknown>[] = [];
    socket.on('message', (data) => answers.push(JSON.parse(String(data))));
    const ask = (id: number, method: string, params = {}) =>
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    ask(1, 'events.subscribe', { since_id: 0 });
    await until(() => answers.some(({ id }) => id === 1));
    const first = await stream(ANA);
    expect([first.status, (await stream(ANA)).status, (await stream(BEN)).status]).toEqual([200, 429, 200]);
    for (let i = 0; i < 3; i++) expect((await stream('127.0.0.1')).status).toBe(200);
    ask(2, 'events.subscribe');
    const refused = await until(() => answers.find(({ id }) => id === 2));
    expect(refused).toMatchObject({ error: { data: { code: 'rate_limited', details: { retry_after_sec: 1 } } } });
    ask(3, 'events.unsubscribe');
    await until(() => answers.some(({ id }) => id === 3));
    // A refused one was not counted, and one that ended is none any more.
    expect((await stream(ANA)).status).toBe(200);
    first.end();
    await until(async () => (await stream(ANA)).status === 200);
    socket.terminate();
    expect((await hub.refused()).subscriptions).toBeGreaterThanOrEqual(2);
  });

  it('open connections are counted for each caller, and on this machine they are not', async () => {
    await using hub = await limited({ ...PROXIED, max_caller_connections: 2 });
    const open = [await openFrom(hub.hub, ANA), await openFrom(hub.hub, ANA)];
    const refused = await openFrom(hub.hub, ANA).catch((answer) => answer);
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '1']);
    for (const address of [BEN, '127.0.0.1', '127.0.0.1', '127.0.0.1']) open.push(await openFrom(hub.hub, address));
    expect((await hub.refused()).connections).toBe(1);
    open[0]?.terminate();
    open.push(await until(() => openFrom(hub.hub, ANA)));
    for (const socket of open) socket.terminate();
  });

  it('wrong tokens are counted where they have been refused for a while', async () => {
    await using hub = await limited({ ...PROXIED, failed_tokens_per_min: 2 });
    const headers = { ...from(ANA), authorization: `Bearer arct_${'a'.repeat(10)}_${'b'.repeat(43)}` };
    const statuses = [];
    for (let i = 0; i < 5; i++) statuses.push((await hub.http.call('GET', '/v1/hub-info', undefined, headers)).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect((await hub.refused()).tokens).toBe(2);
  });
});

const [own] = Object.values(networkInterfaces())
  .flat()
  .flatMap((each) => (each?.family === 'IPv4' && !each.internal ? [each.address] : []));

describe.skipIf(own === undefined)('new connections', () => {
  /** Connects and asks; whether there was an answer. */
  async function asks(address: string, port: number): Promise<boolean> {
    const socket = connect(port, address);
    socket.on('error', () => undefined);
    socket.write(`GET /healthz HTTP/1.1\r\nHost: ${address}\r\nConnection: close\r\n\r\n`);
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    await new Promise((resolve) => socket.once('close', resolve));
    return text.startsWith('HTTP/1.1 200');
  }

  it('of an address off this machine are closed when they come too fast', async () => {
    const options = { host: '0.0.0.0', allow_remote: true, insecure_no_auth: true, max_connections_per_sec: 4 };
    await using hub = await limited(options);
    const { port } = hub.hub.hub;
    const answered = [];
    for (let i = 0; i < 6; i++) answered.push(await asks(own ?? '', port));
    expect(answered).toEqual([true, true, true, true, false, false]);
    for (let i = 0; i < 6; i++) expect(await asks('127.0.0.1', port)).toBe(true);
    expect((await hub.refused()).connections).toBe(2);
    await hub.clock.advance(500);
    expect([await asks(own ?? '', port), await asks(own ?? '', port), await asks(own ?? '', port)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('that never say whose they are stay few', async () => {
    const options = { host: '0.0.0.0', allow_remote: true, max_caller_connections: 3 };
    await using hub = await limited(options);
    const { port } = hub.hub.hub;
    const silent = Array.from({ length: 3 }, () => connect(port, own));
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    expect(await asks(own ?? '', port)).toBe(false);
    expect(await asks('127.0.0.1', port)).toBe(true);
    silent[0]?.destroy();
    await until(() => asks(own ?? '', port));
    for (const socket of silent) socket.destroy();
  });
});

describe('whoever watches', () => {
  it('is told of a caller that meets limits once a minute, as the operator', async () => {
    await using hub = await limited({ max_posts_per_sec: 1, max_posts_burst: 1 });
    await using socket = await RawSocket.open(hub.hub.wsUrl, 'operator');
    await socket.call('events.subscribe', { topics: ['hub'] });
    const told = () => socket.received<TopicChange>('hub').map(({ params }) => params);
    const flood = async (agent: string) => {
      for (let i = 0; i < 5; i++) await hub.post(agent);
    };
    for (const agent of ['ana', 'ana', 'ben']) await flood(agent);
    await socket.call('hub.stats');
    expect(told()).toMatchObject([
      { change: 'limited', value: { what: 'posts', who: 'ana', retry_after_sec: 1 } },
      { change: 'limited', value: { what: 'posts', who: 'ben', retry_after_sec: 1 } },
    ]);
    await hub.clock.advance(60_000);
    await flood('ana');
    await socket.call('hub.stats');
    expect(told()).toHaveLength(3);
  });

  it('and is no operator is not, since it says who it is', () => {
    const agent = speakingFor('relay', new Names(['ana']));
    const hubTells = (change: string) => seesChange(agent, { topic: 'hub', change, value: {} });
    expect([hubTells('limited'), hubTells('network')]).toEqual([false, true]);
  });
});
