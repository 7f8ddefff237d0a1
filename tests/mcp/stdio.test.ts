import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import {
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import { HUB_MAIN, type HubProcess, startHub } from '../support/hub-process.js';
import { until } from '../support/until.js';
import { openArgs, openStdio, textOf } from './hosts.js';

/** `arc mcp` with bytes in and bytes out. */
function raw(url: string, agent = 'raw') {
  const child = spawn(process.execPath, [HUB_MAIN, 'mcp', '--agent', agent, '--base-url', url], { stdio: 'pipe' });
  const closed = once(child, 'close');
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  return {
    child,
    write: (text: string | Buffer) => child.stdin.write(text),
    stdout: () => stdout,
    lines: () =>
      stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    /** Ends the input and gives the exit code. */
    async end(): Promise<number | null> {
      child.stdin.end();
      await closed;
      return child.exitCode;
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

const initialize = (protocolVersion: string) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion, capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
});
const call = (id: number, name: string, args: object = {}) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args },
});
const line = (value: unknown) => `${JSON.stringify(value)}\n`;
const framed = (value: unknown) => {
  const text = JSON.stringify(value);
  return `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
};

describe('arc mcp', () => {
  let hub: HubProcess;
  beforeAll(async () => {
    hub = await startHub();
  });
  afterAll(async () => {
    await hub[Symbol.asyncDispose]();
  });

  it('negotiates the current protocol version and the older ones', async () => {
    const versions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
    const answers = versions.map(async (version) => {
      using mcp = raw(hub.url);
      mcp.write(line(initialize(version)));
      expect(await mcp.end()).toBe(0);
      return mcp.lines()[0].result.protocolVersion;
    });
    expect(await Promise.all(answers)).toEqual(versions);
  });

  it('answers what was asked before the input ended, then signs out', async () => {
    using mcp = raw(hub.url, 'pipe');
    mcp.write(
      line(call(1, 'arc_post_message', { channel: 'general', body: 'from a pipe' })) + line(call(2, 'arc_list_agents')),
    );
    expect(await mcp.end()).toBe(0);
    const answers = mcp.lines().filter(({ id }) => id !== undefined);
    expect(answers.map(({ id }) => id).sort()).toEqual([1, 2]);
    const observer = HubClient.overHttp(undefined, { baseUrl: hub.url });
    expect((await observer.agents()).map(({ agent_id }) => agent_id)).not.toContain('pipe');
    await observer.close();
  });

  it('answers in the framing of Arc when the input begins with a header, counting bytes', async () => {
    using mcp = raw(hub.url, 'framed');
    const posted = Buffer.from(framed(call(2, 'arc_post_message', { channel: 'general', body: 'grüße 🙂' })));
    // `\n` alone ends header lines too, and a frame may arrive in pieces that cut a character.
    mcp.write(framed(initialize('2024-11-05')).replaceAll('\r\n', '\n'));
    mcp.write(posted.subarray(0, posted.length - 12));
    mcp.write(posted.subarray(posted.length - 12));
    expect(await mcp.end()).toBe(0);
    const frames = [...mcp.stdout().matchAll(/Content-Length: (\d+)\r\n\r\n(\{.*?\})(?=Content-Length|$)/gs)];
    for (const [, bytes, text] of frames) expect(Buffer.byteLength(text ?? '')).toBe(Number(bytes));
    const messages = frames.map(([, , text]) => JSON.parse(text ?? ''));
    expect(messages.find(({ id }) => id === 1)).toMatchObject({ result: { protocolVersion: '2024-11-05' } });
    expect(JSON.parse(textOf(messages.find(({ id }) => id === 2).result)).body).toBe('grüße 🙂');
  });

  it('answers what is no JSON and no request, and goes on', async () => {
    using mcp = raw(hub.url);
    mcp.write('{"jsonrpc":\n\n[]\n{"jsonrpc":"1.0","id":7,"method":"ping"}\n');
    mcp.write(line({ jsonrpc: '2.0', id: 8, method: 'no/such' }));
    mcp.write(
      line([
        { jsonrpc: '2.0', id: 9, method: 'ping' },
        { jsonrpc: '2.0', id: 10, method: 'ping' },
      ]),
    );
    await mcp.end();
    expect(mcp.lines()).toEqual([
      expect.objectContaining({ id: null, error: expect.objectContaining({ code: -32700 }) }),
      expect.objectContaining({ id: null, error: expect.objectContaining({ code: -32600 }) }),
      expect.objectContaining({ id: 7, error: expect.objectContaining({ code: -32600 }) }),
      expect.objectContaining({ id: 8, error: expect.objectContaining({ code: -32601 }) }),
      [
        { jsonrpc: '2.0', id: 9, result: {} },
        { jsonrpc: '2.0', id: 10, result: {} },
      ],
    ]);
  });

  it('answers a last line that is not ended, and ends with 1 when it cannot read on', async () => {
    using mcp = raw(hub.url);
    mcp.write('{"jsonrpc":"2.0","id":1,"method":"ping"}');
    expect(await mcp.end()).toBe(0);
    expect(mcp.lines()).toEqual([{ jsonrpc: '2.0', id: 1, result: {} }]);
    using lost = raw(hub.url);
    lost.write('Content-Length: many\r\n\r\n{}');
    expect(await lost.end()).toBe(1);
  });

  it('leaves a session that is live already alone, also when it ends', async () => {
    await using client = await HubClient.connect('eve', { baseUrl: hub.url, displayName: 'Eve' });
    using mcp = raw(hub.url, 'eve');
    mcp.write(line(initialize('2025-06-18')) + line({ jsonrpc: '2.0', method: 'notifications/initialized' }));
    mcp.write(line(call(2, 'arc_dm', { to_agent: 'eve', body: 'me' })));
    await until(() => mcp.lines().some(({ id }) => id === 2));
    await mcp.end();
    expect((await client.whoami()).session).toMatchObject({
      session_id: client.session?.session_id,
      display_name: 'Eve',
    });
  });

  it('starts without a hub, says so in the answers of its tools, and finds the hub when it comes', async () => {
    const port = await freePort();
    await using host = await openStdio(`http://127.0.0.1:${port}`, 'early');
    const logged: unknown[] = [];
    host.client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
      logged.push(params.data);
    });
    const agents = { uri: 'arc://agents' };
    const subscribed = expect(host.client.subscribeResource(agents)).rejects.toThrow('No hub answers');
    const answer = await host.call('arc_list_agents');
    await subscribed;
    expect(answer.isError).toBe(true);
    expect(textOf(answer)).toContain(`No hub answers at http://127.0.0.1:${port}`);
    await using late = await startHub({ port });
    await until(() => logged.includes('the hub answers again'));
    expect(logged).toContain('early is at the hub');
    expect(late.isRunning).toBe(true);
    expect(await host.value('arc_list_agents')).toMatchObject([{ agent_id: 'early' }]);
    const updated: string[] = [];
    host.client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
      updated.push(params.uri);
    });
    await host.client.subscribeResource(agents);
    await using _second = await HubClient.connect('second', { baseUrl: late.url });
    await until(() => updated.includes('arc://agents'));
  });

  it('goes on when the hub comes back', async () => {
    await using brief = await startHub();
    const { port } = brief;
    await using host = await openStdio(brief.url, 'loyal');
    await host.value('arc_post_message', { channel: 'general', body: 'before' });
    await brief.stop();
    const waiting = host.value('arc_post_message', { channel: 'general', body: 'meanwhile' });
    await brief.restart({ port });
    expect(await waiting).toMatchObject({ from_agent: 'loyal', body: 'meanwhile' });
    const observer = HubClient.overHttp(undefined, { baseUrl: brief.url });
    await until(async () => (await observer.agents()).some(({ agent_id }) => agent_id === 'loyal'));
    const posted = (await observer.messages({ channel: 'general' })).filter(({ from_agent }) => from_agent === 'loyal');
    expect(posted.map(({ body }) => body)).toEqual(['before', 'meanwhile']);
    await observer.close();
  });

  it('reaches the hub through the files of a spool', async () => {
    await using host = await openArgs(['--agent', 'boxed', '--relay', join(hub.folder, 'spool')]);
    const posted = await host.value('arc_post_message', { channel: 'general', body: 'from a sandbox' });
    expect(posted).toMatchObject({ from_agent: 'boxed' });
    expect(await host.value('arc_list_agents')).toContainEqual(expect.objectContaining({ agent_id: 'boxed' }));
  });

  it('keeps the agent present for longer than the presence TTL', async () => {
    await using brief = await startHub({ args: ['--presence-ttl-sec', '5'] });
    await using host = await openStdio(brief.url, 'idle');
    await host.call('arc_list_agents');
    await using observer = await HubClient.connect(undefined, { baseUrl: brief.url });
    const expired: string[] = [];
    observer.subscribe({ topics: ['session'], onChange: ({ change }) => expired.push(change) });
    const first = (await observer.agents())[0];
    // It is seen anew by itself, several times over.
    await until(async () => {
      const now = (await observer.agents())[0];
      return Date.parse(now?.last_seen ?? '') - Date.parse(first?.last_seen ?? '') >= 6_000;
    });
    expect(expired).not.toContain('expired');
    expect((await observer.agents())[0]?.session_id).toBe(first?.session_id);
  });
});

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
