/** What got through once, and must not again (identity §2–§4, §9). */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { folderCaller, NONE_KNOWN } from '../../cli/relay/bound.js';
import { inHub } from '../../cli/relay/in-hub.js';
import { HubClient, type HubError, type Message } from '../../client/index.js';
import type { NewToken } from '../../protocol/index.js';
import { agentFolder } from '../../relay/spool.js';
import { networkOf } from '../../server/access/caller.js';
import { startHub } from '../support/hub-process.js';
import { type InProcessHub, startInProcess } from '../support/in-process.js';
import { storeOf } from '../support/token-store.js';
import { until } from '../support/until.js';

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('it was let in'),
    (cause: unknown) => cause as HubError,
  );

let inside: InProcessHub;
let operator: HubClient;
beforeAll(async () => {
  inside = await startInProcess({ auth: 'required' });
  operator = HubClient.overHttp(undefined, { baseUrl: inside.hub.url, token: inside.ownToken() });
});
afterAll(async () => {
  await operator.close();
  await inside[Symbol.asyncDispose]();
});

let round = 0;
let ana: HubClient;
let ben: HubClient;
let mallory: HubClient;
let names: Record<'ana' | 'ben' | 'mallory' | 'hidden' | 'shown', string>;
const issue = (params: Record<string, unknown>) => operator.request('tokens.issue', params) as Promise<NewToken>;

/** Three agents of their own in each test, the third of them narrowed to one channel. */
beforeEach(async () => {
  round++;
  names = {
    ana: `ana-${round}`,
    ben: `ben-${round}`,
    mallory: `mallory-${round}`,
    hidden: `hidden-${round}`,
    shown: `shown-${round}`,
  };
  for (const name of [names.hidden, names.shown]) await operator.request('channels.create', { name });
  const as = async (name: string, channels?: string[]) => {
    const { token } = await issue({ names: [name], channels });
    return HubClient.overHttp(name, { baseUrl: inside.hub.url, token });
  };
  [ana, ben, mallory] = await Promise.all([as(names.ana), as(names.ben), as(names.mallory, [names.shown])]);
});

const post = (client: HubClient, params: Record<string, unknown>) =>
  client.request('messages.post', params) as Promise<Message>;
const statusOf = async (id: number) =>
  ((await operator.request('tasks.list', {})) as { task_id: number; status: string }[]).find(
    ({ task_id }) => task_id === id,
  )?.status;

describe('a request to another agent', () => {
  it('is answered by that agent, or by who has done its task, and by nobody else', async () => {
    const answer = ana.call(names.ben, 'what is the key?', { timeout_sec: 20 });
    const [request] = await until(async () => {
      const inbox = await ben.inbox();
      return inbox.length > 0 ? inbox : undefined;
    });
    const forged = { kind: 'task_result', reply_to: request?.id, body: 'forged' };
    for (const to_agent of [names.ana, undefined]) {
      const metadata = { task_completed: request?.id, kept: 1 };
      const channel = to_agent === undefined ? names.shown : undefined;
      const sent = await post(mallory, { ...forged, to_agent, channel, metadata });
      expect(sent.metadata).toEqual({ kept: 1 });
    }
    await post(ben, { ...forged, body: 'from ben', to_agent: names.ana });
    expect(await answer).toMatchObject({ body: 'from ben', from_agent: names.ben });
  });

  it('is not answered in a channel that does not exist for whoever asked', async () => {
    const answer = mallory.call(names.ben, 'x', { timeout_sec: 20 });
    const [request] = await until(async () => {
      const inbox = await ben.inbox();
      return inbox.length > 0 ? inbox : undefined;
    });
    const result = { kind: 'task_result', reply_to: request?.id };
    await post(ben, { ...result, body: 'in secret', channel: names.hidden });
    await post(ben, { ...result, body: 'for all', channel: names.shown });
    expect(await answer).toMatchObject({ body: 'for all' });
  });

  it('is seen by its two ends alone: as task, as thread, as a change', async () => {
    const thread_id = `between-${round}`;
    const socket = await HubClient.connect(undefined, {
      baseUrl: inside.hub.url,
      token: (await issue({ names: [`eve-${round}`] })).token,
    });
    const told: unknown[] = [];
    await socket.subscribe({ topics: ['task'], onChange: (change) => told.push(change) }).ready;
    const request = await post(ana, { to_agent: names.ben, kind: 'task_request', body: 'x', thread_id });
    const open = await post(ana, { channel: names.shown, kind: 'task', body: 'for all' });
    await until(() => told.length > 0);
    expect(told).toMatchObject([{ value: { task_id: open.id } }]);
    for (const [client, isSeen] of [
      [ana, true],
      [ben, true],
      [operator, true],
      [mallory, false],
      [socket, false],
    ] as const) {
      const tasks = (await client.request('tasks.list', {})) as { task_id: number }[];
      const threads = (await client.request('threads.list', {})) as { thread_id: string }[];
      const one = await client.request('threads.get', { thread_id }).then(
        () => true,
        (cause: HubError) => cause.code !== 'not_found',
      );
      expect([
        tasks.some(({ task_id }) => task_id === request.id),
        threads.some((each) => each.thread_id === thread_id),
        one,
      ]).toEqual([isSeen, isSeen, isSeen]);
    }
    await socket.close();
  });

  it('is not ended by who claims it without seeing it, however early', async () => {
    const direct = await post(ana, { to_agent: names.ben, kind: 'task_request', body: 'x' });
    const claim = (client: HubClient, owner_agent_id: string, id: number, claim_key: string) =>
      client.request('claims.acquire', { owner_agent_id, task_message_id: id, claim_key });
    expect(await refusal(claim(mallory, names.mallory, direct.id, 'k'))).toMatchObject({ code: 'forbidden' });
    await claim(mallory, names.mallory, direct.id + 1, 'before it is there');
    const next = await post(ana, { to_agent: names.ben, kind: 'task_request', body: 'x' });
    expect(next.id).toBe(direct.id + 1);
    for (const task_id of [direct.id, next.id]) {
      const complete = { task_id, agent_id: names.mallory };
      expect(await refusal(mallory.request('tasks.complete', complete))).toMatchObject({ code: 'not_found' });
      expect(await statusOf(task_id)).toBe('open');
    }

    const open = await post(ana, { channel: names.shown, kind: 'task', body: 'for all' });
    const unclaimed = { task_id: open.id, agent_id: names.ben };
    expect(await refusal(ben.request('tasks.complete', unclaimed))).toMatchObject({ code: 'forbidden' });
    await claim(ben, names.ben, open.id, `for-${round}`);
    for (let i = 0; i < 2; i++) await ben.request('tasks.complete', unclaimed);
    await ben.request('claims.release', { claim_key: `for-${round}`, agent_id: names.ben });
    await ben.request('tasks.complete', unclaimed);
    expect(await statusOf(open.id)).toBe('done');
  });

  it('gets no parts, which would end it, from whom it does not concern', async () => {
    const parent = await post(ana, { channel: names.shown, kind: 'task', body: 'for all' });
    const hidden = await post(ana, { channel: names.hidden, kind: 'task', body: 'not for mallory' });
    const part = (parent_task_id: number) =>
      post(mallory, { channel: names.shown, kind: 'task', body: 'x', parent_task_id });
    expect(await refusal(part(parent.id))).toMatchObject({ code: 'forbidden' });
    expect(await refusal(part(hidden.id))).toMatchObject({
      code: 'bad_request',
      message: 'parent_task_id references unknown task',
    });
    await mallory.request('claims.acquire', { owner_agent_id: names.mallory, task_message_id: parent.id });
    await part(parent.id);
  });
});

it('reaches no hidden channel by a thread, nor by what a lease says of itself', async () => {
  const thread_id = `hush-${round}`;
  await post(ana, { channel: names.hidden, body: 'x', thread_id });
  const direct = `between-two-${round}`;
  await post(ana, { to_agent: names.ben, body: 'x', thread_id: direct });
  const request = await post(ana, { to_agent: names.ben, kind: 'task_request', body: 'x', thread_id: direct });
  const part = { to_agent: names.ben, kind: 'task_request', body: 'x', parent_task_id: request.id };
  const { id } = await post(ana, part);
  // The last part ends the whole, of which the hub tells in the thread.
  await ben.request('tasks.complete', { task_id: id, agent_id: names.ben });
  const tries: [string, Record<string, unknown>][] = [
    ['messages.post', { to_agent: names.mallory, body: 'to myself', thread_id: direct }],
    ['messages.post', { channel: names.shown, kind: 'task', body: 'x', thread_id: direct }],
    ['messages.post', { channel: names.shown, kind: 'task', body: 'x', thread_id }],
    ['claims.acquire', { owner_agent_id: names.mallory, claim_key: `c-${round}`, thread_id }],
    ['locks.acquire', { agent_id: names.mallory, file_path: `f-${round}`, metadata: { thread_id } }],
    ['locks.acquire', { agent_id: names.mallory, file_path: `f-${round}`, metadata: { channel: names.hidden } }],
  ];
  for (const [name, params] of tries) {
    expect(await refusal(mallory.request(name as 'messages.post', params))).toMatchObject({ code: 'forbidden' });
  }
  for (const each of [thread_id, direct]) {
    expect(await refusal(mallory.request('threads.get', { thread_id: each }))).toMatchObject({ code: 'not_found' });
  }
  expect(JSON.stringify(await mallory.request('events.list', { agent_id: names.mallory }))).not.toContain(direct);
  expect(JSON.stringify(await ana.request('inbox.list', { agent_id: names.ana }))).toContain('subtasks of task');
  expect(await operator.request('locks.list', {})).not.toContainEqual(
    expect.objectContaining({ file_path: `f-${round}` }),
  );
});

it('keeps the keys of one token from another, where a call names no agent', async () => {
  const task = await post(ana, { channel: names.shown, kind: 'task', body: 'x' });
  const params = { task_id: task.id, idempotency_key: `same-${round}` };
  const bare = async (name: string) => {
    const { token } = await issue({ names: [name, `${name}-2`] });
    return HubClient.overHttp(undefined, { baseUrl: inside.hub.url, token });
  };
  const [owner, other] = [await bare(names.ana), await bare(names.mallory)];
  await owner.request('tasks.complete', params);
  const { id } = await post(ana, { channel: names.shown, kind: 'task', body: 'x' });
  // A key of the other's with other content would be a conflict.
  const others = other.request('tasks.complete', { ...params, task_id: id });
  expect(await refusal(others)).toMatchObject({ code: 'forbidden' });
});

describe('a folder of the relay', () => {
  const ask = async (agent_id: string, from_agent: string, folder = agentFolder(agent_id)) => {
    const execute = inHub(inside.hub, (call) => folderCaller(call, inside.hub.guards));
    const body = JSON.stringify({ from_agent, body: 'x' });
    const from = { idempotency_key: undefined, signal: new AbortController().signal, waitSec: 0, folder, agent_id };
    return (await execute({ method: 'POST', path: '/v1/messages', body, ...from })).status;
  };

  it('acts under no name with a token but exactly its own, and never as the hub or its operator', async () => {
    await issue({ names: [`team/${names.ana}`, `ана-${round}`] });
    const shared = agentFolder(`team/${names.ana}`);
    expect(await ask(`team/${names.ana}`, `team/${names.ana}`)).toBe(403);
    expect(await ask(shared, `team/${names.ana}`)).toBe(403);
    expect(await ask(`ана-${round}`, `ана-${round}`)).toBe(403);
    for (const name of ['system', 'operator']) expect(await ask(name, name)).toBe(403);
    expect(await ask(names.ana, names.ana)).toBe(201);
    expect(await ask(shared, shared)).toBe(201);
    expect(await ask(`бен-${round}`, `бен-${round}`)).toBe(201);
    expect(folderCaller({ folder: 'operator', agent_id: 'operator' }, NONE_KNOWN).names?.has('operator')).toBe(false);
  });
});

it('lets a token of many names be held to one of them', async () => {
  const { token } = await issue({ role: 'relay', names: [`ci-${round}-*`] });
  const [one, two] = [`ci-${round}-1`, `ci-${round}-2`];
  const direct = await post(operator, { from_agent: two, to_agent: names.ben, body: 'of the second' });
  const ask = async (as: string | undefined, path: string) => {
    const headers = { Authorization: `Bearer ${token}`, ...(as !== undefined && { 'X-Arc-Agent': as }) };
    return (await fetch(`${inside.hub.url}${path}`, { headers })).status;
  };
  expect(await ask(undefined, `/v1/messages/${direct.id}`)).toBe(200);
  expect(await ask(encodeURIComponent(two), `/v1/messages/${direct.id}`)).toBe(200);
  expect(await ask(one, `/v1/messages/${direct.id}`)).toBe(404);
  expect(await ask(one, `/v1/inbox/${two}`)).toBe(403);
  expect(await ask(names.ana, '/v1/channels')).toBe(403);
  expect(await ask(`ci-${round}-*`, '/v1/channels')).toBe(403);
  for (const reserved of ['system', 'operator', '*', 'ana*']) {
    const headers = { Authorization: `Bearer ${inside.ownToken()}`, 'X-Arc-Agent': reserved };
    expect((await fetch(`${inside.hub.url}/v1/channels`, { headers })).status).toBe(403);
  }
});

describe('the audit', () => {
  it('has one line for many made-up names, and lines for what a handler or /mcp refuses', async () => {
    const { token, id } = await issue({ names: [`p-${round}-*`] });
    const client = HubClient.overHttp(undefined, { baseUrl: inside.hub.url, token });
    for (let i = 0; i < 30; i++) await refusal(post(client, { from_agent: `made-up-${i}`, body: 'x' }));
    const task = await post(ana, { channel: names.shown, kind: 'task', body: 'x' });
    const complete = { task_id: task.id, agent_id: names.mallory };
    await refusal(mallory.request('tasks.complete', complete));
    const lines = await until(async () => {
      const found = await operator.audit({ tail: true, limit: 200 });
      return found.some(({ operation, caller }) => operation === 'tasks.complete' && caller.agent === names.mallory)
        ? found
        : undefined;
    });
    const made = lines.filter(({ caller, operation }) => caller.token_id === id && operation === 'messages.post');
    // The minute may have turned meanwhile.
    expect(made.length).toBeLessThanOrEqual(2);
    expect(made.reduce((sum, { count }) => sum + count, 0)).toBe(30);
  });
});

it('does not tell an observer how far an agent has read', async () => {
  const { token } = await issue({ role: 'observer' });
  const socket = new WebSocket(inside.wsUrl, ['arc.v1', `bearer.${token}`]);
  await once(socket, 'open');
  const params = { agent_id: names.ben, since_id: 'cursor' };
  socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'events.subscribe', params }));
  const [answer] = await once(socket, 'message');
  expect(JSON.parse(String(answer)).error.data.code).toBe('forbidden');
  socket.terminate();
});

it.each([
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['127.3.2.1', 'loopback'],
  ['::1', 'loopback'],
  ['192.0.2.7', '192.0.2.7'],
  ['unix', 'unix'],
])('counts %s as of %s', (address, network) => expect(networkOf(address)).toBe(network));

describe('an open hub', () => {
  it('narrows nobody who has shown no token', async () => {
    await using open = await startInProcess();
    const asked = await fetch(`${open.hub.url}/v1/channels`, { headers: { 'X-Arc-Agent': 'an*' } });
    expect(asked.status).toBe(400);
  });

  it.each([
    ['a tab', (token: string) => [`Authorization: Bearer\t${token}`], 401],
    ['another scheme', (token: string) => [`Authorization: Token ${token}`], 401],
    ['no scheme', (token: string) => [`Authorization: ${token}`], 401],
    ['a colon', (token: string) => [`Authorization: Bearer: ${token}`], 401],
    ['nothing behind the scheme', () => ['Authorization: Bearer'], 401],
    ['a second header', (token: string) => ['Authorization: Basic eA==', `Authorization: Bearer ${token}`], 400],
    ['a scheme that is not ours', () => ['Authorization: Basic eA=='], 200],
  ])('looks at a token with %s', async (_, headers, status) => {
    await using open = await startInProcess();
    const wrong = `arct_${'a'.repeat(10)}_${'b'.repeat(43)}`;
    expect(await raw(open.hub.port, '/v1/channels', headers(wrong))).toBe(status);
    expect(await raw(open.hub.port, `/v1/channels?x=${wrong.replace('_', '%5F')}`, [])).toBe(400);
  });

  it('ends whoever goes by a name that gets a token: session, subscription, stream, wait', async () => {
    await using open = await startInProcess();
    const name = 'guarded-later';
    const session = await socketOf(open, 'sessions.open', { agent_id: name });
    const reading = await socketOf(open, 'events.subscribe', { agent_id: name });
    const other = await socketOf(open, 'sessions.open', { agent_id: 'another' });
    const stream = await fetch(`${open.hub.url}/v1/stream?agent_id=${name}`);
    const ended = stream.text().catch(() => '');
    const poll = fetch(`${open.hub.url}/v1/inbox/${name}?timeout=60`);
    await using anyone = HubClient.overHttp(undefined, { baseUrl: open.hub.url });
    await until(async () => (await anyone.stats()).waiters > 0);
    await using store = await storeOf(open);
    await store.issue([name]);
    for (const { socket, closed } of [session, reading]) {
      expect(await closed).toBe(4003);
      socket.terminate();
    }
    await ended;
    await post(anyone, { from_agent: 'another', to_agent: name, body: 'not for strangers' });
    expect((await poll).status).toBe(403);
    expect(other.socket.readyState).toBe(WebSocket.OPEN);
    other.socket.terminate();
  });
});

describe('a peer whose token has ended', () => {
  it('does not end the hub, though bytes for it are queued', async () => {
    await using hub = await startHub({ args: ['--auth', 'required'] });
    const token = readFileSync(join(hub.folder, '.arc.token'), 'utf8').trim();
    await using own = HubClient.overHttp(undefined, { baseUrl: hub.url, token });
    const { id, token: theirs } = (await own.request('tokens.issue', { names: ['slow'] })) as NewToken;
    const socket = connect(hub.port, '127.0.0.1');
    socket.write(`GET /v1/stream?agent_id=slow HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${theirs}\r\n\r\n`);
    await once(socket, 'data');
    socket.pause();
    const body = 'x'.repeat(60_000);
    for (let i = 0; i < 100; i++) await own.request('messages.post', { from_agent: 'op', body });
    await own.revokeToken(id);
    for (let i = 0; i < 20; i++) await own.request('messages.post', { from_agent: 'op', body });
    socket.on('error', () => undefined);
    socket.resume();
    await new Promise<void>((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));
    expect(hub.isRunning).toBe(true);
    expect((await fetch(`${hub.url}/healthz`)).status).toBe(200);
  });

  it('is cut off, though it does not answer the goodbye', async () => {
    const { id, token } = await issue({ names: ['deaf'] });
    const socket = connect(inside.hub.port, '127.0.0.1');
    socket.write(
      'GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Key: ${'a'.repeat(22)}==\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    await once(socket, 'data');
    await operator.revokeToken(id);
    socket.on('error', () => undefined).resume();
    // Without being cut off it would stay for half a minute, as the library has it.
    await onceClosed(socket);
  });
});

const onceClosed = (socket: Socket) =>
  new Promise<void>((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));

/** The status of a request with exactly these headers. */
async function raw(port: number, path: string, headers: readonly string[]): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.write(
    [`GET ${path} HTTP/1.1`, 'Host: 127.0.0.1', ...headers, 'Connection: close', '', ''].join('\r\n'),
    'latin1',
  );
  let text = '';
  for await (const part of socket) text += part;
  return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
}

async function socketOf({ wsUrl }: InProcessHub, method: string, params: object) {
  const socket = new WebSocket(wsUrl, 'arc.v1');
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await once(socket, 'open');
  socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
  const [answer] = await once(socket, 'message');
  expect(JSON.parse(String(answer))).toHaveProperty('result');
  return { socket, closed };
}
