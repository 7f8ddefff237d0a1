import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import { HttpSessions } from '../../client/mcp/http-sessions.js';
import { type HubProcess, startHub } from '../support/hub-process.js';
import { until } from '../support/until.js';
import { openHttp } from './hosts.js';

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
  ['/mcp/ana', { jsonrpc: '2.0', id: 1, method: 'ping' }, 400, 'begins with initialize'],
  ['/mcp/ana', '{', 400, 'not JSON'],
  ['/mcp/ana', 'x'.repeat(5_000_000), 413, 'at most'],
])('refuses %s with a reason', async (path, body, status, text) => {
  const answer = await post(path, body);
  expect(answer.status).toBe(status);
  expect(((await answer.json()) as { error: { message: string } }).error.message).toContain(text);
});

it('is closed to web pages, as every door', async () => {
  const answer = await post('/mcp/ana', INITIALIZE, { Origin: 'https://evil.example' });
  expect(answer.status).toBe(403);
  expect(answer.headers.get('X-Arc-Error')).toBe('forbidden');
});

it('lets the hub go down while sessions and streams are open', async () => {
  await using other = await startHub();
  await using host = await openHttp(other.url, 'ana');
  await host.call('arc_list_agents');
  const begun = performance.now();
  expect(await other.stop()).toBe(0);
  expect(performance.now() - begun).toBeLessThan(4_000);
});

it('lets an agent expire whose host is gone without a word, and takes it up again when the host returns', async () => {
  await using brief = await startHub({ args: ['--presence-ttl-sec', '5'] });
  const openHub = (agent: string) => HubClient.overHttp(agent, { baseUrl: brief.url });
  const sessions = new HttpSessions({ openHub, version: '1', hubAt: brief.url, presentMs: 500 });
  const server = createServer((req, res) => void sessions.handle(req, res)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp/gone`;
  const send = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(url, {
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
  await sessions.close();
  server.closeAllConnections();
  server.close();
});
