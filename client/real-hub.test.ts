/** The client on both transports against a real hub process: what it promises must be what the hub does. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type HubProcess, startHub } from '../tests/support/hub-process.js';
import { until } from '../tests/support/until.js';
import { HubClient, type Message, type TopicChange } from './index.js';

const quick = { backOff: { baseMs: 5, maxMs: 50 } };

const TRANSPORTS = [
  ['websocket', (hub: HubProcess, agentId: string) => HubClient.connect(agentId, { baseUrl: hub.url, ...quick })],
  [
    'http',
    async (hub: HubProcess, agentId: string) => {
      const client = HubClient.overHttp(agentId, { baseUrl: hub.url, ...quick });
      await client.register();
      return client;
    },
  ],
  [
    'relay',
    async (hub: HubProcess, agentId: string) => {
      const client = HubClient.overRelay(agentId, { spoolDir: join(hub.folder, 'spool') });
      await client.register();
      return client;
    },
  ],
] as const;

async function take(messages: AsyncIterator<Message>, count: number): Promise<Message[]> {
  const taken: Message[] = [];
  while (taken.length < count) {
    const { value, done } = await messages.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}

describe.each(TRANSPORTS)('over %s', (kind, open) => {
  it('does all that arc-v1 §9 names', async () => {
    await using hub = await startHub();
    await using ana = await open(hub, 'ana');
    await using ben = await open(hub, 'ben');
    expect(ana.transport.kind).toBe(kind);
    expect(ana.session).toMatchObject({ agent_id: 'ana', active: true });

    const session = await ana.register({ displayName: 'Ana', capabilities: ['plan'], metadata: { model: 'x' } });
    expect(session).toMatchObject({ display_name: 'Ana', capabilities: ['plan'], metadata: { model: 'x' } });
    expect(ana.session?.session_id).toBe(session.session_id);
    await expect(ana.rename('Anna')).resolves.toMatchObject({ display_name: 'Anna' });
    expect((await ana.whoami()).session).toMatchObject({ display_name: 'Anna' });
    expect((await ana.agents({ capability: 'plan' })).map(({ agent_id }) => agent_id)).toEqual(['ana']);
    await ana.heartbeat();

    await expect(ana.createChannel('a/b ü', { metadata: { x: 1 } })).resolves.toMatchObject({ created_by: 'ana' });
    expect((await ana.channels()).map(({ name }) => name)).toEqual(['a/b ü', 'direct', 'general']);

    const posted = await ana.post('a/b ü', 'hello', { thread_id: 'my thread/1', metadata: { a: [1] } });
    expect(posted).toMatchObject({ from_agent: 'ana', deduplicated: false, kind: 'chat' });
    const again = { idempotency_key: 'k1' };
    const first = await ana.post('general', 'once', again);
    await expect(ana.post('general', 'once', again)).resolves.toEqual({ ...first, deduplicated: true });
    await expect(ana.post('general', 'other', again)).rejects.toMatchObject({ code: 'conflict', status: 409 });
    await expect(ana.message(posted.id)).resolves.toMatchObject({ body: 'hello' });
    await expect(ana.dm('ben', 'psst')).resolves.toMatchObject({ to_agent: 'ben', channel: 'direct' });
    expect((await ben.inbox()).map(({ body }) => body)).toEqual(['psst']);
    expect((await ana.messages({ channel: 'general' })).map(({ body }) => body)).toEqual(['once']);
    expect((await ben.events({ thread_id: 'my thread/1' })).map(({ id }) => id)).toEqual([posted.id]);

    await expect(ana.claim('build')).resolves.toMatchObject({ acquired: true, claim: { owner_agent_id: 'ana' } });
    await expect(ben.claim('build')).resolves.toMatchObject({ acquired: false, claim: { owner_agent_id: 'ana' } });
    await expect(ana.refreshClaim('build', { ttl_sec: 60 })).resolves.toMatchObject({ acquired: true });
    await expect(ben.release('build')).rejects.toMatchObject({
      code: 'not_found',
      status: 404,
      message: 'claim not found or not owned by agent_id',
    });
    await expect(ana.release('build')).resolves.toMatchObject({ released_at: expect.any(String) });
    expect(await ana.claims({ active_only: true })).toEqual([]);

    await expect(ana.lock('src/a.ts')).resolves.toMatchObject({ acquired: true, lock: { agent_id: 'ana' } });
    await expect(ben.lock('src/a.ts')).resolves.toMatchObject({ acquired: false, lock: { agent_id: 'ana' } });
    await expect(ana.refreshLock('src/a.ts')).resolves.toMatchObject({ acquired: true });
    expect(await ana.locks({ agent_id: 'ana' })).toHaveLength(1);
    await ana.unlock('src/a.ts');

    const parent = await ana.post('general', 'parent', { kind: 'task' });
    const child = await ana.post('general', 'child', { kind: 'task', parent_task_id: parent.id });
    expect(await ana.tasks({ parent_id: parent.id })).toMatchObject([{ task_id: child.id, status: 'open' }]);
    await expect(ana.completeTask(child.id)).resolves.toMatchObject({
      task: { status: 'done' },
      parent_completed: true,
    });
    await expect(ana.completeTask(999)).rejects.toMatchObject({ code: 'not_found', message: 'task not found' });

    await expect(ana.getThread('my thread/1')).resolves.toMatchObject({ messages: [{ id: posted.id }] });
    await expect(ana.getThread('none')).rejects.toMatchObject({ code: 'not_found' });
    expect(await ana.threads()).toHaveLength(1);

    expect(await ana.cursor()).toEqual({ agent_id: 'ana', since_id: null });
    await ana.ack(posted.id);
    expect(await ana.cursor()).toEqual({ agent_id: 'ana', since_id: posted.id });
    await expect(ana.ack(10_000)).rejects.toMatchObject({ code: 'bad_request' });

    expect((await ana.hubInfo()).instance_id).toBe(hub.instance_id);
    expect(ana.instanceId).toBe(hub.instance_id);
    expect((await ana.stats()).messages).toBeGreaterThan(0);
    expect(await ana.getShutdown()).toBeNull();
    await expect(ana.startShutdown(600)).resolves.toMatchObject({ status: 'shutdown_initiated', delay_sec: 600 });
    expect(await ana.getShutdown()).toMatchObject({ delay_sec: 600 });
    await ana.cancelShutdown();
    await expect(ana.cancelShutdown()).rejects.toMatchObject({ message: 'no shutdown pending' });
    expect(await ana.network()).toMatchObject({ allow_remote: false });
    await expect(ana.operation('messages.list', {})).rejects.toMatchObject({ code: 'bad_request' });
    await expect(ana.request('no.such')).rejects.toMatchObject({ code: 'unknown_method' });
    await ana.close();
    expect((await ben.agents()).map(({ agent_id }) => agent_id)).toEqual(['ben']);
  });

  it('polls with a cursor per filter', async () => {
    await using hub = await startHub();
    await using ana = await open(hub, 'ana');
    await using ben = await open(hub, 'ben');
    await ana.createChannel('side');
    await ana.post('general', 'before');
    await ben.bootstrap();
    await ana.post('general', 'one');
    await ana.post('side', 'two');
    const bodies = async (options: object) => (await ben.poll({ timeout: 0, ...options })).map(({ body }) => body);
    expect(await bodies({ channel: 'side' })).toEqual(['two']);
    expect(await bodies({ channel: 'side' })).toEqual([]);
    expect(await bodies({})).toEqual(['one', 'two']);
    expect(await bodies({})).toEqual([]);
    await ben.post('general', 'mine');
    expect(await bodies({})).toEqual([]);
    const waiting = ben.poll();
    await ana.post('general', 'three');
    expect((await waiting).map(({ body }) => body)).toEqual(['three']);
  });

  it('asks and answers', async () => {
    await using hub = await startHub();
    await using ana = await open(hub, 'ana');
    await using ben = await open(hub, 'ben');
    const requests = ben.subscribe({ kinds: ['task_request'] });
    await requests.ready;
    const answering = (async () => {
      for await (const { id, body, from_agent } of requests) {
        await ben.dm(from_agent, `done: ${body}`, { kind: 'task_result', reply_to: id });
        break;
      }
    })();
    await expect(ana.call('ben', 'review')).resolves.toMatchObject({ body: 'done: review', from_agent: 'ben' });
    await answering;
    await expect(ana.call({ capability: 'none' }, 'x')).rejects.toMatchObject({ code: 'not_found' });
    await expect(ana.call('ben', 'x', { timeout_sec: 0.05 })).rejects.toMatchObject({ code: 'timeout', status: 408 });
    const giveUp = AbortSignal.timeout(50);
    await expect(ana.call('ben', 'x', { signal: giveUp })).rejects.toMatchObject({ details: { cancelled: true } });
    await until(async () => (await ana.stats()).waiters === 0);
  });

  it('waits for an answer through a crash of the hub', async () => {
    await using hub = await startHub();
    await using ana = await open(hub, 'ana');
    await using ben = await open(hub, 'ben');
    const requests = ben.subscribe();
    await requests.ready;
    const answer = ana.call('ben', 'review');
    const [request] = await take(requests, 1);
    const port = hub.port;
    await hub.kill();
    await hub.restart({ port });
    await ben.post('general', 'done', { kind: 'task_result', reply_to: request?.id ?? 0 });
    await expect(answer).resolves.toMatchObject({ body: 'done', reply_to: request?.id });
    expect((await ana.tasks()).map(({ status }) => status)).toEqual(['done']);
  });

  it('subscribes from where it is told, by the filters', async () => {
    await using hub = await startHub();
    await using ana = await open(hub, 'ana');
    await using ben = await open(hub, 'ben');
    await ana.createChannel('side');
    await ana.post('general', '1');
    await ana.post('side', '2');
    await ana.dm('ben', '3');
    await ana.dm('cat', '4');
    await ben.post('general', '5');
    const bodies = async (count: number, options: object) => {
      const subscription = ben.subscribe({ since_id: 0, ...options });
      const messages = await take(subscription, count);
      await subscription.close();
      return messages.map(({ body }) => body);
    };
    expect(await bodies(4, {})).toEqual(['1', '2', '3', '5']);
    expect(await bodies(3, { exclude_self: true })).toEqual(['1', '2', '3']);
    expect(await bodies(2, { channels: ['side'] })).toEqual(['2', '3']);
    expect(await bodies(3, { include_direct: false })).toEqual(['1', '2', '5']);
    expect(await bodies(2, { since_id: 2 })).toEqual(['3', '5']);
    await ben.ack(3);
    expect(await bodies(1, { since_id: 'cursor' })).toEqual(['5']);
    // From now on, while another subscription of the same client reads history.
    const live = ben.subscribe();
    const all = ben.subscribe({ since_id: 0 });
    expect(await live.ready).toEqual({ since_id: 5, latest_id: 5 });
    await ana.post('general', '6');
    expect((await take(live, 1)).map(({ body }) => body)).toEqual(['6']);
    expect((await take(all, 5)).map(({ body }) => body)).toEqual(['1', '2', '3', '5', '6']);
  });

  it('loses and repeats nothing over kill -9 and a restart', async () => {
    await using hub = await startHub();
    await using ana = await open(hub, 'ana');
    await using ben = await open(hub, 'ben');
    const messages = ben.subscribe({ since_id: 0 });
    const port = hub.port;
    const posting = (async () => {
      const posts: Promise<unknown>[] = [];
      for (let i = 1; i <= 200; i++) {
        posts.push(ana.post('general', `${i}`));
        if (i % 10 === 0) await Promise.race([Promise.all(posts), new Promise((wake) => setTimeout(wake, 20))]);
      }
      await Promise.all(posts);
    })();
    await take(messages, 20);
    await hub.kill();
    await hub.restart({ port });
    await posting;
    await take(messages, 180);
    const stored = (await ana.messages({ channel: 'general', limit: 500 })).map(({ body }) => body);
    expect(stored).toHaveLength(200);
    expect(new Set(stored).size).toBe(200);
    expect(messages.lastId).toBe(200);
    // The session outlives the crash.
    expect((await ana.agents()).map(({ agent_id }) => agent_id)).toEqual(['ana', 'ben']);
  });
});

describe('over websocket alone', () => {
  it('subscribes before whatever is asked next', async () => {
    await using hub = await startHub();
    await using ana = await HubClient.connect('ana', { baseUrl: hub.url });
    const subscription = ana.subscribe();
    const { id } = await ana.post('general', 'said at once');
    expect((await subscription.next()).value).toMatchObject({ id, body: 'said at once' });
  });

  it('gets state changes, and resync after a loss', async () => {
    await using hub = await startHub();
    await using ana = await HubClient.connect('ana', { baseUrl: hub.url, ...quick });
    await using watcher = await HubClient.connect(undefined, { baseUrl: hub.url, ...quick });
    const changes: TopicChange[] = [];
    const watching = watcher.subscribe({ topics: ['claim', 'hub'], onChange: (change) => changes.push(change) });
    await watching.ready;
    await ana.claim('build');
    await until(() => changes.length === 1);
    expect(changes[0]).toMatchObject({ topic: 'claim', change: 'acquired', value: { claim_key: 'build' } });
    const port = hub.port;
    await hub.restart({ port });
    await until(() => changes.some(({ change }) => change === 'resync'));
    const after = changes.filter(({ change }) => change === 'resync').map(({ topic }) => topic);
    expect(after).toEqual(['claim', 'hub']);
    expect(changes.map(({ change }) => change)).toContain('shutdown_final');
  });

  it('keeps claims and session over a reconnect, and ends the predecessor that is taken over', async () => {
    await using hub = await startHub();
    const first = await HubClient.connect('ana', { baseUrl: hub.url, ...quick });
    const { session_id } = first.session ?? {};
    await first.claim('build');
    await using second = await HubClient.connect('ana', { baseUrl: hub.url, resume: true, ...quick });
    expect(second.session?.session_id).toBe(session_id);
    expect(await first.closed).toMatchObject({ code: 'conflict', details: { close_code: 4001 } });
    await expect(second.release('build')).resolves.toMatchObject({ owner_agent_id: 'ana' });
  });

  it('follows a session that was replaced by another door', async () => {
    await using hub = await startHub();
    await using ana = await HubClient.connect('ana', { baseUrl: hub.url, ...quick });
    const before = ana.session?.session_id;
    const other = HubClient.overHttp('ana', { baseUrl: hub.url });
    const { session_id } = await other.register();
    await until(() => ana.session?.session_id === session_id);
    expect(session_id).not.toBe(before);
    await ana.post('general', 'still here');
  });

  it('feeds a slow reader from the store, and calls go on meanwhile', async () => {
    await using hub = await startHub();
    await using ana = await HubClient.connect('ana', { baseUrl: hub.url, ...quick });
    const posts = Array.from({ length: 3_000 }, (_, i) => ana.post('general', `${i + 1} ${'x'.repeat(1_000)}`));
    await Promise.all(posts);
    const slow = ana.subscribe({ since_id: 0, bufferMessages: 50 });
    const fast = ana.subscribe({ since_id: 0 });
    let next = 1;
    for await (const { id } of slow) {
      expect(id).toBe(next);
      expect(slow.buffered).toBeLessThanOrEqual(50);
      if (id % 100 === 0) expect((await ana.message(id)).id).toBe(id);
      next += 1;
      if (id === 3_000) break;
    }
    expect((await take(fast, 3_000)).map(({ id }) => id)).toEqual(posts.map((_, i) => i + 1));
  });

  it('is let in by nobody when the hub refuses the upgrade', async () => {
    await using hub = await startHub();
    const { WebSocket } = await import('ws');
    const { openSocket } = await import('./websocket/socket.js');
    expect(WebSocket).toBeDefined();
    const refused = openSocket(
      { url: hub.wsUrl, access: { baseUrl: hub.url } },
      ['soap'],
      { onText: () => undefined, onAlive: () => undefined, onClose: () => undefined },
      new AbortController().signal,
    );
    await expect(refused).rejects.toMatchObject({ code: 'bad_request', message: 'subprotocol must be arc.v1' });
  });
});
