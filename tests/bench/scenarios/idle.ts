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

const SETTLE_MS = 2_000;
/** Long enough that V8's one tidying up, ten to twenty seconds after a thousand agents have come, is no more than its share. */
const WINDOW_SEC = 120;
/** Longer than all of it, so that nobody has to ask again meanwhile. */
const WAIT_SEC = 300;
/** A default presence TTL of 120 s is renewed once in each third of it. */
const MAX_COMMITS = WINDOW_SEC / 40 + 1;

/** The hub's own count of its commits; a connection that asks nothing is not kept for long. */
async function commits(target: Target): Promise<number> {
  const wire = await HttpWire.open(target);
  const stats = (await wire.call('GET', '/v1/stats')) as { commits: { count: number } };
  wire.close();
  return stats.commits.count;
}

async function watchIdle(target: Target, windowMs: number): Promise<Figures> {
  await sleep(SETTLE_MS);
  const commitsBefore = await commits(target);
  const cpuBefore = processCpuSec(target.pid);
  const begun = performance.now();
  await sleep(windowMs);
  const used = processCpuSec(target.pid) - cpuBefore;
  const seconds = (performance.now() - begun) / 1000;
  const commitsAfter = await commits(target);
  return { percent: (used / seconds) * 100, commits: commitsAfter - commitsBefore };
}

async function longPollers(target: Target, { agents, windowMs }: Params): Promise<Figures> {
  const wires: HttpWire[] = [];
  for (let index = 0; index < agents; index += 1) {
    const wire = await HttpWire.open(target);
    await wire.call('POST', '/v1/sessions', { agent_id: `agent-${index}`, replace: true });
    void wire.send(requestBytes(target, 'GET', `/v1/events?agent_id=agent-${index}&since_id=0&timeout=${WAIT_SEC}`));
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
    title: `the same: commits in ${WINDOW_SEC} s (joined presence writes only)`,
    figure: 'commits',
    unit: 'count',
    goals: [{ atMost: MAX_COMMITS }],
  },
];

const measure = (load: string) => (bench: Bench) =>
  bench.alternate({
    load,
    params: { agents: 1000, windowMs: bench.either(WINDOW_SEC * 1_000, 8_000) } satisfies Params,
    rounds: 1,
    hubFlags: ['--max-wait-sec', String(WAIT_SEC)],
  });

export default {
  loads: { longPollers, subscribers },
  scenarios: [
    { name: 'idle-poll', rows: rows('1,000 agents waiting in a long-poll', '27 %'), measure: measure('longPollers') },
    { name: 'idle-ws', rows: rows('1,000 agents waiting on WebSocket'), measure: measure('subscribers') },
  ],
} satisfies ScenarioFile;
