import { expect } from 'vitest';
import { nowMs, RawSocket } from '../../support/raw-socket.js';
import { until } from '../../support/until.js';
import { type Caller, everyDoor, onDoors, refused } from '../harness/contract.js';

const KINDS = ['artifact', 'chat', 'claim', 'notice', 'release', 'task', 'task_request', 'task_result'];
const FIELDS = [
  'attachments',
  'body',
  'channel',
  'from_agent',
  'id',
  'kind',
  'metadata',
  'reply_to',
  'thread_id',
  'to_agent',
  'ts',
];
const ids = (messages: { id: number }[]) => messages.map(({ id }) => id);

/** What `run` answers while a poll of 20 s in an empty channel still waits: it did not wait as long itself. */
async function beside<T>(other: Caller, room: string, run: () => Promise<T>): Promise<T> {
  let isOver = false as boolean;
  const { latest_visible_id } = await other.call('bootstrap');
  const witness = other
    .call('messages.list', { channel: room, since_id: latest_visible_id, timeout: 20 })
    .finally(() => {
      isOver = true;
    });
  const answer = await run();
  expect(isOver).toBe(false);
  await other.call('messages.post', { channel: room, body: 'that will do' });
  await witness;
  return answer;
}

export const cases = [
  everyDoor(
    ['arc-v1 §3.3-1', 'arc-v1 §3.3-3', 'arc-v1 §4.8-1', 'arc-v1 §4.8-13'],
    'posts a message with everything',
    async ({ join, channel, name, http }) => {
      const ana = await join('ana');
      const room = await channel();
      const { deduplicated, ...message } = await ana.call('messages.post', {
        channel: room,
        kind: 'artifact',
        body: '  ünï\n🤖 ',
        attachments: [{ type: 'text', content: 'x' }],
        reply_to: -7,
        thread_id: name('thread'),
        metadata: { a: { b: [null, true, 'c'] } },
      });
      expect(deduplicated).toBe(false);
      expect(Object.keys(message).sort()).toEqual(FIELDS);
      expect(message).toMatchObject({
        from_agent: ana.agent_id,
        to_agent: null,
        channel: room,
        kind: 'artifact',
        body: '  ünï\n🤖 ',
        attachments: [{ type: 'text', content: 'x' }],
        reply_to: -7,
        thread_id: name('thread'),
        metadata: { a: { b: [null, true, 'c'] } },
      });
      expect(message.ts).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(await ana.call('messages.list', { channel: room })).toEqual([message]);
      expect(await http.result('GET', `/v1/messages/${message.id}`)).toEqual(message);
      expect(await ana.call('messages.post', { body: 'x' })).toMatchObject({
        channel: 'general',
        kind: 'chat',
        attachments: [],
        reply_to: null,
        thread_id: null,
        metadata: {},
      });
      expect(await ana.call('messages.post', { body: 'x', to_agent: 'b' })).toMatchObject({ channel: 'direct' });
    },
  ),

  everyDoor(['arc-v1 §3.3-2'], 'gives ascending ids', async ({ join, channel, stored }) => {
    const ana = await join('ana');
    const room = await channel();
    const posted = await Promise.all(
      Array.from({ length: 50 }, (_, i) => ana.call('messages.post', { channel: room, body: String(i) })),
    );
    expect(new Set(ids(posted)).size).toBe(50);
    const listed = await ana.call('messages.list', { channel: room });
    expect(ids(listed)).toEqual(ids(posted).sort((a, b) => a - b));
    const before = stored();
    await refused(ana.call('messages.post', { channel: 'no such channel', body: 'x' }), { status: 400 });
    expect(stored()).toBe(before);
    const { id } = await ana.call('messages.post', { channel: room, body: 'x' });
    expect(id).toBeGreaterThan(Math.max(...ids(posted)));
  }),

  everyDoor(['arc-v1 §3.8-1'], 'keeps U+0000 in text', async ({ join, visit, name }) => {
    const ana = await join('nul\u0000ana');
    const channel = `${name('room')}\u0000x`;
    await ana.call('channels.create', { name: channel });
    const message = await ana.call('messages.post', {
      channel,
      body: 'a\u0000b',
      thread_id: '\u0000',
      metadata: { '\u0000': '\u0000' },
    });
    expect(message).toMatchObject({ body: 'a\u0000b', thread_id: '\u0000', metadata: { '\u0000': '\u0000' } });
    expect(await ana.call('messages.list', { channel })).toMatchObject([{ id: message.id, body: 'a\u0000b' }]);
    const { claim } = await ana.call('claims.acquire', { claim_key: `${name('k')}\u0000` });
    expect(claim.claim_key).toBe(`${name('k')}\u0000`);
    const someone = await visit();
    expect(await someone.call('agents.list', { as: ana.agent_id })).toContainEqual(
      expect.objectContaining({ agent_id: ana.agent_id }),
    );
  }),

  everyDoor(['arc-v1 §3.9-1'], 'knows eight kinds', async ({ join, stored }) => {
    const ana = await join('ana');
    for (const kind of KINDS) expect((await ana.call('messages.post', { kind, body: 'x' })).kind).toBe(kind);
    const before = stored();
    for (const kind of ['status_update', 'code_review', '', 'x']) {
      await refused(ana.call('messages.post', { kind, body: 'x' }), {
        status: 400,
        error: `unsupported kind: ${kind}`,
      });
    }
    expect(stored()).toBe(before);
  }),

  everyDoor(
    ['arc-v1 §3.10-1', 'arc-v1 §3.10-2', 'arc-v1 §3.10-3', 'arc-v1 §3.10-7', 'arc-v1 §4.8-16'],
    'normalises attachments',
    async ({ join }) => {
      const ana = await join('ana');
      const pairs: [Record<string, unknown>, Record<string, unknown>][] = [
        [
          { type: 'text', content: 'x', language: 'ts', path: 'p', extra: 1 },
          { type: 'text', content: 'x' },
        ],
        [
          { type: 'json', content: null },
          { type: 'json', content: null },
        ],
        [
          { type: ' json ', content: { a: [1, { b: null }] } },
          { type: 'json', content: { a: [1, { b: null }] } },
        ],
        [
          { type: 'code', content: 'x', language: null },
          { type: 'code', content: 'x' },
        ],
        [
          { type: 'code', content: 'x', language: 'ts' },
          { type: 'code', content: 'x', language: 'ts' },
        ],
        [
          { type: 'code', content: 'x', language: 7 },
          { type: 'code', content: 'x', language: '7' },
        ],
        [
          { type: 'file_ref', path: ' a/b ', description: null, start_line: '3', end_line: 9.9, content: 'x' },
          { type: 'file_ref', path: 'a/b', start_line: 3, end_line: 9 },
        ],
        [
          { type: 'diff_ref', path: 'p', description: { any: 'json' }, base: 1, head: ['h'] },
          { type: 'diff_ref', path: 'p', description: { any: 'json' }, base: 1, head: ['h'] },
        ],
        [
          { type: 'file_ref', path: 'p', base: 'b', head: null },
          { type: 'file_ref', path: 'p', base: 'b' },
        ],
      ];
      const attachments = pairs.map(([given]) => given);
      const message = await ana.call('messages.post', { attachments });
      expect(message.body).toBe('');
      expect(message.attachments).toEqual(pairs.map(([, kept]) => kept));
      await refused(ana.call('messages.post', { attachments: [{ type: 'Text', content: '' }] }), {
        status: 400,
        error: 'unsupported attachment type: Text',
      });
    },
  ),

  everyDoor(
    ['arc-v1 §3.10-4', 'arc-v1 §3.10-5', 'arc-v1 §3.10-6'],
    'measures attachments as ASCII JSON',
    async ({ join, stored }) => {
      const ana = await join('ana');
      const post = (...contents: unknown[]) =>
        ana.call('messages.post', { attachments: contents.map((content) => ({ type: 'text', content })) });
      await post('a'.repeat(255_998));
      await post('é'.repeat(42_666));
      await post('\n'.repeat(127_999));
      await post('🙂'.repeat(21_333));
      await post(...Array(32).fill('x'));
      const before = stored();
      const large = { status: 400, error: 'attachment type text exceeds max size' };
      await refused(post('a'.repeat(255_999)), large);
      await refused(post('é'.repeat(42_667)), large);
      await refused(post('"'.repeat(128_000)), large);
      await refused(post('🙂'.repeat(21_334)), large);
      await refused(post(['a'.repeat(127_000), 'b'.repeat(128_995)]), large);
      await refused(ana.call('messages.post', { attachments: Array(33).fill('no object') }), {
        status: 400,
        error: 'too many attachments',
      });
      expect(stored()).toBe(before);
    },
  ),

  onDoors(
    ['ws', 'http'],
    ['arc-v1 §2.4-20', 'arc-v1 §2.4-21'],
    'keeps the digits of numbers',
    async ({ door, hub, http, name, use, channel }) => {
      const room = await channel();
      const digits =
        '[1.0,1e3,-0,-0.0,1.50,12345678901234567890,9007199254740993,1E400,0.1000,123456789012345678901234567890.5,1e-7,-1]';
      const fields = `"from_agent":"${name('ana')}","channel":"${room}","body":"x","metadata":{"n":${digits}},"attachments":[{"type":"json","content":${digits}}]`;
      let answer: string;
      if (door === 'ws') {
        const raw = use(await RawSocket.open(hub.wsUrl));
        const frame = new Promise<string>((resolve) => raw.socket.once('message', (data) => resolve(String(data))));
        raw.socket.send(`{"jsonrpc":"2.0","id":1.5,"method":"messages.post","params":{${fields}}}`);
        answer = await frame;
        expect(answer).toContain('"id":1.5');
      } else {
        answer = await (await fetch(`${hub.url}/v1/messages`, { method: 'POST', body: `{${fields}}` })).text();
      }
      for (const text of [answer, (await http.call('GET', `/v1/messages?channel=${room}`)).text]) {
        expect(text).toContain(`"metadata":{"n":${digits}}`);
        expect(text).toContain(`"content":${digits}`);
      }
    },
  ),
  onDoors(['client-ws', 'client-http', 'client-relay'], ['arc-v1 §2.4-20'], 'keeps numbers', async ({ join }) => {
    const ana = await join('ana');
    const n = [1.5, 1e3, 2 ** 60, -0.25, 1e-7, 1e21];
    const message = await ana.call('messages.post', {
      metadata: { n },
      attachments: [{ type: 'json', content: n }],
    });
    expect(message).toMatchObject({ metadata: { n }, attachments: [{ type: 'json', content: n }] });
  }),

  everyDoor(['arc-v1 §4.8-2'], 'labels direct messages with any channel', async ({ join, name, http }) => {
    const ana = await join('ana');
    const label = name('no such channel');
    const message = await ana.call('messages.post', { to_agent: name('ben'), channel: label, body: 'x' });
    expect(message).toMatchObject({ to_agent: name('ben'), channel: label });
    const channels = await http.result<{ name: string }[]>('GET', '/v1/channels');
    expect(channels.map((each) => each.name)).not.toContain(label);
  }),

  everyDoor(
    ['arc-v1 §4.8-3', 'arc-v1 §4.8-4', 'arc-v1 §4.8-5', 'arc-v1 §4.8-14'],
    'takes what it should and no unknown channel',
    async ({ visit, name, stored }) => {
      const system = await visit('system');
      expect(await system.call('messages.post', { body: '   ' })).toMatchObject({ body: '   ', from_agent: 'system' });
      expect(await system.call('messages.post', { body: 'x', thread_id: '' })).toMatchObject({ thread_id: '' });
      const before = stored();
      const channel = name('Nowhere');
      await refused(system.call('messages.post', { channel, body: 'x' }), {
        code: 'bad_request',
        status: 400,
        error: `channel does not exist: ${channel}`,
      });
      expect(stored()).toBe(before);
    },
  ),

  everyDoor(['arc-v1 §4.8-6', 'arc-v1 §4.8-7'], 'makes tasks of task messages', async ({ join, name, channel }) => {
    const ana = await join('ana');
    const room = await channel();
    const thread_id = name('thread');
    const parent = await ana.call('messages.post', { kind: 'task', channel: room, thread_id, body: 'big' });
    expect(parent).not.toHaveProperty('parent_task_id');
    const child = await ana.call('messages.post', {
      kind: 'task_request',
      body: 'small',
      parent_task_id: parent.id,
    });
    const chat = await ana.call('messages.post', { body: 'no task', parent_task_id: parent.id, thread_id });
    const tasks = await ana.call('tasks.list', { thread_id });
    expect(tasks).toEqual([
      {
        task_id: parent.id,
        parent_task_id: null,
        channel: room,
        thread_id,
        status: 'open',
        created_at: parent.ts,
        completed_at: null,
      },
    ]);
    const children = await ana.call('tasks.list', { parent_id: parent.id });
    expect(children).toMatchObject([
      { task_id: child.id, parent_task_id: parent.id, channel: 'general', thread_id: null },
    ]);
    expect(chat.kind).toBe('chat');
  }),

  everyDoor(['arc-v1 §4.8-8', 'arc-v1 §4.8-9'], 'completes a request by its result', async ({ join, channel }) => {
    const ana = await join('ana');
    const ben = await join('ben');
    const room = await channel();
    const post = (caller: typeof ana, kind: string, more = {}) =>
      caller.call('messages.post', { channel: room, kind, body: kind, ...more });
    const request = await post(ana, 'task_request', { to_agent: ben.agent_id });
    const result = await post(ben, 'task_result', { reply_to: request.id, metadata: { own: 1 } });
    expect(result.metadata).toEqual({ own: 1, task_completed: request.id });
    expect(await ana.call('messages.get', { id: result.id })).toMatchObject({ metadata: result.metadata });
    expect(await ana.call('tasks.list', { channel: room, status: 'done' })).toMatchObject([
      { task_id: request.id, completed_at: result.ts },
    ]);
    expect((await post(ben, 'task_result', { reply_to: request.id })).metadata).toEqual({});
    const task = await post(ana, 'task');
    expect((await post(ben, 'task_result', { reply_to: task.id })).metadata).toEqual({});
    expect((await post(ben, 'task_result', { reply_to: 2 ** 52 })).metadata).toEqual({});
    expect(await ana.call('tasks.list', { channel: room, status: 'open' })).toMatchObject([{ task_id: task.id }]);
  }),

  everyDoor(
    ['arc-v1 §4.8-10', 'arc-v1 §4.8-11', 'arc-v1 §4.8-12'],
    'checks fields in their order',
    async ({ visit, stored }) => {
      const someone = await visit();
      const before = stored();
      // Everything is wrong; one by one it is put right, and the next thing is complained about.
      const wrong: Record<string, unknown> = {
        parent_task_id: 2 ** 50,
        from_agent: ' ',
        channel: ' ',
        kind: 'nonsense',
        attachments: [{ type: 'text' }],
        body: 'x'.repeat(128_001),
        reply_to: 'x',
        metadata: [1],
      };
      const steps: [string, unknown, string][] = [
        ['parent_task_id', undefined, 'parent_task_id references unknown task'],
        ['from_agent', 'ana', 'from_agent is required'],
        ['channel', 'no such channel', 'channel must be non-empty'],
        ['kind', 'chat', 'unsupported kind: nonsense'],
        ['attachments', [], 'attachment type text requires content'],
        ['body', '', 'body exceeds max size'],
        ['body', 'x', 'body or attachments is required'],
        ['reply_to', 1, 'reply_to must be an integer'],
        ['metadata', {}, 'metadata must be a JSON object'],
      ];
      for (const [field, right, error] of steps) {
        await refused(someone.call('messages.post', wrong), { code: 'bad_request', status: 400, error });
        wrong[field] = right;
      }
      await refused(someone.call('messages.post', wrong), {
        status: 400,
        error: 'channel does not exist: no such channel',
      });
      expect(stored()).toBe(before);
    },
  ),

  onDoors(['http'], ['arc-v1 §4.8-15', 'arc-v1 §4.8-17'], 'reads null as absent', async ({ http, name }) => {
    const fields = {
      to_agent: null,
      channel: null,
      attachments: null,
      metadata: null,
      reply_to: null,
      thread_id: null,
    };
    const answer = await http.call<Record<string, unknown>>('POST', '/v1/messages', {
      from_agent: name('ana'),
      body: 'x',
      parent_task_id: null,
      ...fields,
    });
    expect(answer.status).toBe(201);
    expect(answer.body.result).toMatchObject({ channel: 'general', to_agent: null, metadata: {}, thread_id: null });
  }),

  everyDoor(['arc-v1 §2.5-1'], 'measures a body in code points', async ({ join, stored }) => {
    const ana = await join('ana');
    const { id } = await ana.call('messages.post', { body: '🙂'.repeat(128_000) });
    expect([...(await ana.call('messages.get', { id })).body]).toHaveLength(128_000);
    const before = stored();
    await refused(ana.call('messages.post', { body: '🙂'.repeat(128_001) }), {
      status: 400,
      error: 'body exceeds max size',
    });
    expect(stored()).toBe(before);
  }),

  everyDoor(
    ['arc-v1 §4.9-1', 'arc-v1 §4.9-2', 'arc-v1 §4.9-3', 'arc-v1 §4.9-4', 'arc-v1 §4.9-7'],
    'lists public messages',
    async ({ join, channel, name }) => {
      const ana = await join('ana');
      const [room, other] = [await channel('room'), await channel('other')];
      const thread_id = name('thread');
      const post = async (fields: object) => (await ana.call('messages.post', { body: 'x', ...fields })).id as number;
      const plain = await post({ channel: room });
      const inThread = await post({ channel: room, thread_id });
      const elsewhere = await post({ channel: other, thread_id });
      await post({ channel: room, thread_id, to_agent: ana.agent_id });
      const list = async (params: Record<string, unknown>) => ids(await ana.call('messages.list', params));
      expect(await list({ channel: room })).toEqual([plain, inThread]);
      expect(await list({ thread_id })).toEqual([inThread, elsewhere]);
      expect(await list({ channel: other, thread_id })).toEqual([elsewhere]);
      expect(await list({ thread_id: name('unknown') })).toEqual([]);
      expect(await list({ channel: room, since_id: plain })).toEqual([inThread]);
      expect(await list({ channel: room, limit: 1 })).toEqual([plain]);
      expect(await list({ channel: room, limit: 1, tail: true })).toEqual([inThread]);
      expect(await list({ thread_id, limit: 5, tail: true })).toEqual([inThread, elsewhere]);
      const third = await post({ channel: room });
      expect(await list({ channel: room, since_id: plain, limit: 1, tail: true })).toEqual([inThread]);
      expect(await list({ channel: room, before_id: third })).toEqual([plain, inThread]);
      expect(await list({ channel: room, before_id: third, limit: 1 })).toEqual([inThread]);
      expect(await list({ channel: room, before_id: plain })).toEqual([]);
    },
  ),

  everyDoor(['arc-v1 §4.9-5', 'arc-v1 §4.9-6'], 'refuses to list', async ({ visit }) => {
    const someone = await visit();
    await refused(someone.call('messages.list', { limit: 0 }), {
      code: 'bad_request',
      status: 400,
      error: 'channel or thread_id query parameter is required',
    });
    const missing = { code: 'not_found', status: 404, error: 'channel not found' };
    await refused(someone.call('messages.list', { channel: 'nowhere' }), missing);
    await refused(someone.call('messages.list', { channel: 'nowhere', limit: 0 }), missing);
    await refused(someone.call('messages.list', { channel: 'nowhere', since_id: -1 }), missing);
  }),

  everyDoor(['arc-v1 §4.9-8'], 'lowers a large limit', async ({ join, channel, hub, use }) => {
    const ana = await join('ana');
    const room = await channel();
    const writer = use(await RawSocket.open(hub.wsUrl));
    const message = { from_agent: 'writer', channel: room, body: 'x' };
    await Promise.all(Array.from({ length: 505 }, () => writer.call('messages.post', message)));
    expect(await ana.call('messages.list', { channel: room, limit: 10_000 })).toHaveLength(500);
    expect(await ana.call('messages.list', { channel: room })).toHaveLength(100);
  }),

  everyDoor(
    ['arc-v1 §4.10-1', 'arc-v1 §4.10-2', 'arc-v1 §4.10-3', 'arc-v1 §4.10-4', 'arc-v1 §4.10-6', 'arc-v1 §4.10-7'],
    'lists what an agent may see',
    async ({ join, channel, name }) => {
      const [ana, ben] = [await join('ana'), await join('ben')];
      const room = await channel();
      const thread_id = name('thread');
      const post = async (caller: typeof ana, fields: object) =>
        (await caller.call('messages.post', { body: 'x', ...fields })).id as number;
      const first = await post(ana, { channel: room });
      const toBen = await post(ana, { to_agent: ben.agent_id, thread_id });
      const toAna = await post(ben, { to_agent: ana.agent_id });
      const self = await post(ana, { to_agent: ana.agent_id, channel: room });
      const labelled = await post(ana, { to_agent: ben.agent_id, channel: name('label') });
      const list = async (caller: typeof ana, params: Record<string, unknown> = {}) =>
        ids(await caller.call('events.list', { since_id: first - 1, ...params }));
      expect(await list(ana)).toEqual([first, toAna, self]);
      expect(await list(ben)).toEqual([first, toBen, labelled]);
      expect(await list(ana, { exclude_self: true })).toEqual([toAna]);
      expect(await list(ana, { channel: room })).toEqual([first, self]);
      expect(await list(ana, { channel: 'direct' })).toEqual([toAna]);
      expect(await list(ben, { thread_id })).toEqual([toBen]);
      expect(await list(ben, { since_id: Number.MAX_SAFE_INTEGER })).toEqual([]);
      expect(await list(ana, { since_id: 0, tail: true, limit: 2 })).toEqual([toAna, self]);
      expect(await list(ana, { since_id: 0, before_id: self, limit: 2 })).toEqual([first, toAna]);
      await refused(ben.call('events.list', { channel: name('label') }), { status: 404, error: 'channel not found' });
    },
  ),

  everyDoor(['arc-v1 §4.10-5'], 'wants to know for whom', async ({ visit }) => {
    const someone = await visit();
    const missing = { code: 'bad_request', status: 400, error: 'agent_id query parameter is required' };
    await refused(someone.call('events.list', {}), missing);
    await refused(someone.call('events.list', { agent_id: '', channel: 'nowhere', limit: 0 }), missing);
    await refused(someone.call('bootstrap', {}), missing);
  }),

  everyDoor(['arc-v1 §4.11-1', 'arc-v1 §4.11-2', 'arc-v1 §4.11-3'], 'shows an inbox', async ({ join, name }) => {
    const [ana, ben] = [await join('ana'), await join('ben')];
    const post = async (fields: object) =>
      (await ana.call('messages.post', { body: 'x', to_agent: ben.agent_id, ...fields })).id as number;
    const first = await post({});
    const second = await post({ channel: name('any'), thread_id: name('t') });
    const third = await post({ kind: 'task_request' });
    await ana.call('messages.post', { body: 'to all' });
    const inbox = async (caller: typeof ana, params: Record<string, unknown> = {}) =>
      ids(await caller.call('inbox.list', { agent_id: ben.agent_id, ...params }));
    expect(await inbox(ben)).toEqual([first, second, third]);
    expect(await inbox(ana)).toEqual([first, second, third]);
    expect(await inbox(ben, { since_id: first, limit: 1 })).toEqual([second]);
    expect(await inbox(ben, { tail: true, limit: 2 })).toEqual([second, third]);
  }),

  everyDoor(
    ['arc-v1 §6.1-1', 'arc-v1 §6.1-2', 'arc-v1 §6.1-4', 'arc-v1 §6.1-5'],
    'answers a long-poll when something comes',
    async ({ join, channel, http }) => {
      const [ana, ben] = [await join('ana'), await join('ben')];
      const other = await channel('other');
      const waiters = async () => (await http.result<{ waiters: number }>('GET', '/v1/stats')).waiters;
      for (const operation of ['messages.list', 'events.list', 'inbox.list']) {
        const direct = operation === 'inbox.list';
        const room = await channel(operation);
        const params = direct ? {} : { channel: room };
        const before = await waiters();
        let answered = false as boolean;
        const poll = ana.call(operation, { timeout: 20, ...params }).finally(() => {
          answered = true;
        });
        await until(async () => (await waiters()) === before + 1);
        // A post that does not match is committed and seen by everyone before the next one.
        await ben.call('messages.post', { channel: other, body: 'not this' });
        expect(answered).toBe(false);
        const { id } = await ben.call('messages.post', {
          body: 'this',
          ...(direct ? { to_agent: ana.agent_id } : params),
        });
        const [message, ...more] = await poll;
        expect(message).toMatchObject({ id, body: 'this' });
        expect(more).toEqual([]);
        const again = await beside(ben, other, () => ana.call(operation, { timeout: 20, limit: 1, ...params }));
        expect(ids(again)).toHaveLength(1);
      }
    },
  ),

  everyDoor(['arc-v1 §6.1-3', 'arc-v1 §6.1-6'], 'keeps the deadline of a long-poll', async ({ join, channel }) => {
    const [ana, ben] = [await join('ana'), await join('ben')];
    const room = await channel();
    const startedMs = nowMs();
    const list = (params: Record<string, unknown>) => ana.call('messages.list', { channel: room, ...params });
    expect(await beside(ben, await channel(), () => list({ timeout: 1.1 }))).toEqual([]);
    expect(nowMs() - startedMs).toBeGreaterThanOrEqual(1_095);
    expect(await beside(ben, await channel(), () => list({ timeout: 30, before_id: 1 }))).toEqual([]);
  }),

  everyDoor(['websocket §3-1'], 'gets one message for who may see it', async ({ join }) => {
    const [ana, ben, eve] = [await join('ana'), await join('ben'), await join('eve')];
    const { id, deduplicated: _, ...message } = await ana.call('messages.post', { to_agent: ben.agent_id, body: 'x' });
    for (const party of [ana, ben]) expect(await party.call('messages.get', { id })).toEqual({ id, ...message });
    const missing = { code: 'not_found', status: 404, error: 'message not found' };
    await refused(eve.call('messages.get', { id }), missing);
    await refused(ana.call('messages.get', { id: Number.MAX_SAFE_INTEGER }), missing);
    const open = await ana.call('messages.post', { body: 'x' });
    expect(await eve.call('messages.get', { id: open.id })).toMatchObject({ id: open.id });
  }),
];
