import { expect } from 'vitest';
import { until } from '../../support/until.js';
import { type Answer, type Caller, type Case, everyDoor, onDoors, refused } from '../harness/contract.js';

// For a hub with a presence TTL of 5 s. Cases run at once, so each looks at its own agents and leases only.

const isLive = async (caller: Caller, agent_id: string | undefined) =>
  (await caller.call('agents.list')).some((each: Answer) => each.agent_id === agent_id);

const gone = (caller: Caller, agent_id: string | undefined) =>
  until(async () => !(await isLive(caller, agent_id)), { everyMs: 100, timeoutMs: 20_000 });

const seconds = (startedMs: number) => (Date.now() - startedMs) / 1_000;

export const cases: readonly Case[] = [
  everyDoor(['arc-v1 §5.2-1', 'arc-v1 §5.2-2'], 'ends leases', async ({ join, name }) => {
    const [ana, ben] = [await join('ana'), await join('ben')];
    const [claim_key, file_path] = [name('key'), name('file')];
    const startedMs = Date.now();
    // Nobody's who could expire meanwhile.
    const longer = { claim_key: name('longer'), owner_agent_id: name('away') };
    await ana.call('claims.acquire', { ...longer, ttl_sec: 60 });
    await ana.call('claims.acquire', { claim_key, ttl_sec: 5 });
    await ana.call('locks.acquire', { file_path, ttl_sec: 5 });
    const active = async () =>
      (await ben.call('claims.list', { active_only: true })).some((each: Answer) => each.claim_key === claim_key);
    await until(async () => !(await active()), { everyMs: 50 });
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(5_000);
    // One of 60 s, taken before it, stands.
    expect((await ben.call('claims.list', { active_only: true })).map((each: Answer) => each.claim_key)).toContain(
      name('longer'),
    );
    await refused(ana.call('claims.refresh', { claim_key }), { status: 404 });
    await refused(ana.call('claims.release', { claim_key }), { status: 404 });
    expect((await ben.call('claims.acquire', { claim_key })).acquired).toBe(true);
    await until(async () => (await ben.call('locks.acquire', { file_path })).acquired);
    expect(await ana.call('locks.list', { agent_id: ana.agent_id, active_only: true })).toEqual([]);
  }),

  everyDoor(['arc-v1 §5.1-3', 'arc-v1 §5.1-5'], 'expires who is silent', async ({ visit, name, http }) => {
    const observer = await visit();
    const startedMs = Date.now();
    for (const agent of ['silent', 'busy']) await http.result('POST', '/v1/sessions', { agent_id: name(agent) });
    await until(
      async () => {
        await observer.call('messages.post', { from_agent: name('busy'), body: 'still here' });
        expect(await isLive(observer, name('busy'))).toBe(true);
        return !(await isLive(observer, name('silent')));
      },
      { everyMs: 300, timeoutMs: 20_000 },
    );
    expect(seconds(startedMs)).toBeGreaterThanOrEqual(5);
    expect(await isLive(observer, name('busy'))).toBe(true);
  }),

  everyDoor(['arc-v1 §5.1-4'], 'keeps who waits alive', async ({ visit, name, http }) => {
    for (const agent of ['witness', 'polls', 'reads'])
      await http.result('POST', '/v1/sessions', { agent_id: name(agent) });
    const [polls, reads, observer] = [await visit(name('polls')), await visit(name('reads')), await visit()];
    const { latest_visible_id } = await polls.call('bootstrap');
    const waits = [
      polls.call('events.list', { since_id: latest_visible_id, thread_id: name('t'), timeout: 30 }),
      reads.call('inbox.list', { timeout: 30 }),
    ];
    // The witness does nothing: when it is gone, the others would be too.
    await gone(observer, name('witness'));
    for (const agent of ['polls', 'reads']) expect(await isLive(observer, name(agent))).toBe(true);
    await observer.call('messages.post', { from_agent: 'x', to_agent: name('reads'), body: 'x' });
    await observer.call('messages.post', { from_agent: 'x', thread_id: name('t'), body: 'x' });
    for (const answer of await Promise.all(waits)) expect(answer).toHaveLength(1);
  }),

  onDoors(
    ['ws', 'client-ws'],
    ['websocket §4-7', 'websocket §4-8'],
    'keeps who is connected alive, and for a while who was',
    async ({ join, visit, name, http }) => {
      const dropped = await join('dropped');
      const connected = await join('connected');
      await http.result('POST', '/v1/sessions', { agent_id: name('witness') });
      const observer = await visit();
      await gone(observer, name('witness'));
      for (const agent of [dropped, connected]) expect(await isLive(observer, agent.agent_id)).toBe(true);
      const droppedMs = Date.now();
      await dropped[Symbol.asyncDispose]();
      expect(await isLive(observer, dropped.agent_id)).toBe(true);
      await gone(observer, dropped.agent_id);
      expect(seconds(droppedMs)).toBeGreaterThanOrEqual(4.9);
      expect(await isLive(observer, connected.agent_id)).toBe(true);
    },
  ),

  everyDoor(
    ['arc-v1 §5.3-1', 'arc-v1 §5.3-2', 'arc-v1 §5.3-3', 'arc-v1 §5.3-4', 'arc-v1 §5.3-5'],
    'recovers what an expired agent held',
    async ({ visit, name, http, channel }) => {
      const [room, other] = [await channel('room'), await channel('other')];
      const observer = await visit();
      const stale = name('stale');
      await http.result('POST', '/v1/sessions', { agent_id: stale });
      const thread_id = name('t');
      const task = await observer.call('messages.post', {
        from_agent: stale,
        kind: 'task',
        channel: room,
        thread_id,
        body: 'x',
      });
      const claim = (claim_key: string, fields: Record<string, unknown> = {}) =>
        observer.call('claims.acquire', { owner_agent_id: stale, claim_key: name(claim_key), ...fields });
      const lock = (file: string, metadata: Record<string, unknown> = {}) =>
        observer.call('locks.acquire', { agent_id: stale, file_path: name(file), metadata });
      await lock('plain');
      await claim('threaded', { thread_id, task_message_id: task.id });
      await claim('plain');
      await claim('released');
      await observer.call('claims.release', { agent_id: stale, claim_key: name('released') });
      await lock('threaded', { thread_id });
      await lock('labelled', { channel: other });
      await observer.call('claims.acquire', { owner_agent_id: name('never'), claim_key: name('foreign') });
      await gone(observer, stale);
      const notices: Answer[] = (
        await observer.call('events.list', { agent_id: 'x', since_id: task.id, limit: 500 })
      ).filter((each: Answer) => each.metadata.stale_agent_id === stale);
      const common = { from_agent: 'system', kind: 'notice', to_agent: null, attachments: [] };
      const claimed = (key: string, more: object) => ({
        ...common,
        body: `Recovered stale claim ${name(key)} from ${stale}. Work is available for pickup.`,
        ...more,
      });
      const locked = (file: string, more: object) => ({
        ...common,
        reply_to: null,
        body: `Recovered stale lock on ${name(file)} from ${stale}. The file is available for pickup.`,
        metadata: { recovery: true, stale_agent_id: stale, file_path: name(file) },
        ...more,
      });
      const recovery = { recovery: true, stale_agent_id: stale };
      expect(notices).toMatchObject([
        claimed('threaded', {
          channel: room,
          thread_id,
          reply_to: task.id,
          metadata: { ...recovery, claim_key: name('threaded'), task_message_id: task.id },
        }),
        claimed('plain', {
          channel: 'general',
          thread_id: null,
          reply_to: null,
          metadata: { ...recovery, claim_key: name('plain'), task_message_id: null },
        }),
        locked('plain', { channel: 'general', thread_id: null }),
        locked('threaded', { channel: room, thread_id }),
        locked('labelled', { channel: other, thread_id: null }),
      ]);
      const active = (await observer.call('claims.list', { active_only: true })).map((each: Answer) => each.claim_key);
      expect(active).toContain(name('foreign'));
      expect(active).not.toContain(name('plain'));
      expect(await observer.call('locks.list', { agent_id: stale, active_only: true })).toEqual([]);
    },
  ),
];
