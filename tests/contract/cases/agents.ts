import { expect } from 'vitest';
import { until } from '../../support/until.js';
import { everyDoor, onDoors, refused } from '../harness/contract.js';

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

export const cases = [
  everyDoor(['arc-v1 §3.2-1', 'arc-v1 §4.1-1', 'arc-v1 §2.9-1'], 'opens a session', async ({ visit, name }) => {
    const someone = await visit();
    const agent_id = name('ana');
    const before = Date.now();
    const session = await someone.call('sessions.open', {
      agent_id,
      display_name: 'Ana',
      capabilities: ['review', 'Test'],
      metadata: { model: 'x', deep: [1, { a: null }] },
    });
    expect(session).toMatchObject({
      agent_id,
      display_name: 'Ana',
      capabilities: ['review', 'Test'],
      metadata: { model: 'x', deep: [1, { a: null }] },
      active: true,
    });
    expect(session.session_id).toMatch(UUID_V4);
    expect(session.created_at).toMatch(TIMESTAMP);
    expect(session.last_seen).toBe(session.created_at);
    // Whole seconds, cut off.
    expect(Date.parse(session.created_at)).toBeGreaterThanOrEqual(before - 999);
    expect(Date.parse(session.created_at)).toBeLessThanOrEqual(Date.now());
  }),

  everyDoor(['arc-v1 §3.2-2'], 'names an agent after its id', async ({ visit, name }) => {
    const [first, second] = [await visit(), await visit()];
    expect((await first.call('sessions.open', { agent_id: name('plain') })).display_name).toBe(name('plain'));
    const blank = await second.call('sessions.open', { agent_id: name('blank'), display_name: '   ' });
    expect(blank.display_name).toBe(name('blank'));
  }),

  everyDoor(['arc-v1 §3.2-3'], 'takes agent ids of any kind, trimmed', async ({ visit, name }) => {
    for (const odd of ['two words', 'a/b', 'é ü', '名前', '🤖', 'a%20b', "it's", 'ünï?&#=']) {
      await using someone = await visit();
      const session = await someone.call('sessions.open', { agent_id: `  ${name(odd)}\n` });
      expect(session.agent_id).toBe(name(odd));
      expect(await someone.call('inbox.list', { agent_id: name(odd) })).toEqual([]);
      const renamed = await someone.call('sessions.rename', { agent_id: name(odd), display_name: 'x' });
      expect(renamed.agent_id).toBe(name(odd));
    }
  }),

  onDoors(['http'], ['arc-v1 §3.2-4'], 'turns capabilities into text', async ({ http, name }) => {
    const open = { agent_id: name('ana'), capabilities: [1, true, false, ' x '] };
    const session = await http.result<Record<string, unknown>>('POST', '/v1/sessions', open);
    expect(session.capabilities).toEqual(['1', 'True', 'False', ' x ']);
  }),

  everyDoor(['arc-v1 §4.1-2'], 'refuses a second live session', async ({ join, visit, stored }) => {
    const ana = await join('ana');
    const before = stored();
    const other = await visit();
    await refused(other.call('sessions.open', { agent_id: ana.agent_id }), {
      code: 'conflict',
      status: 409,
      error: 'agent_id already has an active session',
    });
    expect(stored()).toBe(before);
  }),

  everyDoor(
    ['arc-v1 §4.1-3', 'arc-v1 §4.1-4', 'arc-v1 §4.1-5'],
    'replaces a session and keeps the leases',
    async ({ join, visit, name, http }) => {
      const ana = await join('ana', { capabilities: ['old'], metadata: { a: 1 } });
      const [before] = await http.result<{ session_id: string }[]>('GET', '/v1/agents?capability=old');
      await ana.call('claims.acquire', { claim_key: name('key') });
      await ana.call('locks.acquire', { file_path: name('file') });
      const other = await visit();
      const session = await other.call('sessions.open', { agent_id: ana.agent_id, replace: true });
      expect(session.session_id).not.toBe(before?.session_id);
      expect(session).toMatchObject({ capabilities: [], metadata: {}, display_name: ana.agent_id });
      const live = await other.call('agents.list');
      expect(live.filter((each: { agent_id: string }) => each.agent_id === ana.agent_id)).toHaveLength(1);
      const claims = await other.call('claims.list', { active_only: true });
      expect(claims).toContainEqual(expect.objectContaining({ claim_key: name('key'), owner_agent_id: ana.agent_id }));
      const locks = await other.call('locks.list', { agent_id: ana.agent_id, active_only: true });
      expect(locks).toHaveLength(1);
    },
  ),

  everyDoor(['arc-v1 §4.2-1'], 'renames an agent', async ({ join }) => {
    const ana = await join('ana');
    const renamed = await ana.call('sessions.rename', { display_name: '  Ana of Ur ' });
    expect(renamed).toMatchObject({ agent_id: ana.agent_id, display_name: 'Ana of Ur', active: true });
    const live = await ana.call('agents.list');
    expect(live).toContainEqual(expect.objectContaining({ agent_id: ana.agent_id, display_name: 'Ana of Ur' }));
  }),

  everyDoor(['arc-v1 §4.2-2'], 'measures display names in code points', async ({ join, stored }) => {
    const ana = await join('ana');
    const fits = '🙂'.repeat(64);
    expect((await ana.call('sessions.rename', { display_name: `  ${fits} ` })).display_name).toBe(fits);
    const before = stored();
    await refused(ana.call('sessions.rename', { display_name: `${fits}x` }), {
      code: 'bad_request',
      status: 400,
      error: 'display_name must be 64 characters or fewer',
    });
    expect(stored()).toBe(before);
  }),

  everyDoor(['arc-v1 §4.2-3', 'arc-v1 §4.2-4', 'arc-v1 §4.2-5'], 'refuses to rename', async ({ visit, name }) => {
    const someone = await visit();
    const agent_id = name('nobody');
    await refused(someone.call('sessions.rename', { agent_id }), { status: 400, error: 'display_name is required' });
    await refused(someone.call('sessions.rename', { agent_id, display_name: ' \t' }), {
      status: 400,
      error: 'display_name is required',
    });
    await refused(someone.call('sessions.rename', { agent_id, display_name: 'x' }), {
      code: 'not_found',
      status: 404,
      error: 'no active session for agent_id',
    });
  }),

  everyDoor(['arc-v1 §4.3-1', 'arc-v1 §4.3-2', 'arc-v1 §4.3-3'], 'closes a session', async ({ visit, join, name }) => {
    const ana = await join('ana');
    await ana.call('claims.acquire', { claim_key: name('key') });
    const other = await visit();
    const live = await other.call('agents.list');
    const { session_id } = live.find((each: { agent_id: string }) => each.agent_id === ana.agent_id);
    expect(await other.call('sessions.close', { session_id })).toEqual({ session_id, deleted: true });
    const after = await other.call('agents.list');
    expect(after).not.toContainEqual(expect.objectContaining({ agent_id: ana.agent_id }));
    const gone = { code: 'not_found', status: 404, error: 'session not found' };
    await refused(other.call('sessions.close', { session_id }), gone);
    await refused(other.call('sessions.close', { session_id: 'no-such-session' }), gone);
    const claims = await other.call('claims.list', { active_only: true });
    expect(claims).toContainEqual(expect.objectContaining({ claim_key: name('key'), owner_agent_id: ana.agent_id }));
  }),

  everyDoor(['arc-v1 §4.4-1', 'arc-v1 §3.8-2'], 'lists agents in code-point order', async ({ visit, name }) => {
    // In UTF-16 order the emoji would come before U+FF5A.
    for (const first of ['\u{1f916}', 'ｚ', 'Z', 'a']) {
      await using someone = await visit();
      await someone.call('sessions.open', { agent_id: name(first) });
    }
    const someone = await visit();
    const ids = (await someone.call('agents.list')).map((each: { agent_id: string }) => each.agent_id);
    const mine = ids.filter((id: string) => id.endsWith(name('')));
    expect(mine).toEqual([name('Z'), name('a'), name('ｚ'), name('\u{1f916}')]);
    const bytewise = [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(ids).toEqual(bytewise);
  }),

  everyDoor(['arc-v1 §4.4-2'], 'filters agents by capability', async ({ join, name }) => {
    const ana = await join('ana', { capabilities: [name('review'), 'x'] });
    await join('ben', { capabilities: [name('Review'), `${name('review')}er`] });
    const capable = await ana.call('agents.list', { capability: name('review') });
    expect(capable.map((each: { agent_id: string }) => each.agent_id)).toEqual([ana.agent_id]);
  }),

  everyDoor(['arc-v1 §4.4-3'], 'touches who asks for the agents', async ({ visit, name, http, hub }) => {
    await http.result('POST', '/v1/sessions', { agent_id: name('ana') });
    const [row] = await http.result<{ session_id: string }[]>('GET', '/v1/agents');
    expect(row).toBeDefined();
    const someone = await visit();
    const seen = async () => {
      const live = await someone.call('agents.list', { as: name('ana') });
      return live.find((each: { agent_id: string }) => each.agent_id === name('ana')).last_seen;
    };
    const first = await seen();
    await until(async () => (await seen()) > first);
    expect(hub.isRunning).toBe(true);
  }),

  everyDoor(
    ['arc-v1 §4.5-1', 'arc-v1 §4.5-2', 'arc-v1 §4.5-3'],
    'bootstraps an agent',
    async ({ join, visit, name, http }) => {
      const ana = await join('ana');
      const ben = await join('ben');
      await ben.call('messages.post', { body: 'to all' });
      const { id } = await ben.call('messages.post', { to_agent: ana.agent_id, body: 'to ana' });
      await ana.call('messages.post', { to_agent: ben.agent_id, body: 'to ben' });
      const boot = await ana.call('bootstrap');
      expect(boot).toMatchObject({ agent_id: ana.agent_id, latest_visible_id: id, default_channel: 'general' });
      expect(boot.session).toMatchObject({ agent_id: ana.agent_id, active: true });
      expect(boot.live_agents).toEqual(await http.result('GET', '/v1/agents'));
      const stranger = await visit(name('stranger'));
      const theirs = await stranger.call('bootstrap');
      expect(theirs).toMatchObject({ agent_id: name('stranger'), session: null });
      expect(theirs.latest_visible_id).toBeLessThan(id);
    },
  ),

  everyDoor(['arc-v1 §5.1-1', 'arc-v1 §5.1-2'], 'serves who has no session', async ({ visit, name, http }) => {
    const session = await http.result<{ session_id: string }>('POST', '/v1/sessions', { agent_id: name('ana') });
    await http.result('DELETE', `/v1/sessions/${session.session_id}`);
    const ana = await visit(name('ana'));
    const { id } = await ana.call('messages.post', { body: 'still here' });
    expect((await ana.call('events.list', { since_id: id - 1 })).at(-1)).toMatchObject({ id, body: 'still here' });
    const live = await ana.call('agents.list', { as: name('ana') });
    expect(live).not.toContainEqual(expect.objectContaining({ agent_id: name('ana') }));
  }),

  onDoors(['ws', 'client-ws'], ['websocket §4-1'], 'acts as the bound agent', async ({ join, name }) => {
    const ana = await join('ana');
    expect(await ana.call('messages.post', { body: 'x' })).toMatchObject({ from_agent: ana.agent_id });
    const { claim } = await ana.call('claims.acquire', { claim_key: name('key') });
    expect(claim.owner_agent_id).toBe(ana.agent_id);
    expect((await ana.call('claims.refresh', { claim_key: name('key') })).acquired).toBe(true);
    expect((await ana.call('claims.release', { claim_key: name('key') })).released_at).not.toBeNull();
    expect((await ana.call('locks.acquire', { file_path: name('f') })).lock.agent_id).toBe(ana.agent_id);
    expect((await ana.call('bootstrap')).agent_id).toBe(ana.agent_id);
    expect(await ana.call('inbox.list')).toEqual([]);
    expect((await ana.call('channels.create', { name: name('room') })).created_by).toBe(ana.agent_id);
    expect((await ana.call('events.cursor')).agent_id).toBe(ana.agent_id);
  }),

  onDoors(['ws', 'client-ws'], ['websocket §4-2'], 'is one agent a connection', async ({ join, name, stored }) => {
    const ana = await join('ana');
    const before = stored();
    await refused(ana.call('sessions.open', { agent_id: name('ben') }), { code: 'conflict', status: 409 });
    expect(stored()).toBe(before);
  }),

  everyDoor(['websocket §4-3'], 'lets an observer read and name agents', async ({ visit, name }) => {
    const observer = await visit();
    const { id, from_agent } = await observer.call('messages.post', { from_agent: name('ana'), body: 'hi' });
    expect(from_agent).toBe(name('ana'));
    const seen = await observer.call('events.list', { agent_id: name('ben'), since_id: id - 1 });
    expect(seen).toMatchObject([{ id }]);
    const other = await observer.call('messages.post', { from_agent: name('ben'), body: 'hi' });
    expect(other.from_agent).toBe(name('ben'));
  }),

  onDoors(['ws', 'client-ws'], ['websocket §4-4'], 'answers a heartbeat', async ({ join, visit, name }) => {
    const ana = await join('ana');
    expect(await ana.call('sessions.heartbeat')).toEqual({ agent_id: ana.agent_id, active: true });
    const nobody = await visit(name('nobody'));
    expect(await nobody.call('sessions.heartbeat')).toEqual({ agent_id: name('nobody'), active: false });
  }),

  everyDoor(['websocket §4-5', 'websocket §4-6'], 'resumes a session', async ({ visit, name }) => {
    const [first, second] = [await visit(), await visit()];
    const agent_id = name('ana');
    const opened = await first.call('sessions.open', { agent_id, capabilities: ['a'], resume: true });
    expect(opened.resumed).toBe(false);
    const again = await second.call('sessions.open', { agent_id, resume: true });
    expect(again).toMatchObject({ session_id: opened.session_id, capabilities: ['a'], resumed: true });
  }),
];
