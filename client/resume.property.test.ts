import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HubClient } from './index.js';
import { FakeHub } from './testing/fake-hub.js';

/**
 * Whatever frame is the last one that a connection carries, and however slow the reader is: resumed subscriptions give
 * each message once and in order, without a gap, and each post is stored once.
 */
it('gives each message once and in order, wherever the connection is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        before: fc.nat(30),
        live: fc.integer({ min: 1, max: 30 }),
        /** Frames that each connection carries before it is cut; later ones are left alone. */
        cuts: fc.array(fc.nat(12), { maxLength: 10 }),
        bufferMessages: fc.integer({ min: 1, max: 8 }),
        observer: fc.boolean(),
      }),
      async ({ before, live, cuts, bufferMessages, observer }) => {
        await using fake = await FakeHub.start();
        for (let i = 0; i < before; i++) fake.post(`${i}`);
        const left = [...cuts];
        fake.onConnection = (connection) => {
          const frames = left.shift();
          if (frames === undefined) return;
          if (frames === 0) connection.cut();
          else connection.framesLeft = frames;
        };
        await using hub = await HubClient.connect(observer ? undefined : 'ana', {
          baseUrl: fake.url,
          waitForHub: true,
          backOff: { baseMs: 1, maxMs: 2 },
        });
        const first = hub.subscribe({ since_id: 0, bufferMessages });
        const second = hub.subscribe({ since_id: 0, bufferMessages });
        const posting = (async () => {
          for (let i = 0; i < live; i++) await hub.post('general', `live ${i}`, { idempotency_key: `k${i}` });
        })();
        for (const messages of [first, second]) {
          const ids: number[] = [];
          while (ids.length < before + live) ids.push((await messages.next()).value.id);
          expect(ids).toEqual(Array.from({ length: before + live }, (_, i) => i + 1));
        }
        await posting;
        expect(fake.log).toHaveLength(before + live);
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);
