import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpSessions, type Visitor } from '../../agents/mcp/http-sessions.js';
import { HubClient } from '../../client/index.js';
import { type HubProcess, startHub } from '../support/hub-process.js';
import { until } from '../support/until.js';
import { openHttp, textOf } from './hosts.js';

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
});

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
};

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(hub.url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

it('begins a session for the agent that the URL names, either way', async () => {
  for (const path of ['/mcp/%C3%A9ve', '/mcp?agent=%C3%A9ve']) {
    const answer = await post(path, INITIALIZE);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('X-Arc-Instance')).toBe(hub.instance_id);
    const session = answer.headers.get('Mcp-Session-Id') ?? '';
    expect(session).not.toBe('');
    await answer.text();
    const agents = async () => {
      const answered = await post(
        path,
        { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'arc_list_agents', arguments: {} } },
        { 'Mcp-Session-Id': session },
      );
      return answered.text();
    };
    expect(await agents()).toContain('éve');
    expect((await post('/mcp/mallory', {}, { 'Mcp-Session-Id': session })).status).toBe(403);
    const ping = { jsonrpc: '2.0', id: 3, method: 'ping' };
    expect((await post('/mcp', ping, { 'Mcp-Session-Id': session })).status).toBe(200);
    const ended = await fetch(hub.url + path, { method: 'DELETE', headers: { 'Mcp-Session-Id': session } });
    expect(ended.status).toBe(200);
    expect((await post(path, {}, { 'Mcp-Session-Id': session })).status).toBe(404);
    await using observer = await HubClient.connect(undefined, { baseUrl: hub.url });
    await until(async () => (await observer.agents()).length === 0);
  }
});

it.each([
  ['/mcp', INITIALIZE, 400, 'name the agent'],
  ['/mcp/', INITIALIZE, 400, 'name the agent'],
  ['/mcp/a/b', INITIALIZE, 400, 'name the agent'],
  ['/mcp/%E0%A4%A', INITIALIZE, 400, 'name the agent'],
  ['/mcp/ana', { jsonrpc: '2.0', id: 1, method: 'ping' }, 400, 'begins with initialize'],
  ['/mcp/ana', '{', 400, 'not JSON'],
  ['/mcp/ana', 'x'.repeat(5_000_000), 413, 'at most'],
])('refuses %s with a reason', async (path, body, status, text) => {
  const answer = await post(path, body);
  expect(answer.status).toBe(status);
  expect(((await answer.json()) as { error: { message: string } }).error.message).toContain(text);
});

it('answers a request that is cut off with silence, and the log of the hub too', async () => {
  const socket = connect(hub.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`POST /mcp/ana HTTP/1.1\r\nHost: 127.0.0.1:${hub.port}\r\nContent-Length: 1000\r\n\r\n{`);
  // The hub has read the beginning when it has answered what was asked after it.
  await fetch(`${hub.url}/healthz`);
  socket.destroy();
  await once(socket, 'close');
  await fetch(`${hub.url}/healthz`);
  expect(hub.stderr + hub.stdout).not.toContain('operation failed');
});

it('is closed to web pages, as every door', async () => {
  const answer = await post('/mcp/ana', INITIALIZE, { Origin: 'https://evil.example' });
  expect(answer.status).toBe(403);
  expect(answer.headers.get('X-Arc-Error')).toBe('forbidden');
  const rebound = get({ port: hub.port, path: '/mcp/ana', headers: { Host: 'evil.example' } });
  const [{ statusCode }] = await once(rebound, 'response');
  rebound.destroy();
  expect(statusCode).toBe(403);
});

it('says what is known of a failed call', async () => {
  await using host = await openHttp(hub.url, 'caller');
  const failed = await host.call('arc_rpc_call', { to_agent: 'nobody', body: 'x', timeout: 0.05 });
  expect(textOf(failed)).toMatch(/The request stays open as task \d+: /);
});

it.each([
  ['debug', true],
  ['error', false],
])('tells a host that wants to know of level %s when its agent is at the hub: %s', async (level, isTold) => {
  const path = `/mcp/${level}`;
  const session = { 'Mcp-Session-Id': (await post(path, INITIALIZE)).headers.get('Mcp-Session-Id') ?? '' };
  const send = async (method: string, params: object) =>
    (await post(path, { jsonrpc: '2.0', id: 2, method, params }, session)).text();
  await send('logging/setLevel', { level });
  const stream = await fetch(hub.url + path, { headers: { Accept: 'text/event-stream', ...session } });
  await send('tools/call', { name: 'arc_list_agents', arguments: {} });
  await send('resources/subscribe', { uri: 'arc://channel/general' });
  await using ben = await HubClient.connect('ben', { baseUrl: hub.url });
  await ben.post('general', 'something to tell');
  let told = '';
  for await (const part of stream.body ?? []) {
    told += Buffer.from(part).toString();
    if (told.includes('resources/updated')) break;
  }
  expect(told.includes(`${level} is at the hub`)).toBe(isTold);
});

/** Whoever comes, as at a hub that asks nobody. */
const anyone = (openHub: (agent: string) => HubClient) => (): Visitor => ({
  id: undefined,
  only: undefined,
  mayBe: () => true,
  refused: () => undefined,
  ended: undefined,
  openHub,
});

describe('sessions', () => {
  const begin = (headers: Record<string, string> = {}) => ({
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify(INITIALIZE),
  });

  it('are not begun by what the SDK refuses, and end as many as there may be', async () => {
    const opened: HubClient[] = [];
    const openHub = (agent: string) => {
      const client = HubClient.overHttp(agent, { baseUrl: hub.url });
      opened.push(client);
      return client;
    };
    await using served = await serve(
      new HttpSessions({ visitorOf: anyone(openHub), version: '1', hubAt: hub.url, maxSessions: 2 }),
    );
    const { sessions } = served;
    expect((await fetch(served.url, begin({ Accept: 'application/json' }))).status).toBe(406);
    await until(() => opened[0]?.state === 'closed');
    expect(sessions.count).toBe(0);
    expect((await fetch(served.url, begin())).status).toBe(200);
    expect((await fetch(served.url, begin())).status).toBe(200);
    const refused = await fetch(served.url, begin());
    expect(refused.status).toBe(503);
    expect(await refused.text()).toContain('too many MCP sessions');
    expect(sessions.count).toBe(2);
    await sessions.close();
    expect(sessions.count).toBe(0);
    await until(() => opened.every(({ state }) => state === 'closed'));
    expect(await (await fetch(served.url, begin())).text()).toContain('going down');
  });

  it('end when nobody has used them for long, but not while a stream is open', async () => {
    const openHub = (agent: string) => HubClient.overHttp(agent, { baseUrl: hub.url });
    await using served = await serve(
      new HttpSessions({ visitorOf: anyone(openHub), version: '1', hubAt: hub.url, idleMs: 200 }),
    );
    const { sessions } = served;
    const session = (await fetch(served.url, begin())).headers.get('Mcp-Session-Id') ?? '';
    await fetch(served.url, begin());
    const gone = new AbortController();
    const headers = { Accept: 'text/event-stream', 'Mcp-Session-Id': session };
    const stream = await fetch(served.url, { headers, signal: gone.signal });
    expect(stream.status).toBe(200);
    expect((await fetch(served.url, { headers })).status).toBe(409);
    await until(() => sessions.count === 1);
    gone.abort();
    await until(() => sessions.count === 0);
  });
});

it('lets the hub go down while sessions, streams and subscriptions are open', async () => {
  await using other = await startHub();
  await using host = await openHttp(other.url, 'ana');
  await host.call('arc_list_agents');
  await host.client.subscribeResource({ uri: 'arc://channel/general' });
  await host.client.subscribeResource({ uri: 'arc://agents' });
  host.call('arc_poll_messages', { timeout: 60 }).catch(() => undefined);
  // It would be killed if it waited for them, and the code be another.
  expect(await other.stop()).toBe(0);
});

it('lets an agent expire whose host is gone without a word, and takes it up again when the host returns', async () => {
  await using brief = await startHub({ args: ['--presence-ttl-sec', '5'] });
  const openHub = (agent: string) => HubClient.overHttp(agent, { baseUrl: brief.url });
  await using served = await serve(
    new HttpSessions({ visitorOf: anyone(openHub), version: '1', hubAt: brief.url, presentMs: 500 }),
  );
  const send = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(served.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', ...headers },
      body: JSON.stringify(body),
    });
  const session = { 'Mcp-Session-Id': (await send(INITIALIZE)).headers.get('Mcp-Session-Id') ?? '' };
  const call = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'arc_list_agents', arguments: {} } };
  expect(await (await send(call, session)).text()).toContain('gone');
  await using observer = await HubClient.connect(undefined, { baseUrl: brief.url });
  await until(async () => (await observer.agents()).length === 0, { timeoutMs: 20_000 });
  expect(await (await send(call, session)).text()).toContain('gone');
  expect(await observer.agents()).toHaveLength(1);
});

/** Sessions on a server of their own, for the agent `gone`. */
async function serve(sessions: HttpSessions) {
  const server = createServer((req, res) => void sessions.handle(req, res)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    sessions,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp/gone`,
    async [Symbol.asyncDispose]() {
      await sessions.close();
      server.closeAllConnections();
      server.close();
    },
  };
}
