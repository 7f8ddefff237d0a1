import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import type { HubProcess } from '../../support/hub-process.js';
import { RawSocket, RpcFailure, type TopicChange } from '../../support/raw-socket.js';
import { until } from '../../support/until.js';
import { type Answer, type Case, type Context, onDoors, ownHub, type SocketCaller } from '../harness/contract.js';

const ws = (rules: readonly string[], title: string, run: (context: Context) => Promise<void>): Case =>
  onDoors(['ws'], rules, title, run);

/** A bare socket: sends texts as they are, keeps what comes. */
class Wire implements Disposable {
  readonly frames: Answer[] = [];
  readonly texts: string[] = [];
  code: number | undefined;
  constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      this.texts.push(String(data));
      this.frames.push(JSON.parse(String(data)));
    });
    socket.on('error', () => undefined);
    socket.once('close', (code) => {
      this.code = code;
    });
  }

  static async open(hub: HubProcess): Promise<Wire> {
    const wire = new Wire(new WebSocket(hub.wsUrl, 'arc.v1', { maxPayload: 64 << 20 }));
    await once(wire.socket, 'open');
    return wire;
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** Sends and waits for the next frame. */
  async ask(frame: unknown): Promise<Answer> {
    const before = this.frames.length;
    this.send(frame);
    await until(() => this.frames.length > before);
    return this.frames[before];
  }

  /** Answers come in order with what was sent before: all that was to be answered has been. */
  settle(): Promise<Answer> {
    return this.ask({ jsonrpc: '2.0', id: 'settled', method: 'hub.shutdown.get' });
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}

const rpc = (id: unknown, method: unknown, params?: unknown) => ({ jsonrpc: '2.0', id, method, params });

const failure = (rpcCode: number, code: string, status: number) => ({
  code: rpcCode,
  message: expect.any(String),
  data: { code, status },
});

const messageIds = (raw: RawSocket) => raw.received<{ id: number }>('message').map(({ params }) => params.id);
const changes = (raw: RawSocket, topic: string) => raw.received<TopicChange>(topic).map(({ params }) => params);

const rejects = async (call: Promise<unknown>, code: string): Promise<RpcFailure> => {
  const cause = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(cause instanceof RpcFailure)) throw cause ?? new Error(`expected ${code}`);
  expect(cause.data.code).toBe(code);
  return cause;
};

const FLOOD = 200;

/** More than the sockets of the machine take for a connection that does not read. */
async function flood(writer: RawSocket): Promise<void> {
  const body = 'x'.repeat(120_000);
  await Promise.all(Array.from({ length: FLOOD }, () => writer.call('messages.post', { body })));
}

/** A WebSocket whose bytes the test reads itself, or does not; no pongs unless it sends them. */
async function upgradeByHand(hub: HubProcess): Promise<Socket> {
  const socket = connect(hub.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(
    'GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(head.toString()).toMatch(/^HTTP\/1\.1 101 /);
  return socket;
}

/** A masked text frame, with a mask of zeros. */
function textFrame(payload: Buffer | string): Buffer {
  const bytes = Buffer.from(payload);
  const size = bytes.length < 126 ? [0x80 | bytes.length] : [0x80 | 126, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...size, 0, 0, 0, 0]), bytes]);
}

export const cases: readonly Case[] = [
  ws(['websocket §1-1', 'websocket §1-2', 'websocket §1-6'], 'upgrades', async ({ hub }) => {
    const attempt = async (path: string, protocols: string[]) => {
      const socket = new WebSocket(`ws://127.0.0.1:${hub.port}${path}`, protocols);
      const outcome = await Promise.race([
        once(socket, 'open').then(() => `open ${socket.protocol} ${socket.extensions}`),
        once(socket, 'unexpected-response').then(([, response]) => {
          response.resume();
          return response.statusCode as number;
        }),
      ]);
      socket.on('error', () => undefined).terminate();
      return outcome;
    };
    expect(await attempt('/v1/ws', ['arc.v1'])).toBe('open arc.v1 ');
    expect(await attempt('/v1/ws', [])).toBe('open  ');
    expect(await attempt('/v1/ws', ['other', 'arc.v1'])).toBe('open arc.v1 ');
    expect(await attempt('/v1/ws?x=1', ['arc.v1'])).toBe('open arc.v1 ');
    expect(await attempt('/v1/ws', ['arc.v2', 'other'])).toBe(400);
    expect(await attempt('/v1/other', ['arc.v1'])).toBe(404);
  }),

  ws(['websocket §1-3'], 'closes on frames that it does not take', async ({ hub, stored }) => {
    const before = stored();
    const cap = 128_000 + 256_000 * 32 + 65_536;
    const closing = async (send: (wire: Wire) => void) => {
      using wire = await Wire.open(hub);
      send(wire);
      return await until(() => wire.code);
    };
    expect(await closing(({ socket }) => socket.send(Buffer.from('{}'), { binary: true }))).toBe(1003);
    expect(await closing(({ socket }) => socket.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false }))).toBe(1007);
    expect(await closing(({ socket }) => socket.send(' '.repeat(cap + 1)))).toBe(1009);
    using wire = await Wire.open(hub);
    expect((await wire.ask(JSON.stringify(rpc(1, 'hub.shutdown.get')).padEnd(cap))).result).toBeNull();
    expect(stored()).toBe(before);
  }),

  ws(
    ['websocket §1-4', 'websocket §2-1', 'websocket §2-16'],
    'refuses what it cannot parse',
    async ({ hub, stored }) => {
      using wire = await Wire.open(hub);
      const before = stored();
      const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
      // The frame, its params, the metadata and its member take three levels.
      const post = (value: string, id = 1) =>
        `{"jsonrpc":"2.0","id":${id},"method":"messages.post","params":{"from_agent":"a","body":"x","metadata":{"v":${value}}}}`;
      for (const bad of [
        '',
        ' ',
        '{',
        'nonsense',
        '{"jsonrpc":"2.0",}',
        '\ufeff{}',
        post('NaN'),
        post(nested(126)),
        nested(10_000),
      ]) {
        expect(await wire.ask(bad)).toEqual({ jsonrpc: '2.0', id: null, error: failure(-32700, 'parse_error', 400) });
      }
      for (const lone of ['"\\ud800"', '{"\\udfff":1}']) {
        const answer = await wire.ask(post(lone));
        expect([answer.error.code, answer.error.data.code]).toEqual([-32602, 'bad_request']);
      }
      expect(stored()).toBe(before);
      expect((await wire.ask(post(nested(125)))).result.id).toBeGreaterThan(0);
    },
  ),

  ownHub(
    ws(['websocket §1-5'], 'ends who does not answer pings', async ({ hub, use }) => {
      const silent = await upgradeByHand(hub);
      const answering = use(await RawSocket.open(hub.wsUrl));
      await once(silent, 'close');
      expect(answering.socket.readyState).toBe(WebSocket.OPEN);
    }),
    { args: ['--ping-sec', '1'] },
  ),

  ws(
    ['websocket §2-2', 'websocket §2-3', 'websocket §2-4', 'websocket §2-5'],
    'names what is wrong',
    async ({ hub, stored, http }) => {
      using wire = await Wire.open(hub);
      const before = stored();
      const invalid = failure(-32600, 'invalid_request', 400);
      const bad = failure(-32602, 'bad_request', 400);
      const unknown = failure(-32601, 'unknown_method', 404);
      for (const [frame, id, error] of [
        ['1', null, invalid],
        ['null', null, invalid],
        ['"text"', null, invalid],
        [{}, null, invalid],
        [{ jsonrpc: '2.0', id: 5 }, 5, invalid],
        [{ id: 6, method: 'hub.info' }, 6, invalid],
        [{ jsonrpc: '1.0', id: 'a', method: 'hub.info' }, 'a', invalid],
        [{ jsonrpc: '2.0', id: { a: 1 }, method: 'hub.info' }, null, invalid],
        [{ jsonrpc: '2.0', id: [1], method: 'hub.info' }, null, invalid],
        [rpc(1, 5), 1, invalid],
        [rpc(1, null), 1, invalid],
        [rpc(2, 'no.such'), 2, unknown],
        [rpc(2, ''), 2, unknown],
        [rpc(2, 'messages.erase', { id: 1 }), 2, unknown],
        [rpc(2, 'toString'), 2, unknown],
        [rpc(3, 'hub.info', [1]), 3, bad],
        [rpc(3, 'hub.info', 'x'), 3, bad],
        [rpc(3, 'hub.info', { zzz: 1 }), 3, bad],
        [rpc(4, 'messages.post', { from_agent: 5, body: 'x' }), 4, bad],
        [rpc(4, 'messages.post', { from_agent: 'a', body: 5 }), 4, bad],
        [rpc(4, 'messages.list', { channel: 'general', tail: 'true' }), 4, bad],
        [rpc(4, 'messages.list', { channel: 'general', limit: '5' }), 4, bad],
        [rpc(4, 'claims.acquire', { owner_agent_id: 'a', claim_key: 'k', ttl_sec: '60' }), 4, bad],
        [rpc(4, 'claims.acquire', { owner_agent_id: 'a', claim_key: 'k', wait_sec: 1 }), 4, bad],
        [rpc(4, 'events.subscribe', { since_id: -1 }), 4, bad],
        [rpc(4, 'events.subscribe', { topics: ['nonsense'] }), 4, bad],
      ] as const) {
        expect(await wire.ask(frame)).toEqual({ jsonrpc: '2.0', id, error });
      }
      const overWs = await wire.ask(rpc(7, 'threads.get', { thread_id: 'none' }));
      const overHttp = await http.call('GET', '/v1/threads/none');
      expect(overWs.error).toEqual({ ...failure(-32004, 'not_found', 404), message: overHttp.body.error });
      expect(stored()).toBe(before);
    },
  ),

  ws(
    ['websocket §2-6', 'websocket §2-7', 'websocket §2-8', 'websocket §2-9'],
    'serves notifications and batches',
    async ({ hub, stored, channel, http }) => {
      using wire = await Wire.open(hub);
      const room = await channel();
      const post = (body: string) => ({ from_agent: 'a', channel: room, body });
      const bodies = async () =>
        (await http.result<Answer[]>('GET', `/v1/messages?limit=500&channel=${room}`)).map(({ body }) => body);
      const note = (method: string, params: unknown) => ({ jsonrpc: '2.0', method, params });
      wire.send(note('messages.post', post('noted')));
      wire.send(note('no.such', {}));
      wire.send(note('messages.post', { nonsense: 1 }));
      wire.send([note('messages.post', post('noted too')), note('no.such', {})]);
      await wire.settle();
      expect(wire.frames).toHaveLength(1);
      expect(await bodies()).toEqual(['noted', 'noted too']);

      const batch = await wire.ask([
        rpc(1, 'messages.post', post('one')),
        note('messages.post', post('two')),
        rpc('x', 'no.such'),
        rpc(3, 'messages.list', { channel: room }),
        7,
      ]);
      expect(batch.map((each: Answer) => [each.id, each.error?.code])).toEqual(
        expect.arrayContaining([
          [1, undefined],
          ['x', -32601],
          [3, undefined],
          [null, -32600],
        ]),
      );
      expect(batch).toHaveLength(4);
      const listed = batch.find((each: Answer) => each.id === 3).result.map((each: Answer) => each.body);
      expect(listed).toEqual(['noted', 'noted too', 'one', 'two']);
      expect(await wire.ask('[1,2,3]')).toEqual(
        Array(3).fill({ jsonrpc: '2.0', id: null, error: failure(-32600, 'invalid_request', 400) }),
      );

      const before = stored();
      const whole = { jsonrpc: '2.0', id: null, error: failure(-32600, 'invalid_request', 400) };
      expect(await wire.ask('[]')).toEqual(whole);
      expect(await wire.ask(Array.from({ length: 101 }, (_, i) => rpc(i, 'messages.post', post('no'))))).toEqual(whole);
      expect(stored()).toBe(before);
      expect(await wire.ask(Array.from({ length: 100 }, (_, i) => rpc(i, 'messages.post', post('yes'))))).toHaveLength(
        100,
      );
    },
  ),

  ws(['websocket §2-10', 'websocket §2-15'], 'echoes ids and keeps odd keys', async ({ hub }) => {
    using wire = await Wire.open(hub);
    for (const id of ['1', '"text"', '""', '1.5', '-7', '12345678901234567890', '1e400', 'null', '"\\u0000"']) {
      const before = wire.texts.length;
      await wire.ask(`{"jsonrpc":"2.0","id":${id},"method":"hub.shutdown.get"}`);
      expect(wire.texts[before]).toBe(`{"jsonrpc":"2.0","id":${id},"result":null}`);
    }
    const odd = await wire.ask(
      '{"jsonrpc":"2.0","id":1,"method":"messages.post","__proto__":{"method":"x"},' +
        '"params":{"from_agent":"__proto__","body":"x","metadata":{"__proto__":{"a":1},"constructor":{"b":2}}}}',
    );
    expect(odd.result.from_agent).toBe('__proto__');
    expect(wire.texts.at(-1)).toContain('"metadata":{"__proto__":{"a":1},"constructor":{"b":2}}');
    const params = '{"from_agent":"a","body":"x","__proto__":{"kind":"task"}}';
    const polluting = await wire.ask(`{"jsonrpc":"2.0","id":2,"method":"messages.post","params":${params}}`);
    expect(polluting.error.data.code).toBe('bad_request');
    expect((await wire.ask(rpc(3, '__proto__'))).error.code).toBe(-32601);
    expect((await wire.ask(rpc(4, 'messages.post', { from_agent: 'a', body: 'x' }))).result.kind).toBe('chat');
  }),

  ws(['websocket §2-11'], 'takes operations in the order received', async ({ hub, join, name, channel, use }) => {
    const { raw } = await join<SocketCaller>('ana');
    const room = await channel();
    const channelOf = (i: number) => name(`new-${i}`);
    const calls: Promise<Answer>[] = [];
    for (let i = 0; i < 100; i++) {
      calls.push(raw.call('messages.post', { channel: room, body: String(i) }));
      if (i % 10 === 0) {
        calls.push(raw.call('channels.create', { name: channelOf(i) }));
        calls.push(raw.call('messages.post', { channel: channelOf(i), body: 'at once' }));
        calls.push(raw.call('messages.list', { channel: channelOf(i) }).then((list) => expect(list).toHaveLength(1)));
        calls.push(
          raw.call('claims.acquire', { claim_key: name('k') }).then((grant) => expect(grant.acquired).toBe(true)),
        );
        calls.push(raw.call('claims.release', { claim_key: name('k') }));
      }
    }
    await Promise.all(calls);
    const listed = await raw.call<Answer[]>('messages.list', { channel: room });
    expect(listed.map(({ body }) => body)).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
    // Who the connection is changes in order too.
    const pipelined = await Promise.all([
      raw.call('sessions.close'),
      raw.call('sessions.open', { agent_id: name('ben') }),
      raw.call('messages.post', { body: 'x' }),
    ]);
    expect(pipelined[2].from_agent).toBe(name('ben'));
    // So do subscriptions, although one needs a look at the durable cursor first.
    const wire = use(await Wire.open(hub));
    const quiet = { thread_id: name('quiet') };
    const answers: Answer[] = await wire.ask([
      rpc(1, 'sessions.open', { agent_id: name('dia') }),
      rpc(2, 'events.ack', { since_id: 1 }),
      rpc(3, 'events.subscribe', { ...quiet, since_id: 'cursor' }),
      rpc(4, 'events.subscribe', quiet),
      rpc(5, 'events.unsubscribe'),
    ]);
    expect(answers[2].result.since_id).toBe(1);
    expect(answers[3].result.subscription).not.toBe(answers[2].result.subscription);
    expect(answers[4].result.unsubscribed).toHaveLength(2);
    // A request is stored in its turn, though its answer comes whenever it comes.
    const able = await join('cem', { capabilities: [name('review')] });
    for (const whom of [{ to_agent: able.agent_id }, { capability: name('review') }]) {
      const asking = raw.call('rpc.call', { ...whom, body: 'asked', channel: room, timeout_sec: 0.2 });
      const told = raw.call<Answer>('messages.post', { to_agent: able.agent_id, body: 'told' });
      const asked = raw.call('rpc.call', { ...whom, body: 'asked again', channel: room, timeout_sec: 0.2 });
      const inbox = raw.call<Answer[]>('inbox.list', { agent_id: able.agent_id, tail: true, limit: 3 });
      await Promise.allSettled([asking, told, asked]);
      expect((await inbox).map(({ body }) => body)).toEqual(['asked', 'told', 'asked again']);
    }
  }),

  ws(['websocket §2-12', 'websocket §2-13'], 'ends waits', async ({ hub, http, name, join }) => {
    const waiters = async () => (await http.result<Answer>('GET', '/v1/stats')).waiters;
    const before = await waiters();
    const wire = await Wire.open(hub);
    wire.send(rpc('call', 'rpc.call', { from_agent: name('ana'), to_agent: name('ben'), body: 'x', timeout_sec: 60 }));
    wire.send(rpc(7, 'messages.list', { thread_id: name('t'), timeout: 60 }));
    await until(async () => (await waiters()) === before + 2);
    wire.send({ jsonrpc: '2.0', method: 'cancel', params: { id: 'call' } });
    await until(() => wire.frames.length === 1);
    expect(wire.frames[0]).toMatchObject({
      id: 'call',
      error: { code: -32008, data: { code: 'timeout', status: 408 } },
    });
    expect(wire.frames[0].error.data.details.cancelled).toBe(true);
    wire.send({ jsonrpc: '2.0', method: 'cancel', params: { id: '7' } });
    wire.send({ jsonrpc: '2.0', method: 'cancel', params: { id: 'unknown' } });
    await wire.settle();
    expect(wire.frames).toHaveLength(2);
    wire.send({ jsonrpc: '2.0', method: 'cancel', params: { id: 7 } });
    await until(() => wire.frames.length === 3);
    expect(wire.frames[2]).toMatchObject({ id: 7, error: { data: { code: 'timeout', details: { cancelled: true } } } });
    const tasks = await http.result<Answer[]>('GET', '/v1/tasks?status=open&channel=direct');
    expect(tasks.length).toBeGreaterThan(0);
    const { raw } = await join<SocketCaller>('eve');
    raw.call('inbox.list', { timeout: 60 }).catch(() => undefined);
    await until(async () => (await waiters()) === before + 1);
    raw.socket.terminate();
    await until(async () => (await waiters()) === before);
  }),

  ws(
    ['websocket §2-14', 'websocket §5-15'],
    'bounds what a slow reader is owed',
    async ({ hub, join, channel, use }) => {
      const room = await channel();
      const slow = await join<SocketCaller>('slow');
      const fast = await join<SocketCaller>('fast');
      const writer = use(await RawSocket.open(hub.wsUrl));
      for (const { raw } of [slow, fast]) await raw.call('events.subscribe', { channels: [room] });
      slow.raw.socket.pause();
      const body = 'x'.repeat(100_000);
      const posted: number[] = [];
      // Far beyond the high-water mark and what the sockets of the machine take.
      for (let i = 0; i < 30; i++) {
        const batch = Array.from({ length: 10 }, () =>
          writer.call<{ id: number }>('messages.post', { from_agent: 'w', channel: room, body }),
        );
        for (const { id } of await Promise.all(batch)) posted.push(id);
      }
      await until(() => messageIds(fast.raw).length === posted.length);
      expect(messageIds(slow.raw).length).toBeLessThan(posted.length);
      // Requests of a connection that does not read are not answered into its buffer without end.
      const asked = Array.from({ length: 200 }, () =>
        slow.raw.call<Answer[]>('messages.list', { channel: room, limit: 5 }),
      );
      slow.raw.socket.resume();
      await until(() => messageIds(slow.raw).length === posted.length, { timeoutMs: 20_000 });
      expect(messageIds(slow.raw)).toEqual(posted);
      expect(messageIds(fast.raw)).toEqual(posted);
      for (const answer of await Promise.all(asked)) expect(answer).toHaveLength(5);
      const { id } = await writer.call<{ id: number }>('messages.post', {
        from_agent: 'w',
        channel: room,
        body: 'live',
      });
      await until(() => messageIds(slow.raw).at(-1) === id);
    },
  ),

  ownHub(
    ws(['websocket §5-16'], 'says that changes were dropped', async ({ hub, use, name }) => {
      const paused = use(await RawSocket.open(hub.wsUrl));
      const writer = use(await RawSocket.open(hub.wsUrl, 'writer'));
      await paused.call('events.subscribe', { topics: ['claim', 'lock'] });
      paused.socket.pause();
      await flood(writer);
      await writer.call('claims.acquire', { claim_key: name('k') });
      await writer.call('claims.release', { claim_key: name('k') });
      paused.socket.resume();
      await until(() => messageIds(paused).length === FLOOD, { timeoutMs: 20_000 });
      await until(() => changes(paused, 'claim').length > 0);
      const told = changes(paused, 'claim');
      expect(told).toEqual(told.map((_, i) => ({ change: 'resync', value: null, seq: i + 1 })));
      await writer.call('claims.acquire', { claim_key: name('k') });
      await until(() => changes(paused, 'claim').length > told.length);
      expect(changes(paused, 'claim').at(-1)).toMatchObject({ change: 'acquired', seq: told.length + 1 });
      expect(changes(paused, 'lock')).toEqual([]);
    }),
    { args: ['--high-water-bytes', '65536'] },
  ),

  ownHub(
    ws(['websocket §5-17'], 'closes who takes nothing', async ({ hub, use }) => {
      const stalled = await RawSocket.open(hub.wsUrl);
      const writer = use(await RawSocket.open(hub.wsUrl, 'writer'));
      const closed = once(stalled.socket, 'close');
      await stalled.call('events.subscribe', {});
      stalled.socket.pause();
      await flood(writer);
      await until(async () => (await writer.call('hub.stats')).connections === 1, { timeoutMs: 45_000 });
      stalled.socket.resume();
      expect([1006, 4008]).toContain((await closed)[0]);
      expect(messageIds(stalled).length).toBeLessThan(FLOOD);
    }),
    // Not each second, or the writer, too, would be closed where the machine is busy and a pong comes late.
    { args: ['--stall-sec', '1', '--ping-sec', '4', '--high-water-bytes', '65536'] },
  ),

  ws(['websocket §4-20', 'websocket §4-21'], 'takes over from an older connection', async ({ hub, name }) => {
    const agent_id = name('ana');
    const first = await Wire.open(hub);
    const opened = (await first.ask(rpc(1, 'sessions.open', { agent_id, capabilities: ['c'] }))).result;
    await first.ask(rpc(2, 'claims.acquire', { claim_key: name('k') }));
    const second = await Wire.open(hub);
    const resumed = (await second.ask(rpc(1, 'sessions.open', { agent_id, resume: true }))).result;
    expect(resumed).toMatchObject({ session_id: opened.session_id, resumed: true, capabilities: ['c'] });
    expect(await until(() => first.code)).toBe(4001);
    expect((await second.ask(rpc(3, 'claims.refresh', { claim_key: name('k') }))).result.acquired).toBe(true);
    using third = await Wire.open(hub);
    const replaced = (await third.ask(rpc(1, 'sessions.open', { agent_id, replace: true }))).result;
    expect(replaced.session_id).not.toBe(opened.session_id);
    expect(await until(() => second.code)).toBe(4001);
    expect(second.frames.at(-1)).toMatchObject({
      method: 'session.replaced',
      params: { session_id: replaced.session_id },
    });
    // A refused sign-in leaves it alone.
    using fourth = await Wire.open(hub);
    expect((await fourth.ask(rpc(1, 'sessions.open', { agent_id }))).error.data.code).toBe('conflict');
    expect((await third.ask(rpc(2, 'bootstrap'))).result.session.session_id).toBe(replaced.session_id);
  }),

  ws(['websocket §4-22', 'websocket §4-23'], 'follows a session opened over HTTP', async ({ join, name, http }) => {
    const { raw, agent_id } = await join<SocketCaller>('ana');
    const session = await http.result<Answer>('POST', '/v1/sessions', { agent_id, replace: true, display_name: 'New' });
    const [replaced] = await until(() => {
      const found = raw.received<Answer>('session.replaced');
      return found.length > 0 && found;
    });
    expect(replaced?.params).toMatchObject({ session_id: session.session_id, display_name: 'New' });
    expect((await raw.call('messages.post', { body: 'still ana' })).from_agent).toBe(agent_id);
    expect(await raw.call('sessions.close')).toEqual({ session_id: session.session_id, deleted: true });
    await rejects(raw.call('messages.post', { body: 'nobody' }), 'bad_request');
    expect((await raw.call('sessions.open', { agent_id: name('ben') })).agent_id).toBe(name('ben'));
  }),

  ws(
    ['websocket §5-1', 'websocket §5-2', 'websocket §5-3', 'websocket §5-4', 'websocket §5-9'],
    'subscribes from where it is asked',
    async ({ hub, join, channel, use }) => {
      const ana = await join<SocketCaller>('ana');
      const room = await channel();
      const post = async (body = 'x') =>
        (await ana.raw.call<Answer>('messages.post', { channel: room, body })).id as number;
      const old = [await post(), await post(), await post()] as const;
      const live = use(await RawSocket.open(hub.wsUrl));
      const answer = await live.call<Answer>('events.subscribe', { channels: [room] });
      expect(answer).toEqual({ subscription: expect.any(String), since_id: old[2], latest_id: old[2] });
      const replay = use(await RawSocket.open(hub.wsUrl));
      // Replay meets posts that are on their way.
      const during = Array.from({ length: 200 }, () => post());
      await replay.call('events.subscribe', { channels: [room], since_id: old[0] });
      const newer = await Promise.all([...during, ...Array.from({ length: 200 }, () => post())]);
      await until(() => messageIds(replay).length === 402 && messageIds(live).length === 400);
      expect(messageIds(replay)).toEqual([old[1], old[2], ...newer]);
      expect(messageIds(live)).toEqual(newer);

      await rejects(replay.call('events.subscribe', { since_id: old[0] }), 'conflict');
      const { unsubscribed } = await replay.call<Answer>('events.unsubscribe');
      expect(unsubscribed).toHaveLength(1);
      await replay.call('events.subscribe', { channels: [room], since_id: (newer.at(-1) ?? 0) - 1 });
      await until(() => messageIds(replay).length === 403);
      await ana.raw.call('events.ack', { since_id: newer.at(-3) });
      await ana.raw.call('events.subscribe', { channels: [room], since_id: 'cursor' });
      await until(() => messageIds(ana.raw).length === 2);
      expect(messageIds(ana.raw)).toEqual(newer.slice(-2));
      const second = await live.call<Answer>('events.subscribe', { kinds: ['notice'] });
      await live.call('events.unsubscribe', { subscription: answer.subscription });
      const count = messageIds(live).length;
      const last = await post();
      await until(() => messageIds(replay).at(-1) === last);
      await live.call('hub.shutdown.get');
      expect(messageIds(live)).toHaveLength(count);
      expect(await live.call('events.unsubscribe', { subscription: 'none' })).toEqual({ unsubscribed: [] });
      expect(await live.call('events.unsubscribe')).toEqual({ unsubscribed: [second.subscription] });
    },
  ),

  ws(
    ['websocket §5-5', 'websocket §5-6', 'websocket §5-7', 'websocket §5-8'],
    'pushes what is asked for',
    async ({ hub, join, channel, name, use }) => {
      const [ana, ben] = [await join<SocketCaller>('ana'), await join<SocketCaller>('ben')];
      const [room, other] = [await channel('room'), await channel('other')];
      const thread_id = name('t');
      const subscribers: [raw: RawSocket, params: object, wanted: string[]][] = [
        [ana.raw, { channels: [room] }, ['room', 'direct', 'self', 'thread', 'own']],
        [
          use(await RawSocket.open(hub.wsUrl)),
          { agent_id: ana.agent_id, channels: [room], include_direct: false },
          ['room', 'thread', 'own'],
        ],
        [use(await RawSocket.open(hub.wsUrl)), { agent_id: ana.agent_id, thread_id }, ['direct', 'thread']],
        [use(await RawSocket.open(hub.wsUrl)), { agent_id: ana.agent_id, kinds: ['notice'] }, ['other']],
        [
          use(await RawSocket.open(hub.wsUrl)),
          { agent_id: ana.agent_id, exclude_self: true },
          ['room', 'other', 'direct', 'thread', 'end'],
        ],
        [use(await RawSocket.open(hub.wsUrl)), {}, ['room', 'other', 'thread', 'own', 'end']],
        [
          use(await RawSocket.open(hub.wsUrl)),
          { include_direct: true, channels: [room] },
          ['room', 'direct', 'to ben', 'self', 'thread', 'own'],
        ],
      ];
      for (const [raw, params] of subscribers) await raw.call('events.subscribe', params);
      // Overlapping subscriptions of one connection push once.
      await ana.raw.call('events.subscribe', { channels: [room], thread_id });
      const end = use(await RawSocket.open(hub.wsUrl));
      await end.call('events.subscribe', {});
      const post = (raw: RawSocket, body: string, fields: object) => raw.call('messages.post', { body, ...fields });
      await post(ben.raw, 'room', { channel: room });
      await post(ben.raw, 'other', { channel: other, kind: 'notice' });
      await post(ben.raw, 'direct', { to_agent: ana.agent_id, thread_id });
      await post(ana.raw, 'to ben', { to_agent: ben.agent_id });
      await post(ana.raw, 'self', { to_agent: ana.agent_id });
      await post(ben.raw, 'thread', { channel: room, thread_id });
      await post(ana.raw, 'own', { channel: room });
      await post(ben.raw, 'end', { channel: other });
      await until(() => end.received<Answer>('message').some(({ params }) => params.body === 'end'));
      for (const [raw, params, wanted] of subscribers) {
        await raw.call('hub.shutdown.get');
        const bodies = raw.received<Answer>('message').map((each) => each.params.body);
        expect([params, bodies]).toEqual([params, wanted]);
      }
    },
  ),

  ws(
    ['websocket §5-10', 'websocket §5-11', 'websocket §5-12', 'websocket §5-13', 'websocket §5-14'],
    'pushes changes of state',
    async ({ hub, join, http, name, use }) => {
      const watcher = use(await RawSocket.open(hub.wsUrl));
      await watcher.call('events.subscribe', {
        topics: ['session', 'channel', 'claim', 'lock', 'task', 'hub'],
        kinds: ['artifact'],
      });
      const ana = await join<SocketCaller>('ana');
      const agent_id = ana.agent_id;
      await ana.call('sessions.rename', { display_name: 'Ana' });
      const session = await http.result<Answer>('POST', '/v1/sessions', { agent_id, replace: true });
      await http.call('DELETE', `/v1/sessions/${session.session_id}`);
      await http.result('POST', '/v1/channels', { name: name('room') });
      await http.result('POST', '/v1/channels', { name: name('room') });
      for (const [path, key, owner] of [
        ['claims', 'claim_key', 'owner_agent_id'],
        ['locks', 'file_path', 'agent_id'],
      ] as const) {
        const lease = { [key]: name('key'), [owner]: agent_id, ttl_sec: 5 };
        await http.result('POST', `/v1/${path}`, lease);
        await http.result('POST', `/v1/${path}`, { ...lease, [owner]: 'other' });
        await http.result('POST', `/v1/${path}/refresh`, lease);
        await http.result('POST', `/v1/${path}/release`, { [key]: name('key'), agent_id });
        await http.result('POST', `/v1/${path}`, { ...lease, [key]: name('ends') });
      }
      const task = await http.result<Answer>('POST', '/v1/messages', { from_agent: 'a', kind: 'task', body: 'x' });
      await http.result('POST', `/v1/tasks/${task.id}/complete`);
      await http.result('POST', '/v1/shutdown', { delay_sec: 900 });
      await http.result('POST', '/v1/shutdown/cancel');
      const told = (topic: string) => changes(watcher, topic).map(({ change }) => change);
      await until(() => told('lock').includes('expired') && told('claim').includes('expired'), { timeoutMs: 15_000 });
      expect(told('session')).toEqual(['opened', 'renamed', 'replaced', 'closed']);
      expect(changes(watcher, 'session')[3]?.value).toMatchObject({ session_id: session.session_id, active: false });
      expect(told('channel')).toEqual(['created']);
      expect(changes(watcher, 'channel')[0]?.value).toMatchObject({ name: name('room') });
      for (const topic of ['claim', 'lock']) {
        expect(told(topic)).toEqual(['acquired', 'refreshed', 'released', 'acquired', 'expired']);
      }
      expect(changes(watcher, 'claim')[4]?.value).toMatchObject({ claim_key: name('ends'), owner_agent_id: agent_id });
      expect(told('task')).toEqual(['created', 'done']);
      expect(changes(watcher, 'task')[1]?.value).toMatchObject({ task_id: task.id, status: 'done' });
      expect(told('hub')).toEqual(['shutdown_armed', 'shutdown_cancelled']);
      expect(changes(watcher, 'hub')[0]?.value).toEqual({ remaining_sec: 899, delay_sec: 900 });
      const seqs = watcher.notifications.map(({ params }) => (params as TopicChange).seq);
      expect(seqs).toEqual(seqs.map((_, i) => i + 1));
    },
  ),

  ownHub(
    ws(['websocket §5-18'], 'pushes expiry and recovery', async ({ hub, http, use }) => {
      const watcher = use(await RawSocket.open(hub.wsUrl));
      await watcher.call('events.subscribe', { topics: ['session', 'claim', 'lock'] });
      await http.result('POST', '/v1/sessions', { agent_id: 'stale' });
      await http.result('POST', '/v1/claims', { owner_agent_id: 'stale', claim_key: 'k' });
      await http.result('POST', '/v1/locks', { agent_id: 'stale', file_path: 'f' });
      const told = (topic: string) => changes(watcher, topic).map(({ change }) => change);
      await until(() => told('lock').length === 2, { timeoutMs: 15_000 });
      expect([told('session'), told('claim'), told('lock')]).toEqual([
        ['opened', 'expired'],
        ['acquired', 'recovered'],
        ['acquired', 'recovered'],
      ]);
      await until(() => watcher.received('message').length === 2);
    }),
    { args: ['--presence-ttl-sec', '5'] },
  ),

  // Broken frames that no library would send.
  ws(['websocket §1-3', 'websocket §2-1'], 'survives frames made by hand', async ({ hub, http }) => {
    const socket = await upgradeByHand(hub);
    socket.write(textFrame('nonsense'));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toContain('-32700');
    socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    await once(socket, 'close');
    expect((await http.call('GET', '/healthz')).status).toBe(200);
  }),
];
