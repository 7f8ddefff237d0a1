import { expect, it } from 'vitest';
import { Feed } from './feed.js';
import { LeaseClock } from './lease-clock.js';
import type { Store } from './store.js';

it('does not wait for an end that is no time, as another hub may have left one', async () => {
  const leases = [
    { kind: 'claim' as const, key: 'odd', expires_at: 'when it is done' },
    { kind: 'lock' as const, key: 'even', expires_at: '2026-01-01T00:01:00Z' },
  ];
  const store = {
    leases: async (kind: string) => leases.filter((lease) => lease.kind === kind),
  } as unknown as Store;
  const delays: number[] = [];
  const clock = {
    nowMs: () => Date.parse('2026-01-01T00:00:00Z'),
    monotonicMs: () => 0,
    after: (delayMs: number) => {
      delays.push(delayMs);
      return { cancel: () => undefined };
    },
  };
  const leaseClock = new LeaseClock(
    store,
    new Feed(() => undefined),
    clock,
    async () => undefined,
    () => undefined,
  );
  await leaseClock.start();
  leaseClock.stop();
  expect(delays).toEqual([61_000]);
});
