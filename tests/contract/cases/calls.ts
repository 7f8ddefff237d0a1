import { expect } from 'vitest';
import { nowMs } from '../../support/raw-socket.js';
import { until } from '../../support/until.js';
import { type Answer, type Caller, type Case, everyDoor, onDoors, ownHub, refused } from '../harness/contract.js';

/** Waits for the next request to an agent. */
const nextRequest = (caller: Caller, since_id = 0): Promise<Answer> =>
  until(async () => {
    const inbox = await caller.call('inbox.list', { since_id, timeout: 5 });
    return inbox.find((each: Answer) => each.kind === 'task_request');
  });

const reply = (caller: Caller, request: Answer, fields: Record<string, unknown> = {}) =>
  caller.call('messages.post', { kind: 'task_result', reply_to: request.id, body: 'done', ...fields });

const text = (length: number) => '🙂'.repeat(length);

/** Every writing operation, with content for its first use; some need something to act on. */
const WRITES: readonly [
  operation: string,
  prepare: (caller: Caller, key: string) => Promise<Record<string, unknown>>,
][] = [
  ['messages.post', async (_, key) => ({ body: key })],
  ['channels.create', async (_, key) => ({ name: key })],
  ['claims.acquire', async (_, key) => ({ claim_key: key })],
  ['locks.acquire', async (_, key) => ({ file_path: key })],
  ['claims.refresh', claimed],
  ['locks.refresh', locked],
  ['claims.release', claimed],
  ['locks.release', locked],
  [
    'tasks.complete',
    async (caller) => ({ task_id: (await caller.call('messages.post', { kind: 'task', body: 'x' })).id }),
  ],
  ['events.ack', async (caller) => ({ since_id: (await caller.call('messages.post', { body: 'x' })).id })],
  ['sessions.rename', async (_, key) => ({ display_name: key.slice(0, 64) })],
];

async function claimed(caller: Caller, claim_key: string) {
  await caller.call('claims.acquire', { claim_key });
  return { claim_key };
}

async function locked(caller: Caller, file_path: string) {
  await caller.call('locks.acquire', { file_path });
  return { file_path };
}

export const cases: readonly Case[] = [
  everyDoor(['websocket §6-1', 'websocket §6-10'], 'asks and gets an answer', async ({ join, name }) => {
    const [ana, ben] = [await join('ana'), await join('ben')];
    for (const direct of [false, true]) {
      const { latest_visible_id } = await ben.call('bootstrap');
      const call = ana.call('rpc.call', {
        to_agent: ben.agent_id,
        body: 'review auth.ts',
        thread_id: name('t'),
        metadata: { n: 1 },
        attachments: [{ type: 'file_ref', path: 'auth.ts' }],
        timeout_sec: 20,
      });
      const request = await nextRequest(ben, latest_visible_id);
      expect(request).toMatchObject({
        from_agent: ana.agent_id,
        to_agent: ben.agent_id,
        channel: 'direct',
        kind: 'task_request',
        body: 'review auth.ts',
        thread_id: name('t'),
        metadata: { n: 1 },
        attachments: [{ type: 'file_ref', path: 'auth.ts' }],
      });
      const result = await reply(ben, request, direct ? { to_agent: ana.agent_id } : {});
      const { deduplicated: _, ...message } = result;
      expect(await call).toEqual(message);
      expect(await ana.call('tasks.list', { thread_id: name('t'), status: 'open' })).toEqual([]);
    }
  }),

  everyDoor(['websocket §6-2'], 'is not answered by what is for others', async ({ join }) => {
    const [ana, ben] = [await join('ana'), await join('ben')];
    const call = ana.call('rpc.call', { to_agent: ben.agent_id, body: 'x', timeout_sec: 20 });
    const request = await nextRequest(ben);
    await reply(ben, request, { to_agent: 'somebody-else', body: 'not for ana' });
    await ben.call('messages.post', { kind: 'chat', reply_to: request.id, body: 'no result' });
    await reply(ben, request, { body: 'the answer' });
    expect(await call).toMatchObject({ body: 'the answer', from_agent: ben.agent_id });
  }),

  everyDoor(
    ['websocket §6-3', 'websocket §6-5', 'websocket §6-8'],
    'refuses a call',
    async ({ join, stored, name }) => {
      const ana = await join('ana');
      const before = stored();
      await refused(ana.call('rpc.call', { to_agent: 'ben', body: 'x', channel: 'nowhere' }), {
        code: 'bad_request',
        status: 400,
        error: 'channel does not exist: nowhere',
      });
      await refused(ana.call('rpc.call', { capability: name('magic'), body: 'x' }), { code: 'not_found', status: 404 });
      const whom = { status: 400, error: 'exactly one of to_agent and capability is required' };
      await refused(ana.call('rpc.call', { body: 'x' }), whom);
      await refused(ana.call('rpc.call', { to_agent: 'ben', capability: 'c', body: 'x' }), whom);
      await refused(ana.call('rpc.call', { to_agent: 'ben' }), {
        status: 400,
        error: 'body or attachments is required',
      });
      expect(stored()).toBe(before);
    },
  ),

  everyDoor(
    ['websocket §6-4'],
    'asks by capability once for a key, though nobody able is left',
    async ({ join, name }) => {
      const ana = await join('ana');
      const capability = name('once');
      const ben = await join('ben', { capabilities: [capability] });
      const request = { capability, body: 'x', timeout_sec: 20, idempotency_key: name('key') };
      const call = ana.call('rpc.call', request);
      await reply(ben, await nextRequest(ben));
      const answer = await call;
      const { session } = await ben.call<Answer>('bootstrap');
      await ben.call('sessions.close', { session_id: session.session_id });
      expect(await ana.call('rpc.call', request)).toEqual(answer);
    },
  ),

  everyDoor(['websocket §6-4'], 'asks by capability, in turns', async ({ join, name }) => {
    const ana = await join('ana');
    const capability = name('review');
    const able = [await join('ben', { capabilities: [capability] }), await join('cem', { capabilities: [capability] })];
    await join('dia', { capabilities: ['other'] });
    const asked: string[] = [];
    for (let i = 0; i < 4; i++) {
      const call = ana.call('rpc.call', { capability, body: String(i), timeout_sec: 20 });
      const done = new AbortController();
      const answering = able.map(async (caller) => {
        while (!done.signal.aborted) {
          const [request] = (await caller.call('inbox.list', { timeout: 0.2, tail: true, limit: 1 })) as Answer[];
          if (request?.body !== String(i)) continue;
          asked.push(request.to_agent);
          await reply(caller, request);
          return;
        }
      });
      await call;
      done.abort();
      await Promise.all(answering);
    }
    const [first, second] = asked;
    expect(new Set(asked).size).toBe(2);
    expect(asked).toEqual([first, second, first, second]);
  }),

  everyDoor(['websocket §6-6'], 'times out and leaves the task open', async ({ join }) => {
    const [ana, ben] = [await join('ana'), await join('ben')];
    const startedMs = nowMs();
    await refused(ana.call('rpc.call', { to_agent: ben.agent_id, body: 'x', timeout_sec: 0.3 }), {
      code: 'timeout',
      status: 408,
      error: `RPC to ${ben.agent_id} timed out after 0.3s`,
    });
    expect(nowMs() - startedMs).toBeGreaterThanOrEqual(295);
    const request = await nextRequest(ben);
    expect(await ana.call('tasks.list', { status: 'open' })).toContainEqual(
      expect.objectContaining({ task_id: request.id }),
    );
    const late = await reply(ben, request, { to_agent: ana.agent_id });
    expect(await ana.call('inbox.list')).toMatchObject([{ id: late.id, metadata: { task_completed: request.id } }]);
  }),

  onDoors(['ws', 'client-ws'], ['websocket §6-7'], 'names the request that timed out', async ({ join }) => {
    const [ana, ben] = [await join('ana'), await join('ben')];
    const call = ana.call('rpc.call', { to_agent: ben.agent_id, body: 'x', timeout_sec: 0.1 });
    const { details } = await refused(call, { code: 'timeout' });
    expect(details).toEqual({ request_id: (await nextRequest(ben)).id });
  }),

  everyDoor(['websocket §6-9'], 'calls once for one key', async ({ join }) => {
    const [ana, ben] = [await join('ana'), await join('ben')];
    const ask = { to_agent: ben.agent_id, body: 'x', idempotency_key: 'one' };
    await refused(ana.call('rpc.call', { ...ask, timeout_sec: 0.1 }), { code: 'timeout' });
    const again = ana.call('rpc.call', { ...ask, timeout_sec: 20 });
    const request = await nextRequest(ben);
    const { id } = await reply(ben, request);
    expect(await again).toMatchObject({ id });
    expect(await ana.call('rpc.call', { ...ask, timeout_sec: 20 })).toMatchObject({ id });
    expect(await ben.call('inbox.list')).toHaveLength(1);
  }),

  everyDoor(
    ['websocket §7-1', 'websocket §7-2', 'websocket §7-3'],
    'does a write once for a key',
    async ({ join, name, stored }) => {
      const ana = await join('ana');
      for (const [operation, prepare] of WRITES) {
        const content = await prepare(ana, name(operation));
        const idempotency_key = name(`key ${operation}`);
        const { deduplicated, ...first } = await ana.call(operation, { ...content, idempotency_key });
        const before = stored();
        const { deduplicated: repeated, ...again } = await ana.call(operation, { ...content, idempotency_key });
        expect([operation, again]).toEqual([operation, first]);
        if (operation === 'messages.post') expect([deduplicated, repeated]).toEqual([false, true]);
        const [field, value] = Object.entries(content)[0] as [string, unknown];
        const other = typeof value === 'number' ? value - 1 : `${value}x`;
        await refused(ana.call(operation, { ...content, [field]: other, idempotency_key }), {
          code: 'conflict',
          status: 409,
        });
        expect(stored()).toBe(before);
      }
    },
  ),

  everyDoor(['websocket §7-1'], 'opens and closes a session once for a key', async ({ visit, name, stored }) => {
    const someone = await visit();
    const open = { agent_id: name('ana'), replace: true, idempotency_key: 'open' };
    const session = await someone.call('sessions.open', open);
    const before = stored();
    expect((await someone.call('sessions.open', open)).session_id).toBe(session.session_id);
    expect(stored()).toBe(before);
    const other = await visit();
    const close = { session_id: session.session_id, idempotency_key: name('close') };
    expect(await other.call('sessions.close', close)).toMatchObject({ deleted: true });
    expect(await other.call('sessions.close', close)).toMatchObject({ deleted: true });
  }),

  everyDoor(['websocket §7-1'], 'arms and cancels a shutdown once for a key', async ({ visit }) => {
    const someone = await visit();
    const key = `${Math.random()}`;
    const arm = { delay_sec: 600, idempotency_key: `arm ${key}` };
    expect((await someone.call('hub.shutdown.start', arm)).delay_sec).toBe(600);
    expect((await someone.call('hub.shutdown.start', arm)).status).toBe('shutdown_initiated');
    const cancel = { idempotency_key: `cancel ${key}` };
    for (let i = 0; i < 2; i++) {
      expect(await someone.call('hub.shutdown.cancel', cancel)).toEqual({ status: 'shutdown_cancelled' });
    }
  }),

  everyDoor(['websocket §7-4', 'websocket §7-5', 'websocket §7-7'], 'keeps keys apart', async ({ join, stored }) => {
    const [ana, ben] = [await join('ana'), await join('ben')];
    const idempotency_key = '🔑'.repeat(200);
    const post = { body: 'x', idempotency_key };
    const first = await ana.call('messages.post', post);
    const second = await ben.call('messages.post', post);
    expect(second.id).toBeGreaterThan(first.id);
    const before = stored();
    const long = ana.call('messages.post', { body: 'x', idempotency_key: 'k'.repeat(201) });
    await refused(long, { status: 400, error: 'idempotency_key must be 200 characters or fewer' });
    await refused(ana.call('messages.post', { body: 'x', idempotency_key: 'k', channel: 'nowhere' }), { status: 400 });
    expect(stored()).toBe(before);
    expect((await ana.call('messages.post', { body: 'y', idempotency_key: 'k' })).deduplicated).toBe(false);
    expect((await ana.call('messages.post', { body: 'y', idempotency_key: 'k'.repeat(200) })).deduplicated).toBe(false);
  }),

  ownHub(
    everyDoor(['websocket §7-6'], 'knows a key after a restart', async ({ hub, visit }) => {
      const post = { body: 'x', idempotency_key: 'k', metadata: { n: [1, 2] } };
      const before = await visit('ana');
      const { deduplicated: _, ...first } = await before.call('messages.post', post);
      await hub.restart();
      const after = await visit('ana');
      expect(await after.call('messages.post', post)).toEqual({ ...first, deduplicated: true });
    }),
  ),

  onDoors(['http'], ['websocket §7-8'], 'takes the key from the header', async ({ http, name }) => {
    const message = { from_agent: name('ana'), body: 'x' };
    const post = () => http.call<Answer>('POST', '/v1/messages', message, { 'Idempotency-Key': 'k' });
    const [first, second] = [await post(), await post()];
    expect([first.status, first.body]).toEqual([201, { ok: true, result: expect.any(Object) }]);
    expect([second.status, second.body]).toEqual([200, { ok: true, result: first.body.result, deduplicated: true }]);
    const inBody = await http.call<Answer>('POST', '/v1/messages', { ...message, idempotency_key: 'k' });
    expect(inBody.status).toBe(201);
  }),

  everyDoor(['websocket §7-9'], 'undoes only the write that fails', async ({ join, channel }) => {
    const callers = await Promise.all(['ana', 'ben', 'cem', 'dia'].map((each) => join(each)));
    const room = await channel();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, i) =>
        (callers[i % 4] as Caller).call('messages.post', { channel: i % 3 === 0 ? 'nowhere' : room, body: String(i) }),
      ),
    );
    for (const [i, { status }] of outcomes.entries()) expect(status).toBe(i % 3 === 0 ? 'rejected' : 'fulfilled');
    const listed = await callers[0]?.call('messages.list', { channel: room });
    expect(listed.map((each: Answer) => Number(each.body)).sort((a: number, b: number) => a - b)).toEqual(
      Array.from({ length: 40 }, (_, i) => i).filter((i) => i % 3 !== 0),
    );
  }),

  everyDoor(['websocket §12-1', 'websocket §12-2'], 'bounds names and paths', async ({ visit, stored, name }) => {
    const someone = await visit();
    const full = (length: number) => `${name('n')}${text(length - name('n').length)}`;
    expect([...full(1_024)]).toHaveLength(1_024);
    const fields: [operation: string, params: Record<string, unknown>, field: string, max: number, what?: string][] = [
      ['channels.create', {}, 'name', 1_024],
      ['messages.post', { from_agent: 'a', body: 'x' }, 'thread_id', 1_024],
      ['messages.post', { body: 'x' }, 'from_agent', 1_024],
      ['messages.post', { from_agent: 'a', body: 'x' }, 'to_agent', 1_024],
      ['claims.acquire', { owner_agent_id: 'a' }, 'claim_key', 1_024],
      ['claims.acquire', { claim_key: name('k') }, 'owner_agent_id', 1_024],
      ['locks.acquire', { agent_id: 'a' }, 'file_path', 4_096],
    ];
    for (const [operation, params, field, max] of fields) {
      await someone.call(operation, { ...params, [field]: full(max) });
      const before = stored();
      await refused(someone.call(operation, { ...params, [field]: `${full(max)}x` }), {
        code: 'bad_request',
        status: 400,
        error: `${field} must be ${max} characters or fewer`,
      });
      expect(stored()).toBe(before);
    }
    const attach = (path: string) =>
      someone.call('messages.post', { from_agent: 'a', attachments: [{ type: 'file_ref', path }] });
    await attach(full(4_096));
    await refused(attach(`${full(4_096)}x`), { status: 400, error: 'path must be 4096 characters or fewer' });
  }),

  everyDoor(
    ['websocket §12-1', 'websocket §12-3', 'websocket §12-4'],
    'bounds sessions and metadata',
    async ({ visit, name, stored }) => {
      const someone = await visit();
      const agent_id = name('ana');
      const before = stored();
      const open = (fields: Record<string, unknown>) => someone.call('sessions.open', { agent_id, ...fields });
      const tooLong = { status: 400, error: 'display_name must be 1024 characters or fewer' };
      await refused(open({ display_name: text(1_025) }), tooLong);
      await refused(open({ agent_id: text(1_025) }), {
        status: 400,
        error: 'agent_id must be 1024 characters or fewer',
      });
      await refused(open({ capabilities: [text(1_025)] }), { status: 400 });
      await refused(open({ capabilities: Array(257).fill('c') }), { status: 400 });
      const metadata = (bytes: number) => ({ k: 'é'.repeat((bytes - 8) / 2) });
      expect(Buffer.byteLength(JSON.stringify(metadata(65_536)))).toBe(65_536);
      for (const [operation, params] of [
        ['sessions.open', { agent_id }],
        ['channels.create', { name: name('room') }],
        ['messages.post', { from_agent: 'a', body: 'x' }],
        ['claims.acquire', { owner_agent_id: 'a', claim_key: name('k') }],
        ['locks.acquire', { agent_id: 'a', file_path: name('f') }],
      ] as const) {
        await refused(someone.call(operation, { ...params, metadata: metadata(65_538) }), {
          code: 'bad_request',
          status: 400,
          error: 'metadata must be 65536 bytes or fewer as JSON',
        });
      }
      expect(stored()).toBe(before);
      const session = await open({
        display_name: text(1_024),
        capabilities: Array.from({ length: 256 }, (_, i) => (i === 0 ? text(1_024) : `c${i}`)),
        metadata: metadata(65_536),
      });
      expect(session.capabilities).toHaveLength(256);
    },
  ),

  everyDoor(
    ['websocket §12-5', 'websocket §12-6'],
    'bounds leases and waits',
    async ({ join, name, stored, channel }) => {
      const ana = await join('ana');
      const before = stored();
      const far = { status: 400, error: 'ttl_sec must be <= 2592000' };
      await refused(ana.call('claims.acquire', { claim_key: name('k'), ttl_sec: 2_592_001 }), far);
      await refused(ana.call('locks.acquire', { file_path: name('f'), ttl_sec: 1e12 }), far);
      expect(stored()).toBe(before);
      expect((await ana.call('claims.acquire', { claim_key: name('k'), ttl_sec: 2_592_000 })).acquired).toBe(true);
      const room = await channel();
      await ana.call('messages.post', { channel: room, body: 'x' });
      expect(await ana.call('messages.list', { channel: room, timeout: 1e9 })).toHaveLength(1);
      expect(await ana.call('messages.list', { channel: room, since_id: 2 ** 52, timeout: -5 })).toEqual([]);
    },
  ),
];
