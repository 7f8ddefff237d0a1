/** A thousand registered agents that wait while nothing happens: what the hub's process uses, and how often it writes. */
import type { Bench } from '../harness/bench.js';
import { processCpuSec } from '../harness/cpu.js';
import { HttpWire, requestBytes } from '../harness/http-wire.js';
import { RpcSocket } from '../harness/rpc-socket.js';
import type { Figures, Row, ScenarioFile, Target } from '../harness/scenario.js';
import { sleep } from '../harness/window.js';

interface Params {
  agents: number;
  windowMs: number;
}

/** V8 tidies up once, some ten seconds after a thousand agents have come; that is the price of their coming. */
const SETTLE_MS = 20_000;
/** A default presence TTL of 120 s is renewed once in each third of it: once or twice in the window. */
const MAX_COMMITS = 2;

/** The hub's own count of its commits. */
const commits = async (wire: HttpWire): Promise<number> =>
  ((await wire.call('GET', '/v1/stats')) as { commits: { count: number } }).commits.count;

async function watchIdle(target: Target, windowMs: number): Promise<Figures> {
  const wire = await HttpWire.open(target);
  await sleep(SETTLE_MS);
  const commitsBefore = await commits(wire);
  const cpuBefore = processCpuSec(target.pid);
  const begun = performance.now();
  await sleep(windowMs);
  const used = processCpuSec(target.pid) - cpuBefore;
  const seconds = (performance.now() - begun) / 1000;
  const commitsAfter = await commits(wire);
  wire.close();
  return { percent: (used / seconds) * 100, commits: commitsAfter - commitsBefore };
}

async function longPollers(target: Target, { agents, windowMs }: Params): Promise<Figures> {
  const wires: HttpWire[] = [];
  for (let index = 0; index < agents; index += 1) {
    const wire = await HttpWire.open(target);
    await wire.call('POST', '/v1/sessions', { agent_id: `agent-${index}`, replace: true });
    void wire.send(requestBytes(target, 'GET', `/v1/events?agent_id=agent-${index}&since_id=0&timeout=60`));
    wires.push(wire);
  }
  const figures = await watchIdle(target, windowMs);
  for (const wire of wires) wire.close();
  return figures;
}

async function subscribers(target: Target, { agents, windowMs }: Params): Promise<Figures> {
  const sockets: RpcSocket[] = [];
  for (let index = 0; index < agents; index += 1) {
    const socket = await RpcSocket.open(target, `agent-${index}`);
    await socket.call('events.subscribe', {});
    sockets.push(socket);
  }
  const figures = await watchIdle(target, windowMs);
  await Promise.all(sockets.map((socket) => socket.close()));
  return figures;
}

const rows = (title: string, reference?: string): Row[] => [
  {
    title: `${title}, no traffic: CPU of the hub's process`,
    figure: 'percent',
    unit: 'percent_of_core',
    goals: [{ atMost: 1 }],
    ...(reference === undefined ? {} : { reference }),
  },
  {
    title: 'the same: commits in 42 s (joined presence writes only)',
    figure: 'commits',
    unit: 'count',
    goals: [{ atMost: MAX_COMMITS }],
  },
];

const measure = (load: string) => (bench: Bench) =>
  bench.alternate({ load, params: { agents: 1000, windowMs: bench.either(42_000, 8000) } satisfies Params, rounds: 1 });

export default {
  loads: { longPollers, subscribers },
  scenarios: [
    { name: 'idle-poll', rows: rows('1,000 agents waiting in a long-poll', '27 %'), measure: measure('longPollers') },
    { name: 'idle-ws', rows: rows('1,000 agents waiting on WebSocket'), measure: measure('subscribers') },
  ],
} satisfies ScenarioFile;
