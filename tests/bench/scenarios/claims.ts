/** Twenty agents fight over two keys by HTTP; whoever is granted one looks whether anybody else thinks so too. */
import { HttpWire, requestBytes } from '../harness/http-wire.js';
import type { Figures, ScenarioFile, Target } from '../harness/scenario.js';
import { RateMeter, type Window } from '../harness/window.js';

interface Params extends Window {
  agents: number;
  keys: number;
}

async function contend(target: Target, { agents, keys, ...window }: Params): Promise<Figures> {
  const meter = new RateMeter();
  const holders = new Map<string, string>();
  let violations = 0;
  let grants = 0;
  const work = Array.from({ length: agents }, async (_, index) => {
    const agent = `agent-${index}`;
    const claim_key = `key-${index % keys}`;
    const acquire = { claim_key, owner_agent_id: agent, ttl_sec: 300 };
    const acquiring = requestBytes(target, 'POST', '/v1/claims', acquire);
    const releasing = requestBytes(target, 'POST', '/v1/claims/release', { claim_key, agent_id: agent });
    const wire = await HttpWire.open(target);
    while (!meter.isOver) {
      const begun = performance.now();
      const answer = await wire.send(acquiring);
      meter.done(begun);
      if (answer.status >= 300) throw new Error(`refused: ${answer.status} ${String(answer.body)}`);
      if (!(JSON.parse(String(answer.body)) as { acquired: boolean }).acquired) continue;
      grants += 1;
      if (holders.has(claim_key)) violations += 1;
      holders.set(claim_key, agent);
      await new Promise(setImmediate); // long enough for another's answer to be read meanwhile
      // From here on the hub may grant it to another at any time.
      holders.delete(claim_key);
      const released = performance.now();
      const { status, body } = await wire.send(releasing);
      meter.done(released);
      if (status !== 200) throw new Error(`release refused: ${status} ${String(body)}`);
    }
    wire.close();
  });
  const per_sec = await meter.run(window);
  await Promise.all(work);
  return { per_sec, violations, grants };
}

export default {
  loads: { contend },
  scenarios: [
    {
      name: 'claims',
      rows: [
        {
          title: 'contended claims, 20 agents on 2 keys, HTTP: requests',
          figure: 'per_sec',
          unit: 'per_sec',
          goals: [{ atLeast: 5 * 850, because: '5 × reference' }],
          reference: '0.85 k/s',
        },
        { title: 'the same: two holders at once', figure: 'violations', unit: 'count', goals: [{ atMost: 0 }] },
      ],
      measure: (bench) =>
        bench.alternate({
          load: 'contend',
          params: { agents: 20, keys: 2, warmMs: 1000, countMs: bench.either(3000, 1000) } satisfies Params,
          rounds: bench.either(3, 1),
        }),
    },
  ],
} satisfies ScenarioFile;
