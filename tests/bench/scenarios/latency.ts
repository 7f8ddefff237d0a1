/** From the moment one agent posts to the moment another holds the message: WebSocket, long-poll, SSE. */
import { get } from 'node:http';
import type { Bench } from '../harness/bench.js';
import { HttpWire, requestBytes } from '../harness/http-wire.js';
import { isPush, RpcSocket } from '../harness/rpc-socket.js';
import type { Figures, ScenarioFile, Target } from '../harness/scenario.js';
import { latencies } from '../harness/stats.js';
import { bodyOf, sleep } from '../harness/window.js';

interface Params {
  samples: number;
}

const WARM_SAMPLES = 50;
/** Between two posts, so that each meets an idle hub and a receiver that waits. */
const PAUSE_MS = 1;

/** Posts again and again, and measures until `received()` resolves for each. */
async function sample(samples: number, post: () => void, received: () => Promise<unknown>): Promise<Figures> {
  const times: number[] = [];
  for (let index = -WARM_SAMPLES; index < samples; index += 1) {
    const arrival = received();
    await sleep(PAUSE_MS);
    const begun = performance.now();
    post();
    await arrival;
    if (index >= 0) times.push(performance.now() - begun);
  }
  return latencies(times);
}

async function overWebSocket(target: Target, { samples }: Params): Promise<Figures> {
  const ana = await RpcSocket.open(target, 'ana');
  const ben = await RpcSocket.open(target, 'ben');
  await ben.call('events.subscribe', {});
  const body = bodyOf(120);
  const received = () =>
    new Promise<void>((resolve) => {
      ben.onFrame = (frame) => isPush(frame) && resolve();
    });
  const figures = await sample(samples, () => ana.post(body), received);
  await Promise.all([ana.close(), ben.close()]);
  return figures;
}

/** Publishes over HTTP as a long-polling or SSE agent would. */
async function openPublisher(target: Target) {
  const wire = await HttpWire.open(target);
  const request = requestBytes(target, 'POST', '/v1/messages', { from_agent: 'ana', body: bodyOf(120) });
  return { post: () => void wire.send(request), close: () => wire.close() };
}

const latestId = async (wire: HttpWire): Promise<number> =>
  ((await wire.call('GET', '/v1/bootstrap?agent_id=ben')) as { latest_visible_id: number }).latest_visible_id;

async function overLongPoll(target: Target, { samples }: Params): Promise<Figures> {
  const publisher = await openPublisher(target);
  const ben = await HttpWire.open(target);
  let since = await latestId(ben);
  const received = async () => {
    const path = `/v1/events?agent_id=ben&since_id=${since}&timeout=30`;
    const { body } = await ben.send(requestBytes(target, 'GET', path));
    const { result } = JSON.parse(String(body)) as { result: { id: number }[] };
    since = result.at(-1)?.id ?? since;
  };
  const figures = await sample(samples, publisher.post, received);
  publisher.close();
  ben.close();
  return figures;
}

async function overSse(target: Target, { samples }: Params): Promise<Figures> {
  const publisher = await openPublisher(target);
  const wire = await HttpWire.open(target);
  const since = await latestId(wire);
  wire.close();
  let arrived: () => void = () => undefined;
  const request = get({ port: target.port, path: `/v1/stream?agent_id=ben&since_id=${since}` }, (stream) => {
    stream.on('data', (chunk: Buffer) => chunk.includes('data: ') && arrived());
    stream.on('error', () => undefined); // we end it ourselves
  });
  await new Promise((resolve) => request.once('response', resolve));
  const received = () =>
    new Promise<void>((resolve) => {
      arrived = resolve;
    });
  const figures = await sample(samples, publisher.post, received);
  request.destroy();
  publisher.close();
  return figures;
}

const params = (bench: Bench): Params => ({ samples: bench.either(400, 100) });

export default {
  loads: { overWebSocket, overLongPoll, overSse },
  scenarios: [
    {
      name: 'latency-ws',
      rows: [
        {
          title: 'post → received over WebSocket, p50',
          figure: 'p50_ms',
          unit: 'ms',
          goals: [{ atMostRatio: 1.5 }],
          expectedBaseline: 0.6,
          baselineSyncs: true,
        },
      ],
      measure: (bench) => bench.alternate({ load: 'overWebSocket', baseline: 'ws-prototype', params: params(bench) }),
    },
    {
      name: 'latency-poll',
      rows: [
        {
          title: 'post → long-poller holds it, p50',
          figure: 'p50_ms',
          unit: 'ms',
          goals: [{ atMost: 3 }],
          reference: '130 ms',
        },
      ],
      measure: (bench) => bench.alternate({ load: 'overLongPoll', params: params(bench), rounds: 3 }),
    },
    {
      name: 'latency-sse',
      rows: [{ title: 'post → SSE, p50', figure: 'p50_ms', unit: 'ms', goals: [{ atMost: 3 }], reference: '260 ms' }],
      measure: (bench) => bench.alternate({ load: 'overSse', params: params(bench), rounds: 3 }),
    },
  ],
} satisfies ScenarioFile;
