import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { until } from '../../tests/support/until.js';
import { HubClient } from '../index.js';

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly key: string | undefined;
  readonly body: string;
}

/** A REST hub that answers as the test says. */
class ScriptedServer implements AsyncDisposable {
  readonly asked: Asked[] = [];
  answer: (asked: Asked, res: ServerResponse) => void = (_asked, res) => this.give(res, null);
  instanceId = 'mh1-first';
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((req, res) => void this.#serve(req, res));
  }

  static async start(): Promise<ScriptedServer> {
    const scripted = new ScriptedServer();
    scripted.#server.listen(0, '127.0.0.1');
    await once(scripted.#server, 'listening');
    return scripted;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  give(res: ServerResponse, result: unknown, others: object = {}): void {
    this.respond(res, 200, { ok: true, result, ...others });
  }

  respond(res: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
    res.writeHead(status, { 'X-Arc-Instance': this.instanceId, ...headers });
    res.end(typeof body === 'string' ? body : JSON.stringify(body));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of req) body += String(chunk);
    const key = req.headers['idempotency-key'];
    const asked = { method: req.method ?? '', url: req.url ?? '', key: key?.toString(), body };
    this.asked.push(asked);
    this.answer(asked, res);
  }
}

const quick = { backOff: { baseMs: 1, maxMs: 5 } };
const client = (server: ScriptedServer, agentId: string | undefined = 'ana') =>
  HubClient.overHttp(agentId, { baseUrl: server.url, ...quick });

describe('a request', () => {
  it('is that of the operations table, with every id quoted', async () => {
    await using server = await ScriptedServer.start();
    const hub = client(server, 'an/a ü');
    await hub.getThread('a/b c?#%ü');
    await hub.inbox({ since_id: 3 });
    await hub.events({ exclude_self: true, channel: 'a&b' });
    await hub.post('general', 'hi', { metadata: { a: 1 }, thread_id: undefined });
    await hub.completeTask(7);
    await hub.ack(9);
    expect(server.asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /v1/threads/a%2Fb%20c%3F%23%25%C3%BC',
      'GET /v1/inbox/an%2Fa%20%C3%BC?since_id=3',
      'GET /v1/events?exclude_self=true&channel=a%26b&agent_id=an%2Fa+%C3%BC',
      'POST /v1/messages',
      'POST /v1/tasks/7/complete',
      'PUT /v1/cursors/an%2Fa%20%C3%BC',
    ]);
    expect(JSON.parse(server.asked[3]?.body ?? '')).toEqual({
      channel: 'general',
      body: 'hi',
      metadata: { a: 1 },
      from_agent: 'an/a ü',
    });
    expect(server.asked.map(({ key }) => key !== undefined)).toEqual([false, false, false, true, true, true]);
  });

  it.each(['.', '..', ''])('is refused here when no URL can carry the id "%s"', async (thread_id) => {
    await using server = await ScriptedServer.start();
    await expect(client(server).getThread(thread_id)).rejects.toMatchObject({ code: 'bad_request' });
    expect(server.asked).toEqual([]);
  });

  it('is refused here when it needs a WebSocket', async () => {
    await using server = await ScriptedServer.start();
    const hub = client(server);
    await expect(hub.operation('sessions.heartbeat', {})).rejects.toMatchObject({ code: 'unknown_method' });
    const watching = hub.subscribe({ topics: ['claim'] });
    await expect(watching.next()).rejects.toMatchObject({ code: 'bad_request' });
  });

  it.each(['localhost:6969', 'ftp://x', '', 'http://'])('cannot go to "%s"', (baseUrl) => {
    expect(() => HubClient.overHttp('ana', { baseUrl })).toThrow('not the address of a hub');
  });
});

describe('an answer', () => {
  it.each([
    [404, { 'X-Arc-Error': 'not_found' }, 'not_found', 404],
    [400, { 'X-Arc-Error': 'too_large' }, 'too_large', 413],
    [400, {}, 'bad_request', 400],
    [409, {}, 'conflict', 409],
    [401, {}, 'unauthorized', 401],
    [403, { 'X-Arc-Error': 'made-up' }, 'forbidden', 403],
    [429, { 'Retry-After': '3' }, 'rate_limited', 429],
    [503, {}, 'unavailable', 503],
    [500, {}, 'internal', 500],
  ] as const)('of status %i with %o becomes its error', async (given, headers, code, status) => {
    await using server = await ScriptedServer.start();
    server.answer = (_asked, res) => server.respond(res, given, { ok: false, error: 'as it was said' }, { ...headers });
    const failure = client(server).hubInfo();
    await expect(failure).rejects.toMatchObject({ name: 'HubError', code, status, message: 'as it was said' });
    if (given === 429) await expect(failure).rejects.toMatchObject({ details: { retry_after_sec: 3 } });
  });

  it.each(['<html>', '', '[]', '{"result":1}'])('that is no envelope (%s) is no hub', async (body) => {
    await using server = await ScriptedServer.start();
    server.answer = (_asked, res) => server.respond(res, 200, body);
    await expect(client(server).hubInfo()).rejects.toMatchObject({ code: 'internal', details: { status: 200 } });
  });

  it('keeps what REST puts beside the result', async () => {
    await using server = await ScriptedServer.start();
    server.answer = ({ url }, res) => {
      if (url === '/v1/claims') server.respond(res, 200, { ok: true, acquired: false, result: { claim_key: 'a' } });
      else if (url === '/v1/messages') server.give(res, { id: 1 }, { deduplicated: true });
      else server.give(res, { task_id: 1 }, { parent_completed: true });
    };
    const hub = client(server);
    expect(await hub.claim('a')).toEqual({ acquired: false, claim: { claim_key: 'a' } });
    expect(await hub.post('general', 'x')).toEqual({ id: 1, deduplicated: true });
    expect(await hub.completeTask(1)).toEqual({ task: { task_id: 1 }, parent_completed: true });
  });
});

describe('a broken connection', () => {
  it('is tried again with the same key until there is an answer', async () => {
    await using server = await ScriptedServer.start();
    const hub = client(server);
    await hub.hubInfo();
    const states: string[] = [];
    hub.on('state', ({ state }) => states.push(state));
    server.answer = ({ url }, res) => {
      if (server.asked.filter((asked) => asked.url === url).length < 4) res.destroy();
      else server.give(res, { id: 1 });
    };
    await hub.post('general', 'x');
    const keys = server.asked.filter(({ url }) => url === '/v1/messages').map(({ key }) => key);
    expect(keys).toHaveLength(4);
    expect(new Set(keys).size).toBe(1);
    expect(states).toEqual(['reconnecting', 'reconnecting', 'reconnecting', 'open']);
  });

  it('is the answer when the hub was never reached', async () => {
    const server = await ScriptedServer.start();
    const hub = client(server);
    await server[Symbol.asyncDispose]();
    await expect(hub.hubInfo()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^connection error: .*ECONNREFUSED/),
    });
  });

  it('ends by time or signal', async () => {
    await using server = await ScriptedServer.start();
    const hub = client(server);
    await hub.hubInfo();
    server.answer = (_asked, res) => res.destroy();
    await expect(hub.hubInfo({ timeoutMs: 20 })).rejects.toMatchObject({ code: 'timeout' });
    const signal = AbortSignal.timeout(20);
    await expect(hub.hubInfo({ signal })).rejects.toMatchObject({ code: 'timeout', details: { cancelled: true } });
    const waiting = hub.hubInfo();
    waiting.catch(() => undefined);
    await hub.close();
    await expect(waiting).rejects.toMatchObject({ code: 'unavailable', message: 'the client is closed' });
    expect(hub.state).toBe('closed');
  });
});

describe('a subscription', () => {
  it('asks only while its reader has room, and from its last id', async () => {
    await using server = await ScriptedServer.start();
    const log = Array.from({ length: 10 }, (_, i) => ({
      id: i + 1,
      channel: 'general',
      to_agent: null,
      kind: 'chat',
      body: `${i + 1}`,
      attachments: [],
    }));
    server.answer = ({ url }, res) => {
      const query = new URL(url, 'http://x').searchParams;
      if (url.startsWith('/v1/bootstrap')) server.give(res, { latest_visible_id: 10 });
      else {
        const since = Number(query.get('since_id'));
        const page = log.filter(({ id }) => id > since).slice(0, 3);
        if (page.length > 0) server.give(res, page);
      }
    };
    const hub = client(server);
    const messages = hub.subscribe({ since_id: 0, bufferMessages: 3 });
    expect(await messages.ready).toEqual({ since_id: 0, latest_id: 10 });
    await until(() => messages.buffered === 3);
    const polls = () => server.asked.filter(({ url }) => url.startsWith('/v1/events')).length;
    expect(polls()).toBe(1);
    for (let id = 1; id <= 10; id++) expect((await messages.next()).value).toMatchObject({ id });
    await until(() => polls() === 5);
    await messages.close();
    await hub.close();
  });

  it('begins anew when another instance answers', async () => {
    await using server = await ScriptedServer.start();
    server.answer = ({ url }, res) => {
      if (url.startsWith('/v1/bootstrap')) server.give(res, { latest_visible_id: 50 });
      else if (url.includes('since_id=50')) {
        server.instanceId = 'mh1-second';
        server.give(res, []);
      } else if (url.includes('since_id=0')) server.give(res, [{ id: 1, to_agent: null, body: '', attachments: [] }]);
    };
    const hub = client(server);
    const instances: unknown[] = [];
    hub.on('instance', (event) => instances.push(event));
    const messages = hub.subscribe();
    expect((await messages.next()).value).toMatchObject({ id: 1 });
    expect(instances).toEqual([{ previous: 'mh1-first', current: 'mh1-second' }]);
    await hub.close();
  });
});
