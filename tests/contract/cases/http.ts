import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import type { HubProcess } from '../../support/hub-process.js';
import { until } from '../../support/until.js';
import { type Answer, type Case, type Context, onDoors, ownHub } from '../harness/contract.js';

interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  json: Answer;
}

/** One request with exactly these headers and bytes, on a connection of its own. */
function ask(
  hub: HubProcess,
  method: string,
  path: string,
  { body, headers = {} }: { body?: string | Buffer | undefined; headers?: Record<string, string> } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body ?? '');
    // Said aloud, since some methods leave it out.
    const length: Record<string, number> = body === undefined ? {} : { 'Content-Length': bytes.length };
    const outgoing = request(
      { host: '127.0.0.1', port: hub.port, method, path, headers: { ...length, ...headers }, agent: false },
      async (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        try {
          for await (const part of incoming) text += part;
        } catch (cause) {
          reject(cause);
        }
        const isJson = incoming.headers['content-type'] === 'application/json';
        const json = isJson && text !== '' ? JSON.parse(text) : undefined;
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json });
      },
    );
    outgoing.once('error', reject);
    outgoing.end(bytes);
  });
}

/** Bytes as they are to a socket; what came back until the hub closed, or until `enough`. */
async function raw(
  hub: HubProcess,
  bytes: string | Buffer,
  enough: (text: string) => boolean = () => false,
): Promise<string> {
  const socket = connect(hub.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  let text = '';
  const done = new Promise<void>((resolve) => {
    socket.on('close', () => resolve());
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (enough(text)) resolve();
    });
  });
  socket.write(bytes);
  await done;
  socket.destroy();
  return text;
}

/** As blocking clients do: nothing is read until the last byte of the body was taken. */
async function sendAllThenRead(hub: HubProcess, framing: string, bytes: number): Promise<string> {
  const socket = connect(hub.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.setEncoding('utf8').pause();
  const chunked = framing === 'Transfer-Encoding';
  const head = `POST /v1/messages HTTP/1.1\r\nHost: localhost\r\n${framing}: ${chunked ? 'chunked' : bytes}\r\n\r\n`;
  const body = ' '.repeat(bytes);
  const piece = 64 * 1_024;
  socket.write(head);
  for (let at = 0; at < bytes; at += piece) {
    const part = body.slice(at, at + piece);
    const framed = chunked ? `${part.length.toString(16)}\r\n${part}\r\n` : part;
    await new Promise<void>((resolve, reject) => socket.write(framed, (error) => (error ? reject(error) : resolve())));
  }
  if (chunked) socket.write('0\r\n\r\n');
  let text = '';
  socket.on('data', (part: string) => {
    text += part;
  });
  socket.resume();
  await once(socket, 'close');
  return text;
}

const envelope = (text: string): Answer => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));

type Expectation = [status: number, error: string | RegExp];

const expectError = (reply: Reply, [status, error]: Expectation) => {
  expect([reply.status, reply.json]).toEqual([
    status,
    { ok: false, error: typeof error === 'string' ? error : expect.stringMatching(error) },
  ]);
};

const http = (rules: readonly string[], title: string, run: (context: Context) => Promise<void>): Case =>
  onDoors(['http'], rules, title, run);

interface Stream extends Disposable {
  readonly headers: IncomingHttpHeaders;
  readonly events: { id: string; data: Answer; lines: string[] }[];
}

async function openStream(hub: HubProcess, query: string, headers: Record<string, string> = {}): Promise<Stream> {
  const outgoing = request({ host: '127.0.0.1', port: hub.port, path: `/v1/stream?${query}`, headers, agent: false });
  outgoing.end();
  const [incoming] = await once(outgoing, 'response');
  if (incoming.statusCode !== 200) throw new Error(`the stream answered ${incoming.statusCode}`);
  const events: Stream['events'] = [];
  let text = '';
  incoming.on('error', () => undefined);
  incoming.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const field = (name: string) => lines.find((line) => line.startsWith(name))?.slice(name.length);
      const data = field('data: ');
      if (data !== undefined) events.push({ id: field('id: ') ?? '', data: JSON.parse(data), lines });
    }
  });
  return { headers: incoming.headers, events, [Symbol.dispose]: () => outgoing.destroy() };
}

const eventIds = (stream: Stream) => stream.events.map(({ data }) => data.id);

export const cases: readonly Case[] = [
  http(['arc-v1 §2.1-1', 'arc-v1 §2.1-3', 'arc-v1 §2.1-5', 'arc-v1 §2.1-7'], 'keeps connections', async ({ hub }) => {
    const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}\r\n`;
    const text = await raw(
      hub,
      get('/v1/channels') + get('/v1/nowhere') + get('/v1/shutdown', 'Connection: close\r\n'),
    );
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual(['200', '404', '200']);
    expect(text).toMatch(/^content-type: application\/json\r$/im);
    expect(text).toMatch(/^content-length: \d+\r$/im);
    expect(text).not.toMatch(/access-control/i);
  }),

  http(['arc-v1 §2.1-2'], 'answers HTTP/1.0', async ({ hub }) => {
    const text = await raw(hub, 'GET /v1/shutdown HTTP/1.0\r\n\r\n');
    expect(envelope(text)).toEqual({ ok: true, result: null });
  }),

  http(['arc-v1 §2.1-4', 'arc-v1 §2.1-9'], 'names its instance on every answer', async ({ hub, name }) => {
    for (const [method, path, status] of [
      ['GET', '/', 200],
      ['GET', '/healthz', 200],
      ['GET', '/v1/channels', 200],
      ['GET', '/v1/nowhere', 404],
      ['POST', '/v1/messages', 400],
      ['PATCH', '/v1/messages', 405],
    ] as const) {
      const reply = await ask(hub, method, path);
      expect([path, reply.status, reply.headers['x-arc-instance']]).toEqual([path, status, hub.instance_id]);
    }
    const page = await ask(hub, 'GET', '/');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.text).toContain(hub.instance_id);
    expect(page.text).toContain('arc tui');
    using stream = await openStream(hub, `agent_id=${name('ana')}`);
    expect(stream.headers['x-arc-instance']).toBe(hub.instance_id);
    expect(await raw(hub, 'rubbish\r\n\r\n')).toContain(`X-Arc-Instance: ${hub.instance_id}`);
  }),

  http(['arc-v1 §2.1-6'], 'reads chunked bodies', async ({ hub, name }) => {
    const body = JSON.stringify({ from_agent: name('ana'), body: 'é in pieces' });
    const bytes = Buffer.from(body);
    const cut = bytes.indexOf(0xc3) + 1; // within the é
    const chunk = (part: Buffer) =>
      Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
    const text = await raw(
      hub,
      Buffer.concat([
        Buffer.from(
          'POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n',
        ),
        chunk(bytes.subarray(0, cut)),
        chunk(bytes.subarray(cut)),
        Buffer.from('0\r\n\r\n'),
      ]),
    );
    expect(envelope(text).result.body).toBe('é in pieces');
  }),

  http(['arc-v1 §2.1-1'], 'serves who offers to upgrade to another protocol', async ({ hub, name }) => {
    const offer =
      'Host: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
    const listed = await raw(hub, `GET /v1/channels HTTP/1.1\r\n${offer}\r\n`, (text) => text.endsWith('}'));
    expect(envelope(listed).ok).toBe(true);
    const body = JSON.stringify({ from_agent: name('ana'), body: 'x' });
    const post = `POST /v1/messages HTTP/1.1\r\n${offer}Content-Length: ${body.length}\r\n\r\n${body}`;
    const posted = await raw(hub, post, (text) => text.endsWith('}'));
    expect(envelope(posted).result.from_agent).toBe(name('ana'));
    const page = `GET /v1/channels HTTP/1.1\r\nOrigin: http://evil.example\r\n${offer}\r\n`;
    expect(await raw(hub, page, (text) => text.endsWith('}'))).toMatch(/^HTTP\/1\.1 403 /);
  }),

  http(['arc-v1 §2.1-8'], 'answers what is no HTTP', async ({ hub, stored }) => {
    const before = stored();
    for (const rubbish of ['rubbish\r\n\r\n', 'GET\r\n\r\n', '\u0000\u0001\u0002\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n']) {
      const text = await raw(hub, rubbish);
      expect(text).toMatch(/^HTTP\/1\.1 400 /);
      expect(envelope(text)).toEqual({ ok: false, error: 'malformed HTTP request' });
    }
    expect(stored()).toBe(before);
  }),

  http(['arc-v1 §2.2-1', 'arc-v1 §2.2-2', 'arc-v1 §2.2-4'], 'wraps answers', async ({ hub, name, http: client }) => {
    expect((await ask(hub, 'GET', '/v1/shutdown')).json).toEqual({ ok: true, result: null });
    const missing = await ask(hub, 'GET', '/v1/threads/none');
    expect(missing.json).toEqual({ ok: false, error: 'thread not found' });
    expect([missing.status, missing.headers['x-arc-error']]).toEqual([404, 'not_found']);
    expect((await ask(hub, 'GET', '/v1/messages')).headers['x-arc-error']).toBe('bad_request');
    const task = async (parent_task_id?: number): Promise<number> =>
      (
        await client.result<{ id: number }>('POST', '/v1/messages', {
          from_agent: name('a'),
          kind: 'task',
          body: 'x',
          parent_task_id,
        })
      ).id;
    const parent = await task();
    const [one, two] = [await task(parent), await task(parent)];
    const complete = async (id: number) => Object.keys((await ask(hub, 'POST', `/v1/tasks/${id}/complete`)).json);
    expect(await complete(one)).toEqual(['ok', 'result']);
    expect(await complete(two)).toEqual(['ok', 'result', 'parent_completed']);
  }),

  http(
    [
      'arc-v1 §2.3-1',
      'arc-v1 §2.3-2',
      'arc-v1 §2.3-4',
      'arc-v1 §2.3-5',
      'arc-v1 §2.3-6',
      'arc-v1 §2.3-7',
      'arc-v1 §2.3-8',
      'arc-v1 §2.3-9',
    ],
    'routes requests',
    async ({ hub, stored }) => {
      const before = stored();
      const missing: Expectation = [404, 'not found'];
      for (const [method, path] of [
        ['GET', '/v1/channels/'],
        ['GET', '/V1/channels'],
        ['GET', '/v1/Channels'],
        ['GET', '/v1'],
        ['GET', '/v1/channelsx'],
        ['GET', '/v1/messages/x'],
        ['GET', '/v1/inbox/'],
        ['GET', '/v1/inbox/a/b'],
        ['GET', '/v1/claims/refresh'],
        ['POST', '/v1/agents'],
        ['POST', '/'],
        ['POST', '/v1/tasks/-1/complete'],
        ['POST', '/v1/tasks/1.5/complete'],
        ['POST', '/v1/tasks/x/complete'],
        ['DELETE', '/v1/channels'],
        ['DELETE', '/v1/sessions'],
      ] as const) {
        expectError(await ask(hub, method, path), missing);
      }
      expectError(await ask(hub, 'POST', '/v1/nowhere', { body: '{broken' }), missing);
      expectError(await ask(hub, 'POST', '/v1/tasks/9007199254740991/complete', { body: '{broken' }), [
        400,
        'malformed JSON',
      ]);
      expectError(await ask(hub, 'POST', '/v1/tasks/9007199254740991/complete'), [404, 'task not found']);
      expectError(await ask(hub, 'DELETE', '/v1/sessions/none', { body: '{broken' }), [404, 'session not found']);
      for (const path of [
        '//v1/channels',
        '///v1/channels?x=1',
        'http://example.com/v1/channels',
        '/v1/channels#part',
        '/v1/channels;v=1',
      ]) {
        const text = await raw(hub, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
        expect([path, envelope(text).ok]).toEqual([path, true]);
      }
      for (const method of ['PATCH', 'PUT', 'OPTIONS', 'TRACE', 'PROPFIND']) {
        const reply = await ask(hub, method, '/v1/channels');
        expectError(reply, [405, 'method not allowed']);
        expect(reply.headers.allow).toContain('GET');
      }
      expect((await ask(hub, 'HEAD', '/v1/channels')).status).toBe(405);
      expect(stored()).toBe(before);
    },
  ),

  http(['arc-v1 §2.3-3'], 'decodes path ids', async ({ hub, name, http: client }) => {
    const to_agent = `${name('a b/é')}%20;x`;
    await client.result('POST', '/v1/messages', { from_agent: 'x', to_agent, body: 'x' });
    const inbox = await ask(hub, 'GET', `/v1/inbox/${encodeURIComponent(to_agent)}`);
    expect(inbox.json.result).toHaveLength(1);
    for (const broken of ['%', '%zz', '%ff', '%c3']) {
      const reply = await ask(hub, 'GET', `/v1/inbox/${broken}`);
      expect([broken, reply.status, reply.json.ok]).toEqual([broken, 400, false]);
    }
  }),

  http(['arc-v1 §2.4-1', 'arc-v1 §2.4-2', 'arc-v1 §2.4-3'], 'reads Content-Length', async ({ hub, stored }) => {
    const before = stored();
    const post = (path: string, header: string) =>
      raw(hub, `POST ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${header}\r\n`);
    expect(envelope(await post('/v1/network', '')).ok).toBe(true);
    for (const length of ['x', '1.5', '1e3', '0x10', '']) {
      const text = await post('/v1/messages', `Content-Length: ${length}\r\n`);
      expect([length, text.slice(0, 12)]).toEqual([length, 'HTTP/1.1 400']);
      if (length !== '') expect(envelope(text).error).toBe('Content-Length must be an integer');
    }
    const negative = await post('/v1/messages', 'Content-Length: -5\r\n');
    expect(envelope(negative)).toEqual({ ok: false, error: 'Content-Length must be >= 0' });
    expect(stored()).toBe(before);
  }),

  http(['arc-v1 §2.4-4'], 'refuses oversized bodies early', async ({ hub, stored, name }) => {
    const before = stored();
    const cap = 128_000 + 256_000 * 32 + 65_536;
    const announced = await raw(
      hub,
      `POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${cap + 1}\r\n\r\n{`,
    );
    expect(announced).toMatch(/^HTTP\/1\.1 400 /);
    expect(announced).toMatch(/^connection: close\r$/im);
    expect(announced).toMatch(/^x-arc-error: too_large\r$/im);
    expect(envelope(announced)).toEqual({ ok: false, error: 'request body exceeds max size' });
    const padding = ' '.repeat(1_000_000);
    const pieces = Array.from({ length: 9 }, () => `${padding.length.toString(16)}\r\n${padding}\r\n`).join('');
    const chunked = await raw(
      hub,
      `POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${pieces}0\r\n\r\n`,
    );
    expect(chunked).toContain('request body exceeds max size');
    // A client that sends all before it reads still gets to read why.
    for (const length of ['Content-Length', 'Transfer-Encoding']) {
      expect(await sendAllThenRead(hub, length, cap + 60_000)).toContain('request body exceeds max size');
    }
    expect(stored()).toBe(before);
    const message = JSON.stringify({ from_agent: name('ana'), body: 'fits' });
    const fits = await ask(hub, 'POST', '/v1/messages', { body: message.padEnd(cap) });
    expect(fits.status).toBe(201);
  }),

  http(
    ['arc-v1 §2.4-5', 'arc-v1 §2.4-6', 'arc-v1 §2.4-7', 'arc-v1 §2.4-10', 'arc-v1 §2.4-13'],
    'refuses broken bodies',
    async ({ hub, stored }) => {
      const before = stored();
      const ok = '"from_agent":"a","body":"b"';
      const malformed: Expectation = [400, 'malformed JSON'];
      const noObject: Expectation = [400, 'request body must be a JSON object'];
      const deep: Expectation = [400, /nested deeper/];
      const bad: [body: string | Buffer, expected: Expectation][] = [
        [Buffer.from(`{${ok},"metadata":{"x":"\xff"}}`, 'latin1'), [400, 'request body must be valid UTF-8']],
        [Buffer.from([0xed, 0xa0, 0x80]), [400, 'request body must be valid UTF-8']],
        ['{broken', malformed],
        ['   ', malformed],
        [`\ufeff{${ok}}`, malformed],
        [`{${ok},}`, malformed],
        [`{${ok},"metadata":{"x":NaN}}`, malformed],
        [`{${ok},"metadata":{"x":-Infinity}}`, malformed],
        [`{${ok}} x`, malformed],
        [`{'from_agent':'a'}`, malformed],
        [`{${ok},"x":01}`, malformed],
        [`{${ok},"x":"\t"}`, malformed],
        ['[]', noObject],
        ['null', noObject],
        ['"text"', noObject],
        ['1.0', noObject],
        [`{${ok},"metadata":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, deep],
        [`{${ok},"metadata":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`, deep],
        ['['.repeat(100_000), deep],
        [`{${ok},"metadata":{"x":"\\ud800"}}`, [400, /lone surrogate/]],
        [`{"from_agent":"a","body":"\\udc00 x"}`, [400, /lone surrogate/]],
        [`{${ok},"metadata":{"\\ud800":1}}`, [400, /lone surrogate/]],
      ];
      for (const [body, expected] of bad) expectError(await ask(hub, 'POST', '/v1/messages', { body }), expected);
      expect(stored()).toBe(before);
    },
  ),

  http(
    ['arc-v1 §2.4-8', 'arc-v1 §2.4-9', 'arc-v1 §2.4-11', 'arc-v1 §2.4-12'],
    'reads odd bodies',
    async ({ hub, name, http: client }) => {
      const body = `{"from_agent":"x","from_agent":"${name('ana')}","body":"b","id":7,"ts":"never","session_id":"s",
      "__proto__":{"kind":"task"},"constructor":{"prototype":{"polluted":1}},"zzz":1,
      "metadata":{"__proto__":{"a":1},"constructor":2,"d":1,"d":2}}`;
      for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'nonsense']) {
        const reply = await ask(hub, 'POST', '/v1/messages', { body, headers: { 'Content-Type': type } });
        expect(reply.status).toBe(201);
        const { result } = reply.json;
        expect(result).toMatchObject({ from_agent: name('ana'), kind: 'chat' });
        expect(result.id).not.toBe(7);
        expect(reply.text).toContain('"metadata":{"__proto__":{"a":1},"constructor":2,"d":2}');
      }
      const odd = '/v1/agents?as=__proto__&capability=constructor';
      expect((await client.call('GET', odd)).body).toEqual({ ok: true, result: [] });
      expect((await ask(hub, 'GET', '/v1/inbox/__proto__')).json).toEqual({ ok: true, result: [] });
      expect((await ask(hub, 'GET', '/v1/threads/constructor')).status).toBe(404);
      expect((await ask(hub, 'GET', '/v1/channels', { body: '{broken' })).status).toBe(200);
      expect((await ask(hub, 'POST', '/v1/network')).json.ok).toBe(true);
      const fresh = await ask(hub, 'POST', '/v1/messages', { body: '{"from_agent":"a","body":"b"}' });
      expect(fresh.json.result.metadata).toEqual({});
    },
  ),

  http(
    ['arc-v1 §2.5-2', 'arc-v1 §2.5-3', 'arc-v1 §2.5-6', 'arc-v1 §2.5-7'],
    'converts spec fields',
    async ({ hub, name, stored }) => {
      const open = (fields: string) =>
        ask(hub, 'POST', '/v1/sessions', { body: `{"agent_id":"${name('ana')}","replace":true${fields}}` });
      for (const [given, text] of [
        ['5', '5'],
        ['-0.50', '-0.50'],
        ['1.0', '1.0'],
        ['1.5', '1.5'],
        ['9007199254740993', '9007199254740993'],
        ['true', 'True'],
        ['false', 'False'],
        ['"  x "', 'x'],
        ['null', name('ana')],
        ['""', name('ana')],
      ] as const) {
        expect((await open(`,"display_name":${given}`)).json.result.display_name).toBe(text);
      }
      expect((await open(',"capabilities":null,"metadata":null')).status).toBe(201);
      expect((await open(',"replace":"false"')).status).toBe(201);
      const before = stored();
      for (const falsy of ['false', '0', '""', '[]', '{}', 'null']) {
        expect([falsy, (await open(`,"replace":${falsy}`)).status]).toEqual([falsy, 409]);
      }
      expectError(await open(',"display_name":[1]'), [400, 'display_name must be a string']);
      expectError(await open(',"agent_id":{}'), [400, 'agent_id must be a string']);
      for (const no of ['[]', '""', '0', 'true']) {
        expectError(await open(`,"metadata":${no}`), [400, 'metadata must be a JSON object']);
      }
      for (const no of ['{}', '""', '0'])
        expectError(await open(`,"capabilities":${no}`), [400, 'capabilities must be a list']);
      expect(stored()).toBe(before);
    },
  ),

  http(['arc-v1 §2.5-4', 'arc-v1 §2.5-5'], 'converts integers', async ({ hub, stored, name }) => {
    const post = (value: string) =>
      ask(hub, 'POST', '/v1/messages', { body: `{"from_agent":"${name('a')}","body":"b","reply_to":${value}}` });
    for (const [given, integer] of [
      ['7', 7],
      ['true', 1],
      ['false', 0],
      ['1.9', 1],
      ['-1.9', -1],
      ['1e3', 1_000],
      ['" +1_000 "', 1_000],
      ['"-5"', -5],
      ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ] as const) {
      expect([given, (await post(given)).json.result?.reply_to]).toEqual([given, integer]);
    }
    const before = stored();
    for (const bad of [
      '""',
      '"1.5"',
      '"_1"',
      '"1__0"',
      '"x"',
      '[]',
      '{}',
      '1e400',
      '-1e400',
      '9223372036854775808',
      '"0x10"',
    ]) {
      expectError(await post(bad), [400, 'reply_to must be an integer']);
    }
    expect(stored()).toBe(before);
  }),

  http(['arc-v1 §2.5-8'], 'converts message fields', async ({ hub, stored, name }) => {
    const post = (fields: string) =>
      ask(hub, 'POST', '/v1/messages', { body: `{"from_agent":"${name('a')}",${fields}}` });
    for (const falsy of ['null', '""', '0', 'false', '[]', '{}']) {
      const reply = await post(`"body":"b","channel":${falsy},"attachments":${falsy},"metadata":${falsy}`);
      expect([falsy, reply.json.result?.channel]).toEqual([falsy, 'general']);
      expect(reply.json.result).toMatchObject({ attachments: [], metadata: {} });
    }
    expect((await post('"body":"b","kind":" CHAT "')).json.result.kind).toBe('chat');
    expect((await post('"body":5')).json.result.body).toBe('5');
    expect((await post('"body":"b","to_agent":""')).json.result.to_agent).toBeNull();
    expect((await post('"body":"b","to_agent":false')).json.result.to_agent).toBe('False');
    expect((await post('"body":"b","thread_id":" 7 "')).json.result.thread_id).toBe(' 7 ');
    expect((await post('"body":"b","thread_id":7')).json.result.thread_id).toBe('7');
    const before = stored();
    expectError(await post('"body":"b","from_agent":null'), [400, 'from_agent is required']);
    expectError(await post('"body":null'), [400, 'body or attachments is required']);
    expectError(await post('"body":"b","kind":null'), [400, 'unsupported kind: none']);
    expectError(await post('"body":"b","attachments":"x"'), [400, 'attachments must be a list']);
    expectError(await post('"body":"b","metadata":[1]'), [400, 'metadata must be a JSON object']);
    expect(stored()).toBe(before);
  }),

  http(
    [
      'arc-v1 §2.6-1',
      'arc-v1 §2.6-2',
      'arc-v1 §2.6-3',
      'arc-v1 §2.6-4',
      'arc-v1 §2.6-5',
      'arc-v1 §2.6-6',
      'arc-v1 §2.6-7',
    ],
    'reads queries',
    async ({ hub, name, http: client }) => {
      const channel = name('two words');
      await client.result('POST', '/v1/channels', { name: channel });
      const ids: number[] = [];
      for (let i = 0; i < 3; i++) {
        ids.push(
          (await client.result<{ id: number }>('POST', '/v1/messages', { from_agent: 'x', channel, body: 'b' })).id,
        );
      }
      const [first, second, third] = ids as [number, number, number];
      const quoted = encodeURIComponent(channel);
      const list = async (query: string) => (await ask(hub, 'GET', `/v1/messages?${query}`)).json;
      const found = async (query: string) => (await list(query)).result.map((each: Answer) => each.id);
      expect(await found(`channel=${quoted}`)).toEqual(ids);
      expect(await found(`channel=${channel.replaceAll(' ', '+')}&channel=other`)).toEqual(ids);
      expect(await found(`channel=${quoted}&limit=&since_id=&thread_id=&tail=`)).toEqual(ids);
      for (const on of ['true', 'TRUE', '1', 'yes', 'Yes']) {
        expect(await found(`channel=${quoted}&limit=1&tail=${on}`)).toEqual([third]);
      }
      for (const off of ['on', 'false', '0', 'y', '2']) {
        expect(await found(`channel=${quoted}&limit=1&tail=${off}`)).toEqual([first]);
      }
      expect((await list(`channel=${quoted}%20`)).error).toBe('channel not found');
      for (const since of [`%20%2B${first}`, `0${first}`]) {
        expect(await found(`channel=${quoted}&since_id=${since}`)).toEqual([second, third]);
      }
      expect(await found(`channel=${quoted}&since_id=99999999999999999999`)).toEqual([]);
      expect(await found(`channel=${quoted}&limit=1_0&timeout=nan`)).toEqual(ids);
      expect(await found(`channel=${quoted}&since_id=${third}&timeout=1e-2`)).toEqual([]);
      expect(await found(`channel=${quoted}&timeout=inf`)).toEqual(ids);
      expect(await found(`channel=${quoted}&since_id=${third}&timeout=-inf`)).toEqual([]);
      for (const [query, error] of [
        ['since_id=x&limit=x&timeout=x', 'since_id must be an integer'],
        ['since_id=1.5', 'since_id must be an integer'],
        ['since_id=-1&limit=0', 'since_id must be >= 0'],
        ['limit=x&timeout=x', 'limit must be an integer'],
        ['limit=0&timeout=x', 'limit must be at least 1'],
        ['limit=-3', 'limit must be at least 1'],
        ['timeout=x', 'timeout must be a number'],
        ['timeout=1,5', 'timeout must be a number'],
      ] as const) {
        expectError(await ask(hub, 'GET', `/v1/messages?channel=${quoted}&${query}`), [400, error]);
        expectError(await ask(hub, 'GET', `/v1/events?agent_id=x&${query}`), [400, error]);
      }
      expectError(await ask(hub, 'GET', '/v1/events?agent_id='), [400, 'agent_id query parameter is required']);
      expectError(await ask(hub, 'GET', '/v1/tasks?parent_id=x'), [400, 'parent_id must be an integer']);
      expect((await ask(hub, 'GET', '/v1/messages?channel=%FF')).status).toBe(404);
    },
  ),

  http(['arc-v1 §4.16-8', 'arc-v1 §4.16-9'], 'reads the admin calls by their bodies', async ({ hub }) => {
    const armed = await ask(hub, 'POST', '/v1/shutdown?delay_sec=3000');
    expect(armed.json.result.delay_sec).toBe(60);
    await ask(hub, 'POST', '/v1/shutdown/cancel');
    const network = (body: string) => ask(hub, 'POST', '/v1/network', { body });
    expectError(await network('{"allow_remote":"false"}'), [400, /cannot enable remote access at runtime/]);
    expect((await network('{"allow_remote":0}')).json.result.allow_remote).toBe(false);
    expect((await network('{"allow_remote":null}')).status).toBe(200);
  }),

  http(
    ['arc-v1 §6.2-1', 'arc-v1 §6.2-2', 'arc-v1 §6.2-3', 'arc-v1 §6.2-4', 'arc-v1 §6.2-8'],
    'streams history, then what comes',
    async ({ hub, name, http: client }) => {
      for (const [query, error] of [
        ['', 'agent_id query parameter is required'],
        ['agent_id=', 'agent_id query parameter is required'],
        ['agent_id=a&since_id=x', 'since_id must be an integer'],
        ['agent_id=a&since_id=-1', 'since_id must be >= 0'],
      ] as const) {
        expectError(await ask(hub, 'GET', `/v1/stream?${query}`), [400, error]);
      }
      using stream = await openStream(hub, `agent_id=${name('ana')}`);
      expect(stream.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
      expect(stream.headers['content-length']).toBeUndefined();
      const posts = Array.from({ length: 60 }, (_, i) =>
        client.result<Answer>('POST', '/v1/messages', { from_agent: 'x', body: `line\n${i}` }),
      );
      const last = (await Promise.all(posts)).at(-1);
      await until(() => stream.events.at(-1)?.data.id === last.id);
      const all = await client.result<Answer[]>('GET', `/v1/events?agent_id=${name('ana')}&limit=500`);
      expect(eventIds(stream)).toEqual(all.map(({ id }) => id));
      const event = stream.events.at(-1);
      expect(event?.lines).toEqual([`id: ${last.id}`, `data: ${JSON.stringify(last)}`]);
    },
  ),

  http(
    ['arc-v1 §6.2-5', 'arc-v1 §6.2-6', 'arc-v1 §6.2-7'],
    'streams what is asked for',
    async ({ hub, name, http: client, channel }) => {
      const [room, other] = [await channel('room'), await channel('other')];
      const ana = name('ana');
      const post = async (fields: object) =>
        (await client.result<Answer>('POST', '/v1/messages', { from_agent: 'x', body: 'b', ...fields })).id as number;
      const first = await post({ channel: room });
      await Promise.all(Array.from({ length: 120 }, () => post({ channel: other })));
      const direct = await post({ to_agent: ana, channel: room });
      await post({ to_agent: 'else', channel: room });
      const own = await post({ channel: room, from_agent: ana });
      const last = await post({ channel: room });
      const channels = `${encodeURIComponent(room)},nowhere`;
      using filtered = await openStream(hub, `agent_id=${ana}&channels=${channels}&since_id=${first - 1}`);
      using others = await openStream(hub, `agent_id=${ana}&channels=${channels}&exclude_self=1&since_id=${first - 1}`);
      using resumed = await openStream(hub, `agent_id=${ana}&channels=${channels}`, {
        'Last-Event-ID': String(direct),
      });
      using preferred = await openStream(hub, `agent_id=${ana}&channels=${channels}&since_id=${own}`, {
        'Last-Event-ID': '1',
      });
      for (const each of [filtered, others, resumed, preferred]) await until(() => eventIds(each).includes(last));
      expect(eventIds(filtered)).toEqual([first, direct, own, last]);
      expect(eventIds(others)).toEqual([first, direct, last]);
      expect(eventIds(resumed)).toEqual([own, last]);
      expect(eventIds(preferred)).toEqual([last]);
    },
  ),

  http(['arc-v1 §12-1', 'arc-v1 §12-2'], 'forgets who went away', async ({ hub, name, http: client }) => {
    const stats = () => client.result<Answer>('GET', '/v1/stats');
    const before = await stats();
    const poll = request({
      host: '127.0.0.1',
      port: hub.port,
      path: `/v1/events?agent_id=${name('a')}&since_id=${2 ** 50}&timeout=60`,
      agent: false,
    });
    poll.on('error', () => undefined);
    poll.end();
    const stream = await openStream(hub, `agent_id=${name('a')}`);
    await until(async () => (await stats()).waiters === before.waiters + 1);
    expect((await stats()).subscriptions).toBe(before.subscriptions + 1);
    poll.destroy();
    stream[Symbol.dispose]();
    await until(async () => {
      const now = await stats();
      return now.waiters === before.waiters && now.subscriptions === before.subscriptions;
    });
  }),

  http(['arc-v1 §12-3'], 'tells an agent that nobody sees it', async ({ hub, name, http: client }) => {
    const session = async () => (await ask(hub, 'GET', `/v1/events?agent_id=${name('ana')}`)).headers['x-arc-session'];
    expect(await session()).toBe('inactive');
    const { session_id } = await client.result<Answer>('POST', '/v1/sessions', { agent_id: name('ana') });
    expect(await session()).toBeUndefined();
    await client.result('DELETE', `/v1/sessions/${session_id}`);
    expect(await session()).toBe('inactive');
  }),

  http(['arc-v1 §12-4'], 'serves many who come at once', async ({ hub }) => {
    const replies = await Promise.all(Array.from({ length: 200 }, () => ask(hub, 'GET', '/v1/shutdown')));
    for (const { status } of replies) expect(status).toBe(200);
  }),

  ...browserCases(),
];

type Try = readonly [headers: Record<string, string>, allowed: boolean];

/** The outcome of the same headers on a request, an upgrade and a stream. */
async function onAllDoors(hub: HubProcess, headers: Record<string, string>): Promise<number[]> {
  const get = await ask(hub, 'GET', '/v1/channels', { headers });
  const post = await ask(hub, 'POST', '/v1/messages', { headers, body: '{"from_agent":"page","body":"x"}' });
  const upgrade = await new Promise<number>((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${hub.port}/v1/ws`, 'arc.v1', { headers });
    socket.once('open', () => {
      socket.terminate();
      resolve(200);
    });
    socket.once('unexpected-response', (_, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    socket.once('error', () => resolve(0));
  });
  const stream = await openStream(hub, 'agent_id=page', headers).then(
    (opened) => {
      opened[Symbol.dispose]();
      return 200;
    },
    (cause: Error) => Number(/\d+$/.exec(cause.message)?.[0]),
  );
  return [get.status, post.status, upgrade, stream];
}

function browserCases(): Case[] {
  const tryAll = async ({ hub, stored }: Context, tries: readonly Try[]) => {
    for (const [headers, allowed] of tries) {
      const before = stored();
      const outcome = await onAllDoors(hub, headers);
      expect([headers, outcome]).toEqual([headers, allowed ? [200, 201, 200, 200] : [403, 403, 403, 403]]);
      if (!allowed) expect(stored()).toBe(before);
    }
  };
  return [
    http(['websocket §1-20', 'websocket §1-24'], 'checks Host on every door', async (context) => {
      const { port } = context.hub;
      await tryAll(context, [
        [{ Host: '127.0.0.1' }, true],
        [{ Host: `192.168.1.7:${port}` }, true],
        [{ Host: '[::1]:80' }, true],
        [{ Host: 'localhost:1' }, true],
        [{ Host: 'LOCALHOST' }, true],
        [{ Host: 'hub.localhost' }, true],
        [{ Host: 'host.docker.internal' }, true],
        [{ Host: hostname() }, true],
        [{ Host: `${hostname().replace(/\.local$/, '')}.local:${port}` }, true],
        [{ Host: 'evil.example' }, false],
        [{ Host: 'localhost.evil.example' }, false],
        [{ Host: '127.0.0.1.evil.example' }, false],
        [{ Host: `evil.example:${port}` }, false],
        [{ Host: 'user@127.0.0.1' }, false],
        [{ Host: 'a b' }, false],
      ]);
    }),
    http(['websocket §1-21', 'websocket §1-24'], 'checks Origin on every door', async (context) => {
      const { port } = context.hub;
      await tryAll(context, [
        [{ Host: `127.0.0.1:${port}`, Origin: `http://127.0.0.1:${port}` }, true],
        [{ Host: `localhost:${port}`, Origin: `http://localhost:${port}` }, true],
        [{ Host: `127.0.0.1:${port}`, Origin: 'null' }, false],
        [{ Host: `127.0.0.1:${port}`, Origin: '' }, false],
        [{ Host: `127.0.0.1:${port}`, Origin: `http://localhost:${port}` }, false],
        [{ Host: `127.0.0.1:${port}`, Origin: `http://127.0.0.1:${port + 1}` }, false],
        [{ Host: `127.0.0.1:${port}`, Origin: `https://127.0.0.1:${port}` }, false],
        [{ Host: `127.0.0.1:${port}`, Origin: 'http://evil.example' }, false],
        [{ Host: `127.0.0.1:${port}`, Origin: `http://127.0.0.1:${port}.evil.example` }, false],
        [{ Host: `127.0.0.1:${port}`, Origin: 'chrome-extension://abc' }, false],
      ]);
    }),
    http(['websocket §1-22', 'websocket §1-24'], 'checks Sec-Fetch-Site on every door', async (context) => {
      await tryAll(context, [
        [{ 'Sec-Fetch-Site': 'none' }, true],
        [{ 'Sec-Fetch-Site': 'same-origin' }, true],
        [{ 'Sec-Fetch-Site': 'same-site' }, false],
        [{ 'Sec-Fetch-Site': 'cross-site' }, false],
        [{ 'Sec-Fetch-Site': 'nonsense' }, false],
      ]);
      const { hub } = context;
      const from = (mode: string) => ({
        'Sec-Fetch-Site': 'cross-site',
        'Sec-Fetch-Mode': mode,
        'Sec-Fetch-Dest': 'document',
      });
      expect((await ask(hub, 'GET', '/', { headers: from('navigate') })).status).toBe(200);
      expect((await ask(hub, 'GET', '/', { headers: from('no-cors') })).status).toBe(403);
      expect((await ask(hub, 'POST', '/', { headers: from('navigate') })).status).toBe(403);
      expect((await ask(hub, 'GET', '/v1/channels', { headers: from('navigate') })).status).toBe(403);
      // In a frame of a page that is not the hub's own, it is no top-level navigation.
      const framed = { ...from('navigate'), 'Sec-Fetch-Dest': 'iframe' };
      expect((await ask(hub, 'GET', '/', { headers: framed })).status).toBe(403);
    }),
    ownHub(
      http(['websocket §1-20', 'websocket §1-21', 'websocket §1-23'], 'lets in what is allowed', async (context) => {
        const { hub } = context;
        const page = { Host: 'hub.example', Origin: 'https://app.example' };
        await tryAll(context, [
          [page, true],
          [{ ...page, 'Sec-Fetch-Site': 'cross-site' }, true],
          [{ Host: 'hub.example', Origin: 'https://other.example' }, false],
          [{ Host: 'other.example', Origin: 'https://app.example' }, false],
        ]);
        const listed = await ask(hub, 'GET', '/v1/channels', { headers: page });
        expect(listed.headers['access-control-allow-origin']).toBe('https://app.example');
        const preflight = await ask(hub, 'OPTIONS', '/v1/messages', { headers: page });
        expect([preflight.status, preflight.headers['access-control-allow-methods']]).toEqual([
          204,
          expect.any(String),
        ]);
        const refusedPage = await ask(hub, 'GET', '/v1/channels', { headers: { Origin: 'https://other.example' } });
        expect(refusedPage.headers['access-control-allow-origin']).toBeUndefined();
      }),
      { args: ['--allowed-host', 'hub.example', '--allowed-origin', 'https://app.example'] },
    ),
  ];
}
