/** Requests through files, with the client that an agent in a sandbox uses. */
import { dirname, join } from 'node:path';
import { HubClient } from '../../../client/index.js';
import type { Bench } from '../harness/bench.js';
import type { Figures, ScenarioFile, Target } from '../harness/scenario.js';
import { latencies, percentile } from '../harness/stats.js';
import { bodyOf, RateMeter, sleep, type Window } from '../harness/window.js';

const BODY = bodyOf(120);
const WARM_SAMPLES = 20;

const agent = (target: Target, name: string) =>
  HubClient.overRelay(name, { spoolDir: join(dirname(target.storage_path ?? ''), '.arc-relay') });

async function sample(client: HubClient, samples: number): Promise<number[]> {
  const times: number[] = [];
  for (let index = -WARM_SAMPLES; index < samples; index += 1) {
    const begun = performance.now();
    await client.post('general', BODY);
    if (index >= 0) times.push(performance.now() - begun);
    await sleep(5);
  }
  return times;
}

async function oneAgent(target: Target, { samples }: { samples: number }): Promise<Figures> {
  await using ana = agent(target, 'ana');
  return latencies(await sample(ana, samples));
}

async function manyAgents(target: Target, { agents, ...window }: Window & { agents: number }): Promise<Figures> {
  const meter = new RateMeter();
  const work = Array.from({ length: agents }, async (_, index) => {
    await using client = agent(target, `agent-${index}`);
    while (!meter.isOver) {
      const begun = performance.now();
      await client.post('general', BODY);
      meter.done(begun);
    }
  });
  const per_sec = await meter.run(window);
  await Promise.all(work);
  return { per_sec, p50_ms: percentile(meter.latencies, 0.5) };
}

/** The same request without and with others that wait, in the same run. */
async function besideWaits(target: Target, { samples, waits }: { samples: number; waits: number }): Promise<Figures> {
  await using ana = agent(target, 'ana');
  const alone_ms = percentile(await sample(ana, samples), 0.5);
  const waiters = Array.from({ length: waits }, (_, index) => agent(target, `waiter-${index}`));
  const over = new AbortController();
  const polls = waiters.map((each) =>
    each.messages({ thread_id: 'never', timeout: 25, signal: over.signal }).catch(() => []),
  );
  while ((await ana.stats()).waiters < waits) await sleep(20);
  const beside_ms = percentile(await sample(ana, samples), 0.5);
  over.abort();
  await Promise.all(polls);
  await Promise.all(waiters.map((each) => each.close()));
  return { alone_ms, beside_ms, times: beside_ms / alone_ms };
}

const latency = (bench: Bench, watch: 'events' | 'polling') =>
  bench.alternate({
    load: 'oneAgent',
    params: { samples: bench.either(300, 60) },
    rounds: bench.either(3, 1),
    hubFlags: ['--relay-watch', watch],
  });

export default {
  loads: { oneAgent, manyAgents, besideWaits },
  scenarios: [
    {
      name: 'relay-events',
      rows: [
        {
          title: 'relay request → response, p50, one agent, file events',
          figure: 'p50_ms',
          unit: 'ms',
          goals: [{ atMost: 15 }],
          reference: '125 ms',
        },
      ],
      measure: (bench) => latency(bench, 'events'),
    },
    {
      name: 'relay-polling',
      rows: [
        {
          title: 'relay request → response, p50, one agent, polling',
          figure: 'p50_ms',
          unit: 'ms',
          goals: [{ atMost: 60 }],
          reference: '125 ms',
        },
      ],
      measure: (bench) => latency(bench, 'polling'),
    },
    {
      name: 'relay-throughput',
      rows: [
        {
          title: 'relay throughput, 20 agents: durable posts',
          figure: 'per_sec',
          unit: 'per_sec',
          goals: [{ atLeast: 1_000 }],
          reference: '70/s',
        },
      ],
      measure: (bench) =>
        bench.alternate({
          load: 'manyAgents',
          params: { agents: 20, warmMs: 1_000, countMs: bench.either(3_000, 1_000) },
          rounds: bench.either(3, 1),
          hubFlags: [],
        }),
    },
    {
      name: 'relay-waits',
      rows: [
        {
          title: 'a relay request while 50 others long-poll, against without them',
          figure: 'times',
          unit: 'times',
          goals: [{ atMost: 1.2, because: 'as without them' }],
          reference: 'waits for all of them',
        },
      ],
      measure: (bench) =>
        bench.alternate({
          load: 'besideWaits',
          params: { samples: bench.either(200, 60), waits: 50 },
          rounds: bench.either(3, 1),
          hubFlags: [],
        }),
    },
  ],
} satisfies ScenarioFile;
