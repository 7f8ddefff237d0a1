/** One holder for each key, whatever agents do and whenever they do it (arc-v1 §5.2). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DomainHub } from '../support/domain-hub.js';
import { startInProcess } from '../support/in-process.js';
import { RawSocket } from '../support/raw-socket.js';

type Act =
  | { do: 'acquire' | 'refresh'; agent: number; key: number; ttl: number }
  | { do: 'release' | 'force'; agent: number; key: number }
  | { do: 'wait'; ms: number };

const agent = fc.integer({ min: 0, max: 3 });
const key = fc.integer({ min: 0, max: 1 });
const ttl = fc.integer({ min: 5, max: 12 });
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constantFrom('acquire' as const, 'refresh' as const), agent, key, ttl }),
  fc.record({ do: fc.constantFrom('release' as const, 'force' as const), agent, key }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 8_000 }) }),
);

/** What arc-v1 §5.2 says of one key: who holds it, and from which second on nobody does. */
interface Model {
  holder: number | undefined;
  endsSec: number;
}

describe('a claim', () => {
  it('follows the model, whatever is done in whatever order', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(act, { maxLength: 5 }), { maxLength: 12 }), async (groups) => {
        await using domain = new DomainHub();
        const models: Model[] = [0, 1].map(() => ({ holder: undefined, endsSec: 0 }));
        const holder = (model: Model) =>
          Math.floor(domain.clock.nowMs() / 1_000) <= model.endsSec ? model.holder : undefined;
        const grant = (model: Model, agentId: number, ttlSec: number) => {
          model.holder = agentId;
          model.endsSec = Math.floor(domain.clock.nowMs() / 1_000) + ttlSec;
        };
        for (const group of groups) {
          const outcomes: [wanted: boolean, call: Promise<boolean>][] = [];
          // What is asked in one turn shares a commit and a moment.
          for (const each of group) {
            if (each.do === 'wait') continue;
            const model = models[each.key] as Model;
            const claim_key = `key-${each.key}`;
            const name = `agent-${each.agent}`;
            const current = holder(model);
            const yes = () => true;
            const no = (cause: { code?: string }) => {
              if (cause.code !== 'not_found') throw cause;
              return false;
            };
            if (each.do === 'acquire') {
              const wanted = current === undefined || current === each.agent;
              if (wanted) grant(model, each.agent, each.ttl);
              outcomes.push([wanted, domain.claim(name, claim_key, each.ttl).then(({ acquired }) => acquired)]);
            } else if (each.do === 'refresh') {
              const wanted = current === each.agent;
              if (wanted) grant(model, each.agent, each.ttl);
              const lease = { kind: 'claim' as const, key: claim_key, owner: name, ttl_sec: each.ttl };
              outcomes.push([wanted, domain.hub.write('refresh', lease).then(yes, no)]);
            } else {
              const wanted = current !== undefined && (each.do === 'force' || current === each.agent);
              if (wanted) model.holder = undefined;
              const release = { kind: 'claim' as const, key: claim_key, owner: name, force: each.do === 'force' };
              outcomes.push([wanted, domain.hub.write('release', release).then(yes, no)]);
            }
          }
          expect(await Promise.all(outcomes.map(([, call]) => call))).toEqual(outcomes.map(([wanted]) => wanted));
          const active = await domain.store.leases('claim', { active_at: domain.hub.now });
          const held = Object.fromEntries(active.map(({ key, owner }) => [key, owner]));
          expect(held).toEqual(
            Object.fromEntries(
              models.flatMap((model, i) =>
                holder(model) === undefined ? [] : [[`key-${i}`, `agent-${holder(model)}`]],
              ),
            ),
          );
          for (const each of group) if (each.do === 'wait') await domain.clock.advance(each.ms);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('has one holder at a time among agents that race for it', { timeout: 120_000 }, async () => {
    await using hub = await startInProcess();
    const agents = await Promise.all(Array.from({ length: 6 }, (_, i) => RawSocket.open(hub.wsUrl, `agent-${i}`)));
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 6, maxLength: 40 }), async (order) => {
        const claim_key = `race-${++run}`;
        let holders = 0;
        const turns = order.map(async (index) => {
          const caller = agents[index] as RawSocket;
          const { acquired, claim } = await caller.call<{ acquired: boolean; claim: { owner_agent_id: string } }>(
            'claims.acquire',
            { claim_key },
          );
          return { index, acquired, owner: claim.owner_agent_id };
        });
        const answers = await Promise.all(turns);
        const winners = new Set(answers.filter(({ acquired }) => acquired).map(({ index }) => index));
        expect(winners.size).toBe(1);
        for (const { owner } of answers) expect(owner).toBe(`agent-${[...winners][0]}`);
        // Then they work in turns: whoever gets it holds it alone until it is given back.
        await (agents[[...winners][0] as number] as RawSocket).call('claims.release', { claim_key });
        await Promise.all(
          agents.map(async (caller) => {
            for (;;) {
              const { acquired } = await caller.call<{ acquired: boolean }>('claims.acquire', { claim_key });
              if (!acquired) continue;
              expect(++holders).toBe(1);
              await caller.call('hub.shutdown.get');
              holders--;
              await caller.call('claims.release', { claim_key });
              return;
            }
          }),
        );
      }),
      { numRuns: 20 },
    );
    await Promise.all(agents.map((each) => each[Symbol.asyncDispose]()));
  });
});
