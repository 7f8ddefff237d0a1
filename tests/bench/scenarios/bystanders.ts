/** What posts cost while many wait for something else: the same posts with and without them, by turns on one hub. */
import type { Bench } from '../harness/bench.js';
import { processCpuSec } from '../harness/cpu.js';
import { FrameCounter } from '../harness/frame-counter.js';
import { HttpWire, requestBytes } from '../harness/http-wire.js';
import { RpcSocket } from '../harness/rpc-socket.js';
import type { Figures, Scenario, ScenarioFile, Target } from '../harness/scenario.js';
import { bodyOf, sleep, type Window } from '../harness/window.js';

interface Params extends Window {
  bystanders: number;
  by: 'subscribers' | 'pollers';
}

const ELSEWHERE = 'elsewhere';
const PUBLISHERS = 20;
const IN_FLIGHT = 4;
/** Connections that are opened together: fewer than a server keeps waiting to be accepted. */
const TOGETHER = 100;

interface Closable {
  close(): void;
}

async function openSubscriber(target: Target): Promise<Closable> {
  const counter = await FrameCounter.open(target);
  await counter.call('events.subscribe', { channels: [ELSEWHERE] });
  return counter;
}

async function openPoller(target: Target, index: number): Promise<Closable> {
  const wire = await HttpWire.open(target);
  const path = `/v1/events?agent_id=by-${index}&channel=${ELSEWHERE}&since_id=0&timeout=300`;
  void wire.send(requestBytes(target, 'GET', path));
  return wire;
}

async function openAll(target: Target, { bystanders, by }: Params, control: HttpWire): Promise<Closable[]> {
  const opened: Closable[] = [];
  while (opened.length < bystanders) {
    const next = Array.from({ length: Math.min(TOGETHER, bystanders - opened.length) }, (_, index) =>
      by === 'subscribers' ? openSubscriber(target) : openPoller(target, opened.length + index),
    );
    opened.push(...(await Promise.all(next)));
  }
  const waiting = async () => ((await control.call('GET', '/v1/stats')) as Record<string, number>)[COUNTED_AS[by]] ?? 0;
  while ((await waiting()) < bystanders) await sleep(10);
  return opened;
}

const COUNTED_AS = { subscribers: 'subscriptions', pollers: 'waiters' } as const;

interface Cost {
  per_sec: number;
  /** CPU time of the hub's process for each post, in microseconds: what its neighbours do shows less in it. */
  cpu_us: number;
}

async function costOfPosts(target: Target, { warmMs, countMs }: Window): Promise<Cost> {
  const body = bodyOf(120);
  const sockets = await Promise.all(
    Array.from({ length: PUBLISHERS }, (_, index) => RpcSocket.open(target, `publisher-${index}`)),
  );
  let posts = 0;
  let over = false;
  for (const socket of sockets) {
    socket.onFrame = () => {
      posts += 1;
      if (!over) socket.post(body);
    };
    for (let count = 0; count < IN_FLIGHT; count += 1) socket.post(body);
  }
  const sample = () => ({ posts, cpuSec: processCpuSec(target.pid), ms: performance.now() });
  await sleep(warmMs);
  const from = sample();
  await sleep(countMs);
  const to = sample();
  over = true;
  await Promise.all(sockets.map((socket) => socket.close()));
  const counted = to.posts - from.posts;
  return {
    per_sec: (counted / (to.ms - from.ms)) * 1000,
    cpu_us: ((to.cpuSec - from.cpuSec) / counted) * 1e6,
  };
}

async function beside(target: Target, params: Params): Promise<Figures> {
  const control = await HttpWire.open(target);
  await control.call('POST', '/v1/channels', { name: ELSEWHERE });
  const before = await costOfPosts(target, params);
  const bystanders = await openAll(target, params, control);
  const { per_sec, cpu_us } = await costOfPosts(target, params);
  for (const each of bystanders) each.close();
  while (((await control.call('GET', '/v1/stats')) as { connections: number }).connections > 1) await sleep(10);
  const after = await costOfPosts(target, params);
  control.close();
  const without_cpu_us = (before.cpu_us + after.cpu_us) / 2;
  const without_per_sec = (before.per_sec + after.per_sec) / 2;
  return { per_sec, without_per_sec, cpu_us, without_cpu_us, times: cpu_us / without_cpu_us };
}

const WHO = { subscribers: 'WebSocket subscribers', pollers: 'long-pollers' } as const;

const scenario = (by: Params['by'], bystanders: number): Scenario => ({
  name: `beside-${by}-${bystanders}`,
  rows: [
    {
      title: `20 publishers with 4 in flight, beside ${bystanders.toLocaleString('en')} ${WHO[by]} of another channel: posts`,
      figure: 'per_sec',
      unit: 'per_sec',
      goals: [],
    },
    {
      title: "the same, CPU time of the hub's process for each, against the same without them",
      figure: 'times',
      unit: 'times',
      goals: [{ atMost: 1.2, because: 'as without them' }],
    },
  ],
  measure: (bench: Bench) =>
    bench.alternate({
      load: 'beside',
      params: { bystanders, by, warmMs: 500, countMs: bench.either(2000, 1000) } satisfies Params,
      rounds: bench.either(3, 1),
    }),
});

export default {
  loads: { beside },
  scenarios: [
    scenario('subscribers', 1_000),
    scenario('subscribers', 5_000),
    scenario('pollers', 1_000),
    scenario('pollers', 5_000),
  ],
} satisfies ScenarioFile;
