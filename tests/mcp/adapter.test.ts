import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import { type HubProcess, startHub } from '../support/hub-process.js';
import { until } from '../support/until.js';
import { type Host, openHttp, openStdio, textOf } from './hosts.js';

const TRANSPORTS = [
  ['stdio', openStdio],
  ['Streamable HTTP', openHttp],
] as const;

describe.each(TRANSPORTS)('over %s', (name, open) => {
  let hub: HubProcess;
  let host: Host;
  let ben: HubClient;
  const me = `ana ${name}`;

  beforeAll(async () => {
    hub = await startHub();
    ben = await HubClient.connect('ben', { baseUrl: hub.url, capabilities: ['review'] });
    host = await open(hub.url, me);
    await host.client.listTools();
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await ben.close();
    await hub[Symbol.asyncDispose]();
  });

  it('introduces itself, answers ping, and lists eight annotated tools', async () => {
    expect(host.client.getServerVersion()).toMatchObject({ name: 'arc-mcp' });
    expect(host.client.getServerCapabilities()).toMatchObject({ resources: { subscribe: true }, logging: {} });
    await host.client.ping();
    const { tools } = await host.client.listTools();
    expect(tools).toHaveLength(8);
    for (const tool of tools) {
      expect(tool.outputSchema?.type).toBe('object');
      expect(tool.annotations?.openWorldHint).toBe(false);
    }
  });

  it('signs the agent in, naming the host', async () => {
    await until(async () => (await ben.agents()).some(({ agent_id }) => agent_id === me));
    const session = (await ben.agents()).find(({ agent_id }) => agent_id === me);
    expect(session?.metadata).toEqual({ via: 'mcp', host: 'test-host 1.2.3' });
  });

  it('posts, and answers with the message', async () => {
    const answer = await host.call('arc_post_message', { channel: 'general', body: 'grüße 🙂', thread_id: 't1' });
    const message = JSON.parse(textOf(answer));
    expect(message).toEqual(await ben.message(message.id));
    expect(message).toMatchObject({ from_agent: me, body: 'grüße 🙂', kind: 'chat', reply_to: null });
    expect(answer.structuredContent).toEqual({ id: message.id, channel: 'general', thread_id: 't1' });
  });

  it('polls from now on, waiting, without its own messages', async () => {
    expect(await host.value('arc_poll_messages', { timeout: 0, channel: 'general' })).toEqual([]);
    const polled = host.value('arc_poll_messages', { timeout: 20, channel: 'general' });
    await host.call('arc_post_message', { channel: 'general', body: 'own' });
    const posted = await ben.post('general', 'news');
    expect((await polled).map(({ id }: { id: number }) => id)).toEqual([posted.id]);
  });

  it('sends a direct message, creates a channel, lists agents', async () => {
    const direct = await host.value('arc_dm', { to_agent: 'ben', body: 'psst' });
    expect(direct).toMatchObject({ to_agent: 'ben', channel: 'direct' });
    expect(await host.value('arc_create_channel', { name: 'plans' })).toMatchObject({ name: 'plans' });
    const agents = await host.call('arc_list_agents');
    expect(JSON.parse(textOf(agents))).toHaveLength(2);
    expect(agents.structuredContent).toEqual({
      agents: expect.arrayContaining([{ agent_id: 'ben', capabilities: ['review'] }]),
    });
  });

  it('waits for the result of a request while other tools answer', async () => {
    const asked = host.value('arc_rpc_call', { to_agent: 'ben', body: 'is it green?', timeout: 20 });
    const [request] = await until(async () => {
      const found = (await ben.inbox()).filter(({ kind }) => kind === 'task_request');
      return found.length > 0 ? found : undefined;
    });
    expect((await host.call('arc_list_agents')).isError).toBeUndefined();
    await ben.dm(me, 'green', { kind: 'task_result', reply_to: request?.id });
    expect(await asked).toMatchObject({ from_agent: 'ben', body: 'green', reply_to: request?.id });
  });

  it('shows what is unread as a digest, once, the request first', async () => {
    await host.call('arc_inbox');
    await ben.post('general', 'lunch?');
    const request = await ben.dm(me, 'review auth.ts', { kind: 'task_request' });
    const digest = await host.call('arc_inbox');
    expect(textOf(digest).split('\n')).toEqual([
      `2 unread for ${me}, 1 waiting for your answer:`,
      `[${request.id}] ben (REQUEST, direct, answer with arc_post_message kind task_result reply_to ${request.id}): review auth.ts`,
      `[${request.id - 1}] #general ben: lunch?`,
    ]);
    expect(digest.structuredContent).toMatchObject({ unread: 2, requests: 1 });
    expect(textOf(await host.call('arc_inbox'))).toBe('Nothing new.');
    const result = { channel: 'direct', to_agent: 'ben', body: 'fine', kind: 'task_result', reply_to: request.id };
    expect(await host.value('arc_post_message', result)).toMatchObject({ metadata: { task_completed: request.id } });
  });

  it('shows in the next digest what did not fit, and nothing twice', async () => {
    await ben.post('general', 'x '.repeat(4_000));
    await ben.post('general', 'y '.repeat(4_000));
    const urgent = await ben.dm(me, 'now!');
    expect(textOf(await host.call('arc_inbox', { budget: 1 }))).toBe(
      `3 unread for ${me}:\n3 more did not fit: call arc_inbox with a larger budget`,
    );
    const first = textOf(await host.call('arc_inbox', { budget: 200 }));
    expect(first).toContain(`[${urgent.id}]`);
    expect(first).toContain('1 more did not fit: call arc_inbox again');
    const second = textOf(await host.call('arc_inbox', { budget: 200 }));
    expect(second).toContain('y y y');
    expect(second).not.toContain(`[${urgent.id}]`);
    expect(textOf(await host.call('arc_inbox'))).toBe('Nothing new.');
  });

  it('claims, locks, completes and lists', async () => {
    expect(await host.value('arc_coordinate', { action: 'claim', key: 'build' })).toMatchObject({
      acquired: true,
      key: 'build',
      holder: me,
    });
    await ben.lock('src/a.ts');
    expect(await host.value('arc_coordinate', { action: 'lock', key: 'src/a.ts' })).toMatchObject({
      acquired: false,
      holder: 'ben',
    });
    const task = await ben.post('general', 'port it', { kind: 'task' });
    const listed = await host.value('arc_coordinate', { action: 'list' });
    expect(listed.claims).toEqual([expect.objectContaining({ key: 'build', holder: me })]);
    expect(listed.locks).toEqual([expect.objectContaining({ key: 'src/a.ts', holder: 'ben' })]);
    expect(listed.tasks).toContainEqual({ task_id: task.id, channel: 'general' });
    const done = await host.value('arc_coordinate', { action: 'complete', key: String(task.id) });
    expect(done).toEqual({ key: String(task.id), status: 'done' });
    expect(await host.value('arc_coordinate', { action: 'release', key: 'build' })).toMatchObject({
      status: 'released',
    });
  });

  it.each([
    ['arc_fly', {}, /^unknown tool: arc_fly\nThere are: arc_post_message,/],
    ['arc_post_message', { channel: 'general' }, /^'body'\n/],
    ['arc_dm', { to_agent: null, body: 'x' }, /^'to_agent'\n/],
    ['arc_dm', { to_agent: ' ', body: 'x' }, /^to_agent is required/],
    [
      'arc_post_message',
      { channel: 'nowhere', body: 'x' },
      /^channel does not exist: nowhere\nCreate .*arc_create_channel/,
    ],
    ['arc_coordinate', { action: 'release', key: 'none' }, /^claim not found.*\n.*arc_coordinate list/],
    ['arc_coordinate', { action: 'claim' }, /^'key'\n/],
    ['arc_rpc_call', { to_agent: 'nobody', body: 'x', timeout: 0.05 }, /timed out.*\nThe request stays open/],
  ])('says what to do next when %s fails', async (tool, args, text) => {
    const answer = await host.call(tool, args);
    expect(answer.isError).toBe(true);
    expect(textOf(answer)).toMatch(text);
  });

  it('reports progress of a wait, and ends it when it is cancelled', async () => {
    const giveUp = new AbortController();
    let told = 0;
    const polled = host.client.callTool(
      { name: 'arc_poll_messages', arguments: { timeout: 50, thread_id: 'silent' } },
      undefined,
      {
        signal: giveUp.signal,
        onprogress: ({ total }) => {
          expect(total).toBe(50);
          told += 1;
        },
      },
    );
    const ended = expect(polled).rejects.toThrow();
    await until(() => told > 0);
    await until(async () => (await ben.stats()).waiters > 0);
    giveUp.abort('enough');
    await ended;
    await until(async () => (await ben.stats()).waiters === 0);
  });

  it('offers channels, threads and agents as resources', async () => {
    const { resources } = await host.client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(
      expect.arrayContaining(['arc://agents', 'arc://channel/general', 'arc://channel/plans', 'arc://thread/t1']),
    );
    const { resourceTemplates } = await host.client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      'arc://channel/{name}',
      'arc://thread/{id}',
    ]);
    const read = async (uri: string) => {
      const { contents } = await host.client.readResource({ uri });
      return JSON.parse((contents[0] as { text: string }).text);
    };
    expect((await read('arc://thread/t1')).messages).toMatchObject([{ body: 'grüße 🙂' }]);
    expect((await read('arc://channel/general')).messages.length).toBeGreaterThan(2);
    expect(await read('arc://agents')).toHaveLength(2);
    await expect(read('arc://channel/nowhere')).rejects.toMatchObject({ code: -32002 });
    await expect(read('arc://else')).rejects.toMatchObject({ code: -32002 });
  });

  it('tells when a resource changes that the host subscribed to', async () => {
    const updated: string[] = [];
    host.client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
      updated.push(params.uri);
    });
    await host.client.subscribeResource({ uri: 'arc://channel/plans' });
    await host.client.subscribeResource({ uri: 'arc://agents' });
    await ben.post('general', 'elsewhere');
    await ben.post('plans', 'here');
    await until(() => updated.includes('arc://channel/plans'));
    await ben.rename('Ben');
    await until(() => updated.includes('arc://agents'));
    expect(updated).not.toContain('arc://channel/general');
    await host.client.unsubscribeResource({ uri: 'arc://channel/plans' });
    await host.client.unsubscribeResource({ uri: 'arc://agents' });
    await until(async () => (await ben.stats()).waiters === 0);
  });

  it('signs out at its end, and shares its name with others without evicting them', async () => {
    const shared = `dora ${name}`;
    const first = await open(hub.url, shared);
    const sessionOf = async () => (await ben.agents()).find(({ agent_id }) => agent_id === shared)?.session_id;
    const session = await until(sessionOf);
    await using second = await open(hub.url, shared);
    await second.call('arc_list_agents');
    expect(await sessionOf()).toBe(session);
    await first[Symbol.asyncDispose]();
    await until(async () => (await sessionOf()) === undefined);
    // The one that is left has to say something to be seen again at once.
    expect(await second.value('arc_dm', { to_agent: 'ben', body: 'still here' })).toMatchObject({ from_agent: shared });
  });
});
