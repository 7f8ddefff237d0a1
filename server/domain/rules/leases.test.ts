import { describe, expect, it } from 'vitest';
import { DomainHub } from '../../../tests/support/domain-hub.js';
import { decideAcquire, holds, isActive } from './leases.js';

const refused = { code: 'not_found' };
const claim = { kind: 'claim', key: 'k', owner: 'ana' } as const;
const lock = { kind: 'lock', key: 'f', owner: 'ana' } as const;

describe('a lease', () => {
  it('is active through the second in which it ends, and not after (arc-v1 §5.2)', () => {
    const lease = { owner: 'ana', expires_at: '2026-01-01T00:00:06Z', released_at: null };
    expect(isActive(lease, '2026-01-01T00:00:06Z')).toBe(true);
    expect(isActive(lease, '2026-01-01T00:00:07Z')).toBe(false);
    expect(isActive({ ...lease, released_at: '2026-01-01T00:00:00Z' }, '2026-01-01T00:00:01Z')).toBe(false);
    expect(holds(lease, 'ben', '2026-01-01T00:00:06Z')).toBe(false);
    expect(decideAcquire(undefined, 'ben', '2026-01-01T00:00:06Z')).toBe('take');
    expect(decideAcquire(lease, 'ana', '2026-01-01T00:00:06Z')).toBe('extend');
    expect(decideAcquire(lease, 'ben', '2026-01-01T00:00:06Z')).toBe('denied');
    expect(decideAcquire(lease, 'ben', '2026-01-01T00:00:07Z')).toBe('take');
  });

  it('is never shorter than asked, nor a second longer, and one comparison decides at its boundary (arc-v1 §12 A10)', async () => {
    await using domain = new DomainHub({ start: '2026-01-01T00:00:00.400Z' });
    const { hub, clock, store } = domain;
    const { lease } = await domain.claim('ana', 'k', 5);
    expect(lease.expires_at).toBe('2026-01-01T00:00:05Z');
    await domain.lock('ana', 'f', 5);
    await clock.advance(5_599); // 00:00:05.999
    expect(await store.leases('claim', { active_at: hub.now })).toHaveLength(1);
    expect(await store.leases('lock', { active_at: hub.now })).toHaveLength(1);
    expect((await domain.claim('ben', 'k')).acquired).toBe(false);
    expect((await domain.lock('ben', 'f')).acquired).toBe(false);
    expect(domain.changes).not.toContain('claim expired');
    await clock.advance(1); // 00:00:06.000
    expect(await store.leases('claim', { active_at: hub.now })).toEqual([]);
    expect(await store.leases('lock', { active_at: hub.now })).toEqual([]);
    await expect(hub.write('refresh', { ...claim, ttl_sec: 5 })).rejects.toMatchObject(refused);
    await expect(hub.write('release', { ...claim, force: false })).rejects.toMatchObject(refused);
    await expect(hub.write('refresh', { ...lock, ttl_sec: 5 })).rejects.toMatchObject(refused);
    await expect(hub.write('release', { ...lock, force: true })).rejects.toMatchObject(refused);
    expect((await domain.claim('ben', 'k')).acquired).toBe(true);
    expect((await domain.lock('ben', 'f')).acquired).toBe(true);
  });

  it('can be refreshed in its last second', async () => {
    await using domain = new DomainHub({ start: '2026-01-01T00:00:00Z' });
    await domain.claim('ana', 'k', 5);
    await domain.clock.advance(5_999);
    const refreshed = await domain.hub.write('refresh', { ...claim, ttl_sec: 10 });
    expect(refreshed.outcome.expires_at).toBe('2026-01-01T00:00:15Z');
  });
});

describe('the lease clock', () => {
  it('tells the end of a lease in the first moment in which it has ended', async () => {
    await using domain = new DomainHub({ start: '2026-01-01T00:00:00.250Z' });
    await domain.hub.start();
    await domain.claim('ana', 'long', 20);
    await domain.claim('ana', 'short', 5);
    await domain.lock('ana', 'f', 5);
    await domain.clock.advance(5_749);
    const ended = () => domain.changes.filter((change) => change.endsWith('expired'));
    expect(ended()).toEqual([]);
    await domain.clock.advance(1);
    expect(ended()).toEqual(['claim expired', 'lock expired']);
    await domain.clock.advance(60_000);
    expect(ended()).toEqual(['claim expired', 'lock expired', 'claim expired']);
  });

  it('follows refreshes and releases', async () => {
    await using domain = new DomainHub();
    await domain.hub.start();
    await domain.claim('ana', 'refreshed', 5);
    await domain.claim('ana', 'released', 5);
    await domain.clock.advance(3_000);
    await domain.hub.write('refresh', { ...claim, key: 'refreshed', ttl_sec: 100 });
    await domain.hub.write('release', { ...claim, key: 'released', force: false });
    await domain.clock.advance(50_000);
    expect(domain.changes).not.toContain('claim expired');
    await domain.clock.advance(60_000);
    expect(domain.changes.filter((change) => change === 'claim expired')).toHaveLength(1);
  });

  it('knows the leases that were there when it started', async () => {
    await using domain = new DomainHub();
    await domain.claim('ana', 'k', 30);
    await domain.hub.start();
    await domain.clock.advance(32_000);
    expect(domain.changes).toContain('claim expired');
  });
});
