/** After a machine had slept, everybody who slept too was expired, and their leases were given to others. */
import { describe, expect, it, vi } from 'vitest';
import { HubError } from '../../protocol/index.js';
import { DomainHub } from '../support/domain-hub.js';

const DAY_MS = 86_400_000;

/** Ways in which time goes by that nobody lives through. */
const GAPS: readonly (readonly [string, (domain: DomainHub, ms: number) => void])[] = [
  ['the process stood still', ({ clock }, ms) => clock.stall(ms)],
  ['the machine slept, or the clock was set forth', ({ clock }, ms) => clock.jump(ms)],
];

describe.each(GAPS)('while %s', (_, miss) => {
  it('nobody expires, and no lease goes to another', async () => {
    await using domain = new DomainHub();
    const { hub, clock } = domain;
    await hub.start();
    await domain.open('ana');
    hub.presence.touch('ana');
    await domain.claim('ana', 'build', 300);
    await domain.lock('ana', 'a.ts', 60);
    await clock.advance(20_000);
    miss(domain, DAY_MS);
    // The first thing that happens, before any timer.
    expect(await domain.claim('ben', 'build')).toMatchObject({ acquired: false, lease: { owner: 'ana' } });
    await clock.advance(100);
    expect(await domain.live()).toEqual(['ana']);
    expect(await domain.notices()).toEqual([]);
    expect(domain.changes.filter((change) => /expired|recovered/.test(change))).toEqual([]);
  });

  it('what was left of a lease and of presence is left when it is over', async () => {
    await using domain = new DomainHub();
    const { hub, clock } = domain;
    await hub.start();
    await domain.open('ana');
    hub.presence.touch('ana');
    await domain.lock('ana', 'a.ts', 60);
    await clock.advance(20_000);
    miss(domain, DAY_MS);
    await clock.advance(38_000);
    expect((await domain.lock('ben', 'a.ts')).acquired).toBe(false);
    await clock.advance(4_000);
    expect((await domain.lock('ben', 'a.ts')).acquired).toBe(true);
    expect(await domain.live()).toEqual(['ana']);
    await clock.advance(65_000);
    expect(await domain.live()).toEqual([]);
  });

  it('it is noticed by the timer too, and reads see it', async () => {
    await using domain = new DomainHub();
    const { hub, clock } = domain;
    await hub.start();
    await domain.open('ana');
    hub.presence.touch('ana');
    await domain.lock('ana', 'a.ts', 600);
    miss(domain, DAY_MS);
    await hub.settle();
    expect(await domain.store.leases('lock', { active_at: hub.now })).toMatchObject([{ key: 'a.ts' }]);
    expect((await hub.liveSessions()).map(({ agent_id }) => agent_id)).toEqual(['ana']);
    await clock.advance(4_000);
    expect(domain.changes.filter((change) => change === 'lock refreshed')).toHaveLength(1);
  });
});

it('what the store did not take is given to it again, before anything else', async () => {
  await using domain = new DomainHub();
  const { hub, clock, store } = domain;
  await hub.start();
  await domain.open('ana');
  hub.presence.touch('ana');
  await domain.lock('ana', 'a.ts', 60);
  const write = store.write.bind(store);
  let failures = 0;
  store.write = ((name: string, ...rest: never[]) => {
    if (name !== 'forgive' || failures++ > 0) return (write as (...all: unknown[]) => Promise<unknown>)(name, ...rest);
    return Promise.reject(new HubError('unavailable', 'the disk is full'));
  }) as typeof store.write;
  const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  clock.jump(DAY_MS);
  await hub.settle();
  expect(failures).toBe(1);
  expect((await domain.lock('ben', 'a.ts')).acquired).toBe(false);
  expect(failures).toBe(2);
  expect(await domain.live()).toEqual(['ana']);
  await clock.advance(4_000);
  // Once it is taken it is owed no more.
  expect(failures).toBe(2);
  expect(errors).toHaveBeenCalledTimes(1);
  errors.mockRestore();
});

it('a store that takes nothing for long is not owed more and more', async () => {
  await using domain = new DomainHub();
  const { hub, clock, store } = domain;
  await hub.start();
  await domain.open('ana');
  hub.presence.touch('ana');
  await domain.lock('ana', 'a.ts', 60);
  const write = store.write.bind(store);
  let isLost = true;
  let attempts = 0;
  store.write = ((name: string, ...rest: never[]) => {
    if (name === 'forgive') attempts += 1;
    if (!isLost || name !== 'forgive') return (write as (...all: unknown[]) => Promise<unknown>)(name, ...rest);
    return Promise.reject(new HubError('unavailable', 'the store is lost'));
  }) as typeof store.write;
  const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  for (let i = 0; i < 300; i++) {
    clock.jump(DAY_MS);
    await hub.settle();
  }
  attempts = 0;
  await hub.settle();
  expect(attempts).toBeLessThanOrEqual(16);
  isLost = false;
  expect((await domain.lock('ben', 'a.ts')).acquired).toBe(false);
  expect(await domain.live()).toEqual(['ana']);
  await clock.advance(62_000);
  expect((await domain.lock('ben', 'a.ts')).acquired).toBe(true);
  errors.mockRestore();
});

it('leaves alone who had gone before', async () => {
  await using domain = new DomainHub();
  const { hub, clock } = domain;
  await hub.start();
  await domain.open('gone');
  hub.presence.touch('gone');
  await clock.advance(122_000);
  clock.jump(DAY_MS);
  expect(await domain.live()).toEqual([]);
});

it('a clock that is set back freezes nothing', async () => {
  await using domain = new DomainHub();
  const { hub, clock } = domain;
  await hub.start();
  await domain.open('ana');
  hub.presence.touch('ana');
  await domain.open('of another hub');
  await domain.lock('ana', 'a.ts', 60);
  await clock.advance(4_000);
  clock.jump(-DAY_MS);
  await clock.advance(50_000);
  expect((await domain.lock('ben', 'a.ts')).acquired).toBe(false);
  await clock.advance(10_000);
  expect((await domain.lock('ben', 'a.ts')).acquired).toBe(true);
  await clock.advance(125_000);
  expect(await domain.live()).toEqual([]);
});

it('a busy moment is no sleep', async () => {
  await using domain = new DomainHub();
  const { hub, clock } = domain;
  await hub.start();
  await domain.lock('ana', 'a.ts', 60);
  for (let i = 0; i < 20; i++) {
    clock.stall(2_500);
    await clock.advance(500);
  }
  await clock.advance(2_000);
  expect((await domain.lock('ben', 'a.ts')).acquired).toBe(true);
});
