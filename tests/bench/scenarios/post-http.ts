/** Durable posts over HTTP: 50 keep-alive connections, each waiting for its answer before it posts again. */
import { HttpWire, requestBytes } from '../harness/http-wire.js';
import type { Figures, ScenarioFile, Target } from '../harness/scenario.js';
import { latencies } from '../harness/stats.js';
import { bodyOf, RateMeter, type Window } from '../harness/window.js';

interface Params extends Window {
  connections: number;
}

async function post(target: Target, { connections, ...window }: Params): Promise<Figures> {
  const meter = new RateMeter();
  const wires = await Promise.all(Array.from({ length: connections }, () => HttpWire.open(target)));
  const publishing = wires.map(async (wire, index) => {
    const message = { from_agent: `publisher-${index}`, channel: 'general', body: bodyOf(120) };
    const request = requestBytes(target, 'POST', '/v1/messages', message);
    while (!meter.isOver) {
      const begun = performance.now();
      const { status, body } = await wire.send(request);
      if (status !== 201) throw new Error(`refused: ${status} ${String(body)}`);
      meter.done(begun);
    }
    wire.close();
  });
  const per_sec = await meter.run(window);
  await Promise.all(publishing);
  return { per_sec, ...latencies(meter.latencies) };
}

export default {
  loads: { post },
  scenarios: [
    {
      name: 'post-http-50',
      rows: [
        {
          title: 'durable post over HTTP, keep-alive, 50 connections',
          figure: 'per_sec',
          unit: 'per_sec',
          goals: [{ atLeastRatio: 0.3 }, { atLeast: 12 * 900, because: '12 × reference' }],
          expectedBaseline: 40_000,
          reference: '0.9 k/s',
        },
        {
          title: 'the same, p99',
          figure: 'p99_ms',
          unit: 'ms',
          goals: [{ atMost: 20 }],
          reference: '1,036 ms, max 7.7 s',
        },
      ],
      measure: (bench) =>
        bench.alternate({
          load: 'post',
          baseline: 'http-echo',
          params: { connections: 50, warmMs: 1000, countMs: bench.either(3000, 1000) } satisfies Params,
        }),
    },
  ],
} satisfies ScenarioFile;
