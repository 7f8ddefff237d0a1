import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { expect } from 'vitest';
import { nowMs } from '../../support/raw-socket.js';
import { type Answer, type Caller, everyDoor, onDoors, refused } from '../harness/contract.js';

const leaseSeconds = (row: Answer, since: 'claimed_at' | 'locked_at') =>
  (Date.parse(row.expires_at) - Date.parse(row[since])) / 1_000;

const post = (caller: Caller, fields: Record<string, unknown> = {}) =>
  caller.call('messages.post', { body: 'x', ...fields });

/** The summary of one thread from the list; undefined when it is not listed. */
const listed = async (caller: Caller, thread_id: string): Promise<Answer> =>
  (await caller.call('threads.list')).find((each: Answer) => each.thread_id === thread_id);

export const cases = [
  everyDoor(
    ['arc-v1 §3.1-1', 'arc-v1 §3.1-2', 'arc-v1 §4.7-1', 'arc-v1 §4.7-2', 'arc-v1 §3.8-2'],
    'creates and lists channels',
    async ({ join, name }) => {
      const ana = await join('ana');
      const names = ['B', 'b', 'ｚ', '🤖', 'two words', '#x/y'].map(name);
      for (const channel of names) {
        const created = await ana.call('channels.create', { name: `  ${channel} `, metadata: { n: 1 } });
        expect(created).toEqual({
          name: channel,
          created_at: expect.stringMatching(/Z$/),
          created_by: ana.agent_id,
          metadata: { n: 1 },
        });
      }
      const channels = await ana.call('channels.list');
      const all = channels.map((each: Answer) => each.name);
      expect(all).toEqual([...all].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
      expect(all).toEqual(expect.arrayContaining(names));
      for (const builtIn of ['general', 'direct']) {
        expect(channels).toContainEqual({
          name: builtIn,
          created_at: expect.any(String),
          created_by: 'system',
          metadata: {},
        });
      }
      const stored = channels.find((each: Answer) => each.name === names[0]);
      const again = await ana.call('channels.create', { name: names[0], created_by: 'other', metadata: { n: 2 } });
      expect(again).toEqual(stored);
    },
  ),

  onDoors(['http'], ['arc-v1 §4.7-3'], 'tells a new channel from an old one', async ({ http, name }) => {
    expect((await http.call('POST', '/v1/channels', { name: name('room') })).status).toBe(201);
    expect((await http.call('POST', '/v1/channels', { name: name('room') })).status).toBe(200);
  }),

  everyDoor(['arc-v1 §4.7-4'], 'notes who created a channel', async ({ visit, name }) => {
    const someone = await visit();
    expect((await someone.call('channels.create', { name: name('a') })).created_by).toBeNull();
    expect((await someone.call('channels.create', { name: name('b'), created_by: '' })).created_by).toBe('');
  }),

  everyDoor(
    ['arc-v1 §3.4-1', 'arc-v1 §4.13-1', 'arc-v1 §4.13-2', 'arc-v1 §4.13-3', 'arc-v1 §4.13-14', 'arc-v1 §3.9-2'],
    'grants a claim to one agent',
    async ({ join, name, rows }) => {
      const [ana, ben] = [await join('ana'), await join('ben')];
      const latest = () => rows('SELECT max(id) AS id FROM messages')[0].id;
      const before = latest();
      const claim_key = name('key');
      const granted = await ana.call('claims.acquire', {
        claim_key: ` ${claim_key} `,
        thread_id: name('t'),
        task_message_id: 5,
        metadata: { why: 'x' },
      });
      expect(granted).toEqual({
        acquired: true,
        claim: {
          claim_key,
          thread_id: name('t'),
          task_message_id: 5,
          owner_agent_id: ana.agent_id,
          claimed_at: expect.any(String),
          expires_at: expect.any(String),
          released_at: null,
          metadata: { why: 'x' },
        },
      });
      expect(leaseSeconds(granted.claim, 'claimed_at')).toBeGreaterThanOrEqual(300);
      expect(leaseSeconds(granted.claim, 'claimed_at')).toBeLessThanOrEqual(301);
      const again = await ana.call('claims.acquire', { claim_key, ttl_sec: 5, thread_id: 'other', metadata: { n: 1 } });
      expect(again).toEqual({ acquired: true, claim: { ...granted.claim, expires_at: again.claim.expires_at } });
      expect(again.claim.expires_at < granted.claim.expires_at).toBe(true);
      const denied = await ben.call('claims.acquire', { claim_key, metadata: { mine: true } });
      expect(denied).toEqual({ acquired: false, claim: again.claim });
      expect(latest()).toBe(before);
    },
  ),

  everyDoor(
    ['arc-v1 §4.13-4', 'arc-v1 §4.13-8', 'arc-v1 §4.13-9', 'arc-v1 §4.13-10', 'arc-v1 §4.13-11'],
    'refreshes and releases a claim',
    async ({ join, name, stored }) => {
      const [ana, ben] = [await join('ana'), await join('ben')];
      const claim_key = name('key');
      await ana.call('claims.acquire', { claim_key, ttl_sec: 10 });
      const refreshed = await ana.call('claims.refresh', { claim_key, ttl_sec: 600 });
      expect(refreshed.acquired).toBe(true);
      expect(leaseSeconds(refreshed.claim, 'claimed_at')).toBeGreaterThanOrEqual(600);
      const refresh = { code: 'not_found', status: 404, error: 'claim not found or not owned by owner_agent_id' };
      const release = { code: 'not_found', status: 404, error: 'claim not found or not owned by agent_id' };
      const before = stored();
      await refused(ben.call('claims.refresh', { claim_key }), refresh);
      await refused(ben.call('claims.refresh', { claim_key: name('absent') }), refresh);
      await refused(ben.call('claims.release', { claim_key }), release);
      await refused(ben.call('claims.release', { claim_key: name('absent') }), release);
      expect(stored()).toBe(before);
      const released = await ana.call('claims.release', { claim_key });
      expect(released).toEqual({ ...refreshed.claim, released_at: expect.any(String) });
      await refused(ana.call('claims.refresh', { claim_key }), refresh);
      await refused(ana.call('claims.release', { claim_key }), release);
      const taken = await ben.call('claims.acquire', { claim_key, metadata: { new: true } });
      expect(taken).toMatchObject({
        acquired: true,
        claim: { owner_agent_id: ben.agent_id, released_at: null, metadata: { new: true } },
      });
      await ben.call('claims.release', { claim_key });
      const back = await ben.call('claims.acquire', { claim_key, thread_id: 't' });
      expect(back).toMatchObject({ acquired: true, claim: { thread_id: 't', metadata: {} } });
    },
  ),

  everyDoor(
    ['arc-v1 §4.13-5', 'arc-v1 §4.13-6', 'arc-v1 §4.13-7'],
    'names a claim after its task',
    async ({ join }) => {
      const ana = await join('ana');
      for (const id of [2 ** 40 + Math.floor(Math.random() * 2 ** 40), -3]) {
        const { claim } = await ana.call('claims.acquire', { claim_key: ' ', task_message_id: id, thread_id: ' ' });
        expect(claim).toMatchObject({ claim_key: `task-${id}`, task_message_id: id, thread_id: null });
        await ana.call('claims.release', { claim_key: claim.claim_key });
      }
      const missing = { code: 'bad_request', status: 400, error: 'claim_key or task_message_id is required' };
      await refused(ana.call('claims.acquire', {}), missing);
      await refused(ana.call('claims.acquire', { claim_key: '  ' }), missing);
    },
  ),

  everyDoor(['arc-v1 §4.13-12'], 'lists claims', async ({ join, name }) => {
    const ana = await join('ana');
    const thread_id = name('t');
    for (const key of ['b', 'a', 'c']) await ana.call('claims.acquire', { claim_key: name(key), thread_id });
    await ana.call('claims.release', { claim_key: name('a') });
    const keys = async (params: Record<string, unknown>) =>
      (await ana.call('claims.list', params)).map((each: Answer) => each.claim_key);
    expect(await keys({ thread_id })).toEqual([name('b'), name('a'), name('c')]);
    expect(await keys({ thread_id, active_only: true })).toEqual([name('b'), name('c')]);
    expect(await keys({})).toEqual(expect.arrayContaining([name('a')]));
    expect(await keys({ active_only: true })).not.toContain(name('a'));
  }),

  onDoors(
    ['http'],
    ['arc-v1 §4.13-13', 'arc-v1 §2.2-3', 'arc-v1 §2.8-1'],
    'tells a grant from a denial',
    async ({ http, name }) => {
      const claim = (owner_agent_id: string) =>
        http.call('POST', '/v1/claims', { claim_key: name('k'), owner_agent_id });
      for (const [owner, status, acquired] of [
        ['ana', 201, true],
        ['ana', 201, true],
        ['ben', 200, false],
      ] as const) {
        const answer = await claim(owner);
        expect([answer.status, answer.body.acquired]).toEqual([status, acquired]);
        expect(Object.keys(answer.body)).toEqual(['ok', 'acquired', 'result']);
      }
      const refreshed = await http.call('POST', '/v1/claims/refresh', { claim_key: name('k'), owner_agent_id: 'ana' });
      expect([refreshed.status, refreshed.body.acquired]).toEqual([200, true]);
      const released = await http.call('POST', '/v1/claims/release', { claim_key: name('k'), agent_id: 'ana' });
      expect(Object.keys(released.body)).toEqual(['ok', 'result']);
      const lock = await http.call('POST', '/v1/locks', { file_path: name('f'), agent_id: 'ana' });
      expect([lock.status, lock.body.acquired]).toEqual([201, true]);
      const denied = await http.call('POST', '/v1/locks', { file_path: name('f'), agent_id: 'ben' });
      expect([denied.status, denied.body.acquired]).toEqual([200, false]);
    },
  ),

  everyDoor(['arc-v1 §4.13-15', 'arc-v1 §4.14-5'], 'frees what another agent holds', async ({ join, name }) => {
    const [ana, ben] = [await join('ana'), await join('ben')];
    await ana.call('claims.acquire', { claim_key: name('k') });
    await ana.call('locks.acquire', { file_path: name('f') });
    const { latest_visible_id } = await ben.call('bootstrap');
    expect((await ben.call('claims.release', { claim_key: name('k'), force: true })).released_at).not.toBeNull();
    expect((await ben.call('locks.release', { file_path: name('f'), force: true })).released_at).not.toBeNull();
    const notices = await ben.call('messages.list', { channel: 'general', since_id: latest_visible_id });
    expect(notices).toMatchObject([
      { from_agent: 'system', kind: 'notice', metadata: { forced_release: true, released_by: ben.agent_id } },
      { from_agent: 'system', kind: 'notice', metadata: { forced_release: true, released_by: ben.agent_id } },
    ]);
    for (const { body } of notices) expect(body).toContain(ben.agent_id);
  }),

  everyDoor(
    ['arc-v1 §3.5-1', 'arc-v1 §3.5-2', 'arc-v1 §4.14-1', 'arc-v1 §4.14-2', 'arc-v1 §4.14-3'],
    'locks files',
    async ({ join, name }) => {
      const [ana, ben] = [await join('ana'), await join('ben')];
      const file_path = `./${name('src/a b.ts')}`;
      const granted = await ana.call('locks.acquire', { file_path: `${file_path}\n`, ttl_sec: 60, metadata: { n: 1 } });
      expect(granted).toEqual({
        acquired: true,
        lock: {
          file_path,
          agent_id: ana.agent_id,
          locked_at: expect.any(String),
          expires_at: expect.any(String),
          released_at: null,
          metadata: { n: 1 },
        },
      });
      expect(leaseSeconds(granted.lock, 'locked_at')).toBeGreaterThanOrEqual(60);
      const bare = await ben.call('locks.acquire', { file_path: file_path.slice(2) });
      expect(bare.acquired).toBe(true);
      const again = await ana.call('locks.acquire', { file_path, metadata: { n: 2 } });
      expect(again).toMatchObject({ acquired: true, lock: { metadata: { n: 1 } } });
      expect(await ben.call('locks.acquire', { file_path })).toEqual({ acquired: false, lock: again.lock });
      const refreshed = await ana.call('locks.refresh', { file_path, ttl_sec: 900 });
      expect(refreshed.acquired).toBe(true);
      expect(leaseSeconds(refreshed.lock, 'locked_at')).toBeGreaterThanOrEqual(900);
      const missing = { code: 'not_found', status: 404, error: 'lock not found or not owned by agent_id' };
      await refused(ben.call('locks.refresh', { file_path }), missing);
      await refused(ben.call('locks.release', { file_path }), missing);
      expect(await ana.call('locks.release', { file_path })).toMatchObject({ released_at: expect.any(String) });
      await refused(ana.call('locks.release', { file_path }), missing);
      await refused(ana.call('locks.refresh', { file_path }), missing);
      const taken = await ben.call('locks.acquire', { file_path });
      expect(taken).toMatchObject({ acquired: true, lock: { agent_id: ben.agent_id, metadata: {} } });
    },
  ),

  everyDoor(['arc-v1 §4.14-4'], 'lists locks', async ({ join, name }) => {
    const [ana, ben] = [await join('ana'), await join('ben')];
    for (const file of ['b', 'a']) await ana.call('locks.acquire', { file_path: name(file) });
    await ben.call('locks.acquire', { file_path: name('c') });
    await ana.call('locks.release', { file_path: name('b') });
    const paths = async (params: Record<string, unknown>) =>
      (await ana.call('locks.list', params)).map((each: Answer) => each.file_path);
    expect(await paths({ agent_id: ana.agent_id })).toEqual([name('b'), name('a')]);
    expect(await paths({ agent_id: ana.agent_id, active_only: true })).toEqual([name('a')]);
    expect(await paths({})).toEqual(expect.arrayContaining([name('b'), name('c')]));
  }),

  everyDoor(
    ['arc-v1 §3.6-1', 'arc-v1 §4.15-1', 'arc-v1 §4.15-2', 'arc-v1 §4.15-3', 'arc-v1 §4.15-4', 'arc-v1 §4.15-6'],
    'lists and completes tasks',
    async ({ join, channel, name, stored }) => {
      const ana = await join('ana');
      const room = await channel();
      const thread_id = name('t');
      const first = await post(ana, { kind: 'task', channel: room, thread_id });
      const second = await post(ana, { kind: 'task', channel: room, parent_task_id: first.id });
      const tasks = async (params: Record<string, unknown>) =>
        (await ana.call('tasks.list', params)).map((each: Answer) => each.task_id);
      expect(await tasks({ channel: room })).toEqual([first.id, second.id]);
      expect(await tasks({ thread_id })).toEqual([first.id]);
      expect(await tasks({ parent_id: first.id })).toEqual([second.id]);
      expect(await tasks({ channel: 'nowhere' })).toEqual([]);
      const { task, ...more } = await ana.call('tasks.complete', { task_id: first.id });
      expect(more).toEqual({});
      expect(task).toEqual({
        task_id: first.id,
        parent_task_id: null,
        channel: room,
        thread_id,
        status: 'done',
        created_at: first.ts,
        completed_at: expect.stringMatching(/Z$/),
      });
      expect(await tasks({ channel: room, status: 'open' })).toEqual([second.id]);
      expect(await tasks({ channel: room, status: 'done' })).toEqual([first.id]);
      expect(await ana.call('tasks.complete', { task_id: first.id })).toEqual({ task });
      const before = stored();
      await refused(ana.call('tasks.complete', { task_id: 2 ** 45 }), {
        code: 'not_found',
        status: 404,
        error: 'task not found',
      });
      expect(stored()).toBe(before);
      await refused(ana.call('tasks.list', { status: 'OPEN' }), {
        status: 400,
        error: "status must be 'open' or 'done'",
      });
    },
  ),

  everyDoor(
    ['arc-v1 §5.4-1', 'arc-v1 §5.4-2', 'arc-v1 §5.4-3', 'arc-v1 §4.15-4', 'arc-v1 §4.15-5'],
    'rolls up a finished family of tasks',
    async ({ join, channel, name }) => {
      const ana = await join('ana');
      const room = await channel();
      const thread_id = name('t');
      const task = async (parent_task_id?: number) =>
        (await post(ana, { kind: 'task', channel: room, thread_id, parent_task_id })).id as number;
      const grand = await task();
      const parent = await task(grand);
      const children = [await task(parent), await task(parent)];
      expect(await ana.call('tasks.complete', { task_id: children[0] })).not.toHaveProperty('parent_completed');
      expect(await ana.call('tasks.complete', { task_id: children[1] })).toMatchObject({ parent_completed: true });
      const open = await ana.call('tasks.list', { thread_id, status: 'open' });
      expect(open).toMatchObject([{ task_id: grand }]);
      const notices = async () =>
        (await ana.call('messages.list', { channel: room })).filter((each: Answer) => each.kind === 'notice');
      expect(await notices()).toMatchObject([
        {
          from_agent: 'system',
          to_agent: null,
          channel: room,
          thread_id,
          reply_to: parent,
          body: `All 2 subtasks of task ${parent} are complete.`,
          metadata: { auto_rollup: true, parent_task_id: parent },
        },
      ]);
      // A parent that was completed early leaves its children open; a done child looks at its parent again.
      const early = await task();
      const late = await task(early);
      await ana.call('tasks.complete', { task_id: early });
      expect(await ana.call('tasks.list', { parent_id: early })).toMatchObject([{ task_id: late, status: 'open' }]);
      expect(await ana.call('tasks.complete', { task_id: late })).not.toHaveProperty('parent_completed');
      const only = await task(grand);
      const again = await ana.call('tasks.complete', { task_id: parent });
      expect(again).not.toHaveProperty('parent_completed');
      expect(await ana.call('tasks.complete', { task_id: only })).toMatchObject({ parent_completed: true });
      expect(await notices()).toHaveLength(2);
    },
  ),

  everyDoor(['arc-v1 §5.4-4', 'arc-v1 §5.4-5'], 'rolls up once, by results too', async ({ join, channel }) => {
    const ana = await join('ana');
    const room = await channel();
    const parent = await post(ana, { kind: 'task', channel: room });
    const children = await Promise.all(
      Array.from({ length: 4 }, () => post(ana, { kind: 'task_request', channel: room, parent_task_id: parent.id })),
    );
    const others = await Promise.all([join('ben'), join('cem'), join('dia'), join('eli')]);
    await Promise.all(
      others.map((other, i) => post(other, { kind: 'task_result', channel: room, reply_to: children[i]?.id })),
    );
    expect(await ana.call('tasks.list', { channel: room, status: 'open' })).toEqual([]);
    const notices = (await ana.call('messages.list', { channel: room })).filter(
      (each: Answer) => each.kind === 'notice',
    );
    expect(notices).toMatchObject([{ body: `All 4 subtasks of task ${parent.id} are complete.` }]);
  }),

  everyDoor(
    ['arc-v1 §3.7-1', 'arc-v1 §3.7-2', 'arc-v1 §3.7-3', 'arc-v1 §4.12-3', 'arc-v1 §5.5-1', 'arc-v1 §5.5-2'],
    'sums up a thread',
    async ({ join, channel, name }) => {
      const ana = await join('ana');
      const [room, other] = [await channel('room'), await channel('other')];
      const thread_id = name('two words/é');
      const first = await post(ana, { channel: other, thread_id });
      const direct = await post(ana, { to_agent: 'ben', thread_id });
      expect(await listed(ana, thread_id)).toEqual({
        thread_id,
        channel: other,
        root_task_id: null,
        latest_message_id: direct.id,
        latest_message_ts: direct.ts,
        latest_artifact_id: null,
        message_count: 2,
        total_task_count: 0,
        open_task_count: 0,
        active_claim_count: 0,
        active_lock_count: 0,
        status: 'waiting',
      });
      const root = await post(ana, { kind: 'task', channel: room, thread_id });
      const child = await post(ana, { kind: 'task', parent_task_id: root.id, thread_id });
      await post(ana, { kind: 'task', parent_task_id: root.id });
      const artifact = await post(ana, { kind: 'artifact', channel: room, thread_id });
      await ana.call('claims.acquire', { claim_key: name('k'), thread_id });
      await ana.call('claims.acquire', { claim_key: name('gone'), thread_id });
      await ana.call('claims.release', { claim_key: name('gone') });
      await ana.call('locks.acquire', { file_path: name('f'), metadata: { thread_id } });
      await ana.call('locks.acquire', { file_path: name('g'), metadata: { thread_id: 42 } });
      await ana.call('tasks.complete', { task_id: child.id });
      const summary = {
        thread_id,
        channel: room,
        root_task_id: root.id,
        latest_message_id: artifact.id,
        latest_message_ts: artifact.ts,
        latest_artifact_id: artifact.id,
        message_count: 5,
        total_task_count: 2,
        open_task_count: 1,
        active_claim_count: 1,
        active_lock_count: 1,
        status: 'open',
      };
      expect(await listed(ana, thread_id)).toEqual(summary);
      const detail = await ana.call('threads.get', { thread_id });
      expect(detail.thread).toEqual(summary);
      expect(detail.messages.map((each: Answer) => each.id)).toEqual([
        first.id,
        direct.id,
        root.id,
        child.id,
        artifact.id,
      ]);
      expect(detail.tasks).toMatchObject([{ task_id: root.id }, { task_id: child.id, status: 'done' }]);
      expect(detail.claims).toMatchObject([{ claim_key: name('k') }, { claim_key: name('gone') }]);
      expect(detail.locks).toMatchObject([{ file_path: name('f') }]);
    },
  ),

  everyDoor(
    ['arc-v1 §4.12-1', 'arc-v1 §4.12-2', 'arc-v1 §4.12-4', 'arc-v1 §4.12-5', 'arc-v1 §3.7-2'],
    'lists threads, the latest first',
    async ({ join, name }) => {
      const ana = await join('ana');
      const [old, young] = [name('old'), name('young')];
      await post(ana, { thread_id: old });
      await post(ana, { thread_id: young, to_agent: 'ben' });
      const claimed = [name('claim ｚ'), name('claim 🤖')];
      for (const thread_id of claimed) await ana.call('claims.acquire', { claim_key: thread_id, thread_id });
      await ana.call('locks.acquire', { file_path: name('f'), metadata: { thread_id: name('locked') } });
      const mine = async () =>
        (await ana.call('threads.list'))
          .map((each: Answer) => each.thread_id)
          .filter((id: string) => id.endsWith(name('')));
      expect(await mine()).toEqual([young, old, claimed[1], claimed[0]]);
      await post(ana, { thread_id: old });
      expect((await mine()).slice(0, 2)).toEqual([old, young]);
      expect(await listed(ana, claimed[0] ?? '')).toMatchObject({
        channel: null,
        latest_message_id: null,
        status: 'open',
      });
      const locked = await ana.call('threads.get', { thread_id: name('locked') });
      expect(locked).toMatchObject({ thread: { active_lock_count: 1, status: 'open' }, messages: [], claims: [] });
      await refused(ana.call('threads.get', { thread_id: name('unknown') }), {
        code: 'not_found',
        status: 404,
        error: 'thread not found',
      });
    },
  ),

  everyDoor(
    ['arc-v1 §5.6-1', 'arc-v1 §5.6-2', 'arc-v1 §5.6-3'],
    'tells how a thread stands',
    async ({ join, name }) => {
      const ana = await join('ana');
      const thread_id = name('t');
      const status = async () => (await listed(ana, thread_id)).status;
      const task = await post(ana, { kind: 'task', thread_id });
      expect(await status()).toBe('waiting');
      await ana.call('locks.acquire', { file_path: name('f'), metadata: { thread_id } });
      expect(await status()).toBe('open');
      await ana.call('tasks.complete', { task_id: task.id });
      expect(await status()).toBe('completed');
      await post(ana, { kind: 'task', thread_id });
      expect(await status()).toBe('open');
      await ana.call('locks.release', { file_path: name('f') });
      expect(await status()).toBe('waiting');
    },
  ),

  everyDoor(
    ['arc-v1 §4.6-1', 'arc-v1 §4.6-2', 'arc-v1 §4.6-3', 'arc-v1 §4.6-4', 'arc-v1 §3.8-3'],
    'says what the hub is',
    async ({ visit, hub, rows }) => {
      const someone = await visit();
      const info = await someone.call('hub.info');
      const [general] = rows("SELECT created_at FROM channels WHERE name = 'general'");
      const hash = createHash('sha256')
        .update(`${realpathSync(hub.storage)}|${general.created_at}`)
        .digest('hex');
      expect(info).toMatchObject({
        storage_path: hub.storage,
        instance_id: `mh1-${hash.slice(0, 20)}`,
        journal_mode: 'wal',
        wal_mode: true,
        default_channel: 'general',
        max_body_chars: 128_000,
        max_attachment_chars: 256_000,
        max_attachments: 32,
        allow_remote: false,
        protocol_version: '1',
        implementation: 'arc-hub',
        implementation_version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        max_query_limit: 500,
        presence_ttl_sec: 120,
        max_wait_sec: 60,
      });
      expect([...info.features].sort()).toEqual([
        'capability_filter',
        'long_poll_keepalive',
        'relay',
        'rpc_kinds',
        'session_rename',
        'shutdown_control',
        'sse',
        'subtask_rollup',
      ]);
      expect(info.extensions).toContain('websocket');
      expect(info.message_kinds).toEqual([
        'artifact',
        'chat',
        'claim',
        'notice',
        'release',
        'task',
        'task_request',
        'task_result',
      ]);
      expect(info.limits).toMatchObject({ max_body_chars: 128_000, max_ttl_sec: 2_592_000 });
    },
  ),

  everyDoor(['arc-v1 §3.8-4', 'arc-v1 §3.8-5'], 'keeps the tables of Arc v1', async ({ join, rows }) => {
    const ana = await join('ana');
    await post(ana);
    const columns: Record<string, string> = {
      channels: 'name created_at created_by metadata_json',
      messages: 'id ts from_agent to_agent channel kind body attachments_json reply_to thread_id metadata_json',
      sessions: 'session_id agent_id display_name capabilities_json metadata_json created_at last_seen active',
      claims: 'claim_key thread_id task_message_id owner_agent_id claimed_at expires_at released_at metadata_json',
      locks: 'file_path agent_id locked_at expires_at released_at metadata_json',
      tasks: 'task_id parent_task_id channel thread_id status created_at completed_at',
    };
    for (const [table, names] of Object.entries(columns)) {
      const found = rows('SELECT name FROM pragma_table_info(?) ORDER BY cid', table).map((each) => each.name);
      expect(found.join(' ')).toBe(names);
    }
    expect(rows('PRAGMA journal_mode')[0].journal_mode).toBe('wal');
    expect(rows('PRAGMA user_version')[0].user_version).toBe(0);
    expect(rows('PRAGMA encoding')[0].encoding).toBe('UTF-8');
    const indexes = rows(`SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'ix\\_%' ESCAPE '\\'`);
    expect(indexes.map((each) => each.name).sort()).toEqual([
      'ix_c_th',
      'ix_l_ag',
      'ix_m_ch',
      'ix_m_th',
      'ix_m_to',
      'ix_s_ac',
      'ix_s_ag',
      'ix_t_par',
      'ix_t_st',
    ]);
  }),

  everyDoor(
    ['arc-v1 §4.16-1', 'arc-v1 §4.16-2', 'arc-v1 §4.16-3', 'arc-v1 §4.16-4', 'arc-v1 §4.16-5', 'arc-v1 §5.7-1'],
    'arms and cancels a shutdown',
    async ({ join, stored }) => {
      const ana = await join('ana');
      const { latest_visible_id } = await ana.call('bootstrap');
      expect(await ana.call('hub.shutdown.get')).toBeNull();
      await refused(ana.call('hub.shutdown.cancel'), {
        code: 'bad_request',
        status: 400,
        error: 'no shutdown pending',
      });
      const before = stored();
      await refused(ana.call('hub.shutdown.start', { delay_sec: -1 }), {
        status: 400,
        error: 'delay_sec must be >= 0',
      });
      await refused(ana.call('hub.shutdown.start', { delay_sec: 3_601 }), {
        status: 400,
        error: 'delay_sec must be <= 3600',
      });
      expect(stored()).toBe(before);
      const startedMs = nowMs();
      expect(await ana.call('hub.shutdown.start')).toEqual({
        status: 'shutdown_initiated',
        remaining_sec: 59,
        delay_sec: 60,
      });
      await refused(ana.call('hub.shutdown.start', { delay_sec: 5 }), {
        code: 'bad_request',
        status: 400,
        error: 'shutdown already pending',
      });
      const pending = await ana.call('hub.shutdown.get');
      expect(pending.delay_sec).toBe(60);
      expect(pending.remaining_sec).toBeLessThanOrEqual(59);
      expect(pending.remaining_sec).toBeGreaterThanOrEqual(58 - Math.ceil((nowMs() - startedMs) / 1_000));
      expect(await ana.call('hub.shutdown.cancel')).toEqual({ status: 'shutdown_cancelled' });
      expect(await ana.call('hub.shutdown.get')).toBeNull();
      expect(await ana.call('messages.list', { channel: 'general', since_id: latest_visible_id })).toMatchObject([
        {
          from_agent: 'system',
          kind: 'notice',
          body: 'Hub shutdown initiated. Shutting down in 60 seconds.',
          metadata: { shutdown: true, delay_sec: 60 },
        },
        {
          from_agent: 'system',
          kind: 'notice',
          body: 'Hub shutdown cancelled.',
          metadata: { shutdown_cancelled: true },
        },
      ]);
    },
  ),

  everyDoor(['arc-v1 §4.16-6', 'arc-v1 §4.16-7'], 'reports the network', async ({ visit }) => {
    const someone = await visit();
    const closed = { allow_remote: false, listen_host: '127.0.0.1' };
    expect(await someone.call('hub.network')).toEqual(closed);
    expect(await someone.call('hub.network', { allow_remote: false })).toEqual(closed);
    await refused(someone.call('hub.network', { allow_remote: true }), {
      code: 'bad_request',
      status: 400,
      error:
        'cannot enable remote access at runtime: hub is bound to 127.0.0.1 and the listening socket cannot be rebound. ' +
        'Restart the hub with `--host 0.0.0.0 --allow-remote` to expose it on the LAN.',
    });
    expect((await someone.call('hub.info')).allow_remote).toBe(false);
  }),

  everyDoor(['websocket §3-2'], 'counts what the hub does', async ({ visit, hub, door }) => {
    const someone = await visit();
    const stats = await someone.call('hub.stats');
    expect(stats).toMatchObject({
      instance_id: hub.instance_id,
      version: expect.any(String),
      // Over the relay this very request is one.
      relay_in_flight: door === 'client-relay' ? 1 : 0,
      commits: { count: expect.any(Number), p50_ms: expect.any(Number), p99_ms: expect.any(Number) },
      limited: { posts: 0, bytes: 0, connections: 0, waits: 0, subscriptions: 0, tokens: 0 },
    });
    for (const count of [
      'uptime_sec',
      'waiters',
      'subscriptions',
      'posts_per_sec',
      'pushes_per_sec',
      'slowest_reader_lag',
    ]) {
      expect(stats[count]).toBeGreaterThanOrEqual(0);
    }
    const positive = ['messages', 'store_bytes', ...(door === 'client-relay' ? [] : ['connections'])];
    for (const count of positive) expect(stats[count]).toBeGreaterThan(0);
  }),

  everyDoor(
    ['websocket §5-30', 'websocket §5-31', 'websocket §5-32'],
    'keeps a cursor',
    async ({ join, name, stored }) => {
      const ana = await join(name('ana with a space'));
      expect(await ana.call('events.cursor')).toEqual({ agent_id: ana.agent_id, since_id: null });
      const { id } = await post(ana);
      expect(await ana.call('events.ack', { since_id: id })).toEqual({ agent_id: ana.agent_id, since_id: id });
      expect(await ana.call('events.ack', { since_id: 1 })).toEqual({ agent_id: ana.agent_id, since_id: id });
      expect((await ana.call('events.cursor')).since_id).toBe(id);
      const before = stored();
      await refused(ana.call('events.ack', { since_id: 2 ** 50 }), { code: 'bad_request', status: 400 });
      await refused(ana.call('events.ack', { since_id: -1 }), { status: 400, error: 'since_id must be >= 0' });
      expect(stored()).toBe(before);
    },
  ),
];
