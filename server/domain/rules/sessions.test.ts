import { describe, expect, it } from 'vitest';
import { DomainHub } from '../../../tests/support/domain-hub.js';
import { decideOpen } from './sessions.js';

const RECOVERED = [
  'Recovered stale claim k from ana. Work is available for pickup.',
  'Recovered stale lock on f from ana. The file is available for pickup.',
];

describe('opening a session', () => {
  const cutoff = '2026-01-01T00:00:00Z';
  const at = (last_seen: string) => ({ last_seen }) as Parameters<typeof decideOpen>[0];
  const plain = { replace: false, resume: false, seen: '' };

  it('decides by what is there (arc-v1 §4.1, websocket §4)', () => {
    expect(decideOpen(undefined, plain, cutoff)).toBe('fresh');
    expect(decideOpen(at('2025-12-31T23:59:59Z'), plain, cutoff)).toBe('expire');
    expect(decideOpen(at('2025-12-31T23:59:59Z'), { ...plain, resume: true }, cutoff)).toBe('expire');
    expect(decideOpen(at(cutoff), { ...plain, resume: true }, cutoff)).toBe('resume');
    expect(decideOpen(at(cutoff), { ...plain, replace: true }, cutoff)).toBe('replace');
    expect(() => decideOpen(at(cutoff), plain, cutoff)).toThrow('agent_id already has an active session');
    // Seen by this hub, though the store does not know it yet.
    const seen = { ...plain, seen: cutoff };
    expect(() => decideOpen(at('2025-12-31T23:59:59Z'), seen, cutoff)).toThrow('already');
  });

  it('recovers the leases of the expired session that it finds (arc-v1 §12 A1)', async () => {
    await using domain = new DomainHub();
    await domain.open('ana');
    await domain.claim('ana', 'k');
    await domain.lock('ana', 'f');
    await domain.clock.advance(122_000);
    expect((await domain.open('ana')).replaced).toBeNull();
    expect(await domain.notices()).toEqual(RECOVERED);
    expect(domain.changes).toEqual([
      'session opened',
      'claim acquired',
      'lock acquired',
      'session expired',
      'claim recovered',
      'lock recovered',
      'session opened',
    ]);
  });
});

describe('expiry', () => {
  it('recovers a lock whose metadata another hub has left as null (arc-v1 §3.8)', async () => {
    await using domain = new DomainHub();
    await domain.open('ana');
    await domain.lock('ana', 'f', 300, 'null');
    await domain.clock.advance(122_000);
    expect(await domain.live()).toEqual([]);
    expect(await domain.notices()).toEqual(RECOVERED.slice(1));
  });

  it('comes after the presence TTL, on whole seconds (arc-v1 §5.1)', async () => {
    await using domain = new DomainHub({ start: '2026-01-01T00:00:00.900Z' });
    await domain.open('ana');
    await domain.clock.advance(120_099); // 00:02:00.999
    expect(await domain.live()).toEqual(['ana']);
    await domain.clock.advance(1); // 00:02:01.000
    expect(await domain.live()).toEqual([]);
  });

  it('is noticed by whoever lists agents, and recovers there and then (arc-v1 §12 A1)', async () => {
    await using domain = new DomainHub();
    await domain.open('ana');
    await domain.claim('ana', 'k');
    await domain.lock('ana', 'f');
    await domain.open('ben');
    await domain.clock.advance(60_000);
    domain.hub.presence.touch('ben');
    await domain.clock.advance(61_000);
    expect(await domain.live()).toEqual(['ben']);
    expect(await domain.notices()).toEqual(RECOVERED);
    expect(await domain.live()).toEqual(['ben']);
    expect(await domain.notices()).toHaveLength(2);
  });

  it('is noticed by the timer', async () => {
    await using domain = new DomainHub();
    await domain.hub.start();
    await domain.open('ana');
    await domain.claim('ana', 'k', 1_000);
    await domain.clock.advance(165_000);
    expect(domain.changes.slice(-2)).toEqual(['session expired', 'claim recovered']);
  });

  it('leaves ended leases and those of others alone (arc-v1 §5.3)', async () => {
    await using domain = new DomainHub();
    await domain.open('ana');
    await domain.claim('ana', 'ended', 10);
    await domain.claim('never signed in', 'k', 1_000);
    await domain.clock.advance(130_000);
    expect(await domain.live()).toEqual([]);
    expect(await domain.notices()).toEqual([]);
    expect(await domain.store.leases('claim', { active_at: domain.hub.now })).toMatchObject([{ key: 'k' }]);
  });
});

describe('presence', () => {
  it('is written in one go, each third of the TTL (arc-v1 §12 C6)', async () => {
    await using domain = new DomainHub();
    await domain.hub.start();
    const agents = Array.from({ length: 50 }, (_, i) => `agent-${String(i).padStart(2, '0')}`);
    for (const agent of agents) await domain.open(agent);
    const { commits } = domain.store.stats();
    await domain.clock.advance(20_000);
    for (const agent of agents) domain.hub.presence.touch(agent);
    expect(domain.store.stats().commits).toBe(commits);
    // What is only in memory is shown all the same.
    expect((await domain.hub.sessionOf('agent-00'))?.last_seen).toBe(domain.hub.now);
    expect((await domain.store.activeSessionOf('agent-00'))?.last_seen).not.toBe(domain.hub.now);
    const touched = domain.hub.now;
    await domain.clock.advance(21_000);
    expect(domain.store.stats().commits).toBe(commits + 1);
    for (const row of await domain.store.activeSessions()) expect(row.last_seen).toBe(touched);
    await domain.clock.advance(39_000);
    expect(domain.store.stats().commits).toBe(commits + 1);
  });

  it('never revives and never goes back (arc-v1 §5.1)', async () => {
    await using domain = new DomainHub();
    const { session } = await domain.open('ana');
    await domain.hub.write('closeSession', { session_id: session.session_id });
    domain.hub.presence.touch('ana');
    await domain.hub.sweep();
    expect(await domain.live()).toEqual([]);
    const { session: next } = await domain.open('ana');
    const past = domain.clock.nowMs() - 60_000;
    await domain.hub.write('sweep', { presence_ttl_sec: 120, touches: [['ana', past]] });
    expect((await domain.store.activeSessionOf('ana'))?.last_seen).toBe(next.last_seen);
  });

  it('of who is held lasts as long as the hold', async () => {
    await using domain = new DomainHub();
    await domain.hub.start();
    await domain.open('ana');
    const release = domain.hub.presence.hold('ana');
    await domain.clock.advance(1_000_000);
    expect(await domain.live()).toEqual(['ana']);
    release();
    release();
    await domain.clock.advance(119_000);
    expect(await domain.live()).toEqual(['ana']);
    await domain.clock.advance(3_000);
    expect(await domain.live()).toEqual([]);
  });
});
