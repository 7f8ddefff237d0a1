/** Durable posts over WebSocket: the price of one, and of many at once. Every post waits for its acknowledgement. */
import type { Bench } from '../harness/bench.js';
import { RpcSocket } from '../harness/rpc-socket.js';
import type { Figures, ScenarioFile, Target } from '../harness/scenario.js';
import { latencies } from '../harness/stats.js';
import { bodyOf, RateMeter, type Window } from '../harness/window.js';

interface Params extends Window {
  publishers: number;
  inFlight: number;
}

async function publish(target: Target, { publishers, inFlight, ...window }: Params): Promise<Figures> {
  const meter = new RateMeter();
  const body = bodyOf(120);
  const sockets = await Promise.all(
    Array.from({ length: publishers }, (_, index) => RpcSocket.open(target, `publisher-${index}`)),
  );
  for (const socket of sockets) {
    const begun: number[] = []; // answers may change places; the posts are alike, so the oldest start is taken
    const post = () => {
      begun.push(performance.now());
      socket.post(body);
    };
    socket.onFrame = () => {
      meter.done(begun.shift() ?? 0);
      if (!meter.isOver) post();
    };
    for (let count = 0; count < inFlight; count += 1) post();
  }
  const per_sec = await meter.run(window);
  await Promise.all(sockets.map((socket) => socket.close()));
  return { per_sec, ...latencies(meter.latencies) };
}

const measure = (publishers: number, inFlight: number) => (bench: Bench) =>
  bench.alternate({
    load: 'publish',
    baseline: 'ws-prototype',
    params: { publishers, inFlight, warmMs: 1000, countMs: bench.either(3000, 1000) } satisfies Params,
  });

export default {
  loads: { publish },
  scenarios: [
    {
      name: 'post-ws-1',
      rows: [
        {
          title: 'durable post over WebSocket, 1 publisher, waiting for each ack',
          figure: 'per_sec',
          unit: 'per_sec',
          goals: [{ atLeastRatio: 0.8 }],
          baselineSyncs: true,
        },
      ],
      measure: measure(1, 1),
    },
    {
      name: 'post-ws-50',
      rows: [
        {
          title: 'the same, 50 publishers with 8 in flight',
          figure: 'per_sec',
          unit: 'per_sec',
          goals: [{ atLeastRatio: 0.6 }],
          expectedBaseline: 48_000,
          baselineSyncs: true,
        },
      ],
      measure: measure(50, 8),
    },
  ],
} satisfies ScenarioFile;
