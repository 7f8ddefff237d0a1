/** `rpc.call` between two agents: one asks, the other answers the request it is pushed. */
import { isPush, RpcSocket } from '../harness/rpc-socket.js';
import type { Figures, ScenarioFile, Target } from '../harness/scenario.js';
import { latencies } from '../harness/stats.js';

interface Params {
  calls: number;
}

const WARM_CALLS = 50;

async function roundTrips(target: Target, { calls }: Params): Promise<Figures> {
  const ana = await RpcSocket.open(target, 'ana');
  const ben = await RpcSocket.open(target, 'ben');
  await ben.call('events.subscribe', { kinds: ['task_request'], exclude_self: true });
  ben.onFrame = (frame) => {
    if (!isPush(frame)) return;
    const { params } = JSON.parse(String(frame)) as { params: { id: number } };
    const answer = { to_agent: 'ana', kind: 'task_result', reply_to: params.id, body: 'fine' };
    void ben.call('messages.post', answer);
  };
  const times: number[] = [];
  for (let index = -WARM_CALLS; index < calls; index += 1) {
    const begun = performance.now();
    const result = await ana.call('rpc.call', { to_agent: 'ben', body: 'review auth.ts', timeout_sec: 10 });
    if ((result as { body: string }).body !== 'fine') throw new Error(`wrong answer: ${JSON.stringify(result)}`);
    if (index >= 0) times.push(performance.now() - begun);
  }
  await Promise.all([ana.close(), ben.close()]);
  return latencies(times);
}

export default {
  loads: { roundTrips },
  scenarios: [
    {
      name: 'rpc-call',
      rows: [
        {
          title: '`rpc.call` round trip between two agents, p50',
          figure: 'p50_ms',
          unit: 'ms',
          goals: [{ atMost: 3 }],
          reference: '1,010 ms',
        },
      ],
      measure: (bench) =>
        bench.alternate({ load: 'roundTrips', params: { calls: bench.either(400, 100) } satisfies Params, rounds: 3 }),
    },
  ],
} satisfies ScenarioFile;
