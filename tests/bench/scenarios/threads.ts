/** The list of threads, which people look at all day: it must not read the history. */
import type { Bench } from '../harness/bench.js';
import { fillFile } from '../harness/fill.js';
import { HttpWire, requestBytes } from '../harness/http-wire.js';
import type { Figures, Measured, ScenarioFile, Target } from '../harness/scenario.js';
import { latencies } from '../harness/stats.js';
import { bodyOf } from '../harness/window.js';

interface Params {
  requests: number;
  threads: number;
}

const THREADS = 100;
const WARM_REQUESTS = 30;

async function list(target: Target, { requests, threads }: Params): Promise<Figures> {
  const wire = await HttpWire.open(target);
  const listed = (await wire.call('GET', '/v1/threads')) as unknown[];
  if (listed.length !== threads) throw new Error(`${listed.length} threads instead of ${threads}`);
  const request = requestBytes(target, 'GET', '/v1/threads');
  const times: number[] = [];
  for (let index = -WARM_REQUESTS; index < requests; index += 1) {
    const begun = performance.now();
    await wire.send(request);
    if (index >= 0) times.push(performance.now() - begun);
  }
  wire.close();
  return latencies(times);
}

async function listOf(bench: Bench, messages: number): Promise<Figures> {
  const { hub } = await bench.alternate({
    load: 'list',
    params: { requests: bench.either(300, 100), threads: THREADS } satisfies Params,
    prepareHub: (storage) => fillFile(storage, { messages, threads: THREADS, body: bodyOf(120) }),
    rounds: bench.either(3, 1),
  });
  return hub;
}

async function measure(bench: Bench): Promise<Measured> {
  const small = await listOf(bench, 10_000);
  const middle = await listOf(bench, 50_000);
  const large = await listOf(bench, 1_000_000);
  const [small_ms, p50_ms, large_ms] = [small, middle, large].map((figures) => figures.p50_ms ?? Number.NaN);
  const growth = (large_ms ?? Number.NaN) / (small_ms ?? Number.NaN);
  return { hub: { ...middle, small_ms, p50_ms, large_ms, growth } as Figures };
}

export default {
  loads: { list },
  scenarios: [
    {
      name: 'threads',
      rows: [
        {
          title: 'threads list over HTTP, 100 threads, 50 k messages, p50',
          figure: 'p50_ms',
          unit: 'ms',
          goals: [{ atMost: 5 }],
          reference: '345 ms',
        },
        { title: 'the same with 10 k messages', figure: 'small_ms', unit: 'ms', goals: [] },
        { title: 'the same with 1 M messages', figure: 'large_ms', unit: 'ms', goals: [] },
        {
          title: 'threads list, 1 M messages against 10 k',
          figure: 'growth',
          unit: 'times',
          goals: [{ atMost: 2 }],
          reference: 'linear',
        },
      ],
      measure,
    },
  ],
} satisfies ScenarioFile;
