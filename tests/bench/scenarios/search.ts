/** What the index of words costs whoever posts, and how long a search takes in a long history. */
import type { Bench } from '../harness/bench.js';
import { fillFile } from '../harness/fill.js';
import { HttpWire, requestBytes } from '../harness/http-wire.js';
import type { Figures, ScenarioFile, Target } from '../harness/scenario.js';
import { latencies } from '../harness/stats.js';
import { bodyOf } from '../harness/window.js';
import websocket from './post-websocket.js';

interface Params {
  requests: number;
}

/** Words of one message in a hundred, two such together, one with a sender, and one that no message has. */
const QUERIES = ['thread-17', 'agent-3 thread-42', 'from:agent-7 thread-88', 'nothinglikethis'];
/** The beginning of a word that every message has, of which all occurrences are gone through. */
const EVERYWHERE = 'gener';

async function search(target: Target, { requests }: Params): Promise<Figures> {
  const wire = await HttpWire.open(target);
  const ask = (query: string) => `/v1/search?limit=20&query=${encodeURIComponent(query)}`;
  // The whole history is in the index before anything is counted.
  for (;;) {
    const { more } = (await wire.call('GET', ask('nothinglikethis'))) as { more: unknown };
    if (more !== 'indexing') break;
  }
  const timeOf = async (query: string) => {
    const request = requestBytes(target, 'GET', ask(query));
    const begun = performance.now();
    await wire.send(request);
    return performance.now() - begun;
  };
  const times: number[] = [];
  for (let index = 0; index < requests; index += 1) times.push(await timeOf(QUERIES[index % QUERIES.length] ?? ''));
  const everywhere_ms = await timeOf(EVERYWHERE);
  wire.close();
  times.sort((a, b) => a - b);
  return { ...latencies(times), everywhere_ms, p95_ms: times[Math.floor(times.length * 0.95)] ?? Number.NaN };
}

const file: ScenarioFile = {
  loads: { search, publish: websocket.loads.publish },
  scenarios: [
    {
      name: 'search-cost',
      rows: [
        {
          title: 'durable post over WebSocket, 50 publishers with 8 in flight, without the index (baseline: with it)',
          figure: 'per_sec',
          unit: 'per_sec',
          goals: [{ atMostRatio: 1.25 }],
          baselineSyncs: true,
        },
      ],
      measure: (bench: Bench) =>
        bench.alternate({
          load: 'publish',
          baseline: 'hub',
          hubFlags: ['--no-relay', '--no-search'],
          params: { publishers: 50, inFlight: 8, warmMs: 1000, countMs: bench.either(3000, 1000) },
        }),
    },
    {
      name: 'search',
      rows: [
        {
          title: 'search over HTTP, 1 M messages, p95',
          figure: 'p95_ms',
          unit: 'ms',
          goals: [{ atMost: 20 }],
        },
        { title: 'the same for a word that every message has', figure: 'everywhere_ms', unit: 'ms', goals: [] },
      ],
      measure: async (bench: Bench) => {
        const { hub } = await bench.alternate({
          load: 'search',
          params: { requests: bench.either(500, 100) } satisfies Params,
          prepareHub: (storage) => fillFile(storage, { messages: 1_000_000, threads: 100, body: bodyOf(120) }),
          rounds: 1,
        });
        return { hub };
      },
    },
  ],
};
export default file;
