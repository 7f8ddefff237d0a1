/** One post to many, and many posts to many: measured until the last receiver has the last message. */
import { FrameCounter } from '../harness/frame-counter.js';
import { HttpWire, requestBytes } from '../harness/http-wire.js';
import { RpcSocket } from '../harness/rpc-socket.js';
import type { Figures, ScenarioFile, Target } from '../harness/scenario.js';
import { latencies } from '../harness/stats.js';
import { bodyOf, sleep, type Window } from '../harness/window.js';

interface Receivers {
  receivers: number;
  posts: number;
}

const WARM_POSTS = 5;

const waiters = async (wire: HttpWire): Promise<number> =>
  ((await wire.call('GET', '/v1/stats')) as { waiters: number }).waiters;

async function toLongPollers(target: Target, { receivers, posts }: Receivers): Promise<Figures> {
  const publisher = await HttpWire.open(target);
  const wires = await Promise.all(Array.from({ length: receivers }, () => HttpWire.open(target)));
  const post = requestBytes(target, 'POST', '/v1/messages', { from_agent: 'ana', body: bodyOf(120) });
  const bootstrap = (await publisher.call('GET', '/v1/bootstrap?agent_id=x')) as { latest_visible_id: number };
  let since = bootstrap.latest_visible_id;
  const times: number[] = [];
  for (let index = -WARM_POSTS; index < posts; index += 1) {
    const polls = wires.map((wire, agent) =>
      wire.send(requestBytes(target, 'GET', `/v1/events?agent_id=agent-${agent}&since_id=${since}&timeout=60`)),
    );
    while ((await waiters(publisher)) < receivers) await sleep(10);
    const begun = performance.now();
    const [{ body }, ...answers] = await Promise.all([publisher.send(post), ...polls]);
    if (answers.some((answer) => !answer.body.includes('"from_agent"')))
      throw new Error('a poll ended without the post');
    if (index >= 0) times.push(performance.now() - begun);
    since = (JSON.parse(String(body)) as { result: { id: number } }).result.id;
  }
  for (const wire of [...wires, publisher]) wire.close();
  return latencies(times);
}

const openCounters = (target: Target, count: number): Promise<FrameCounter[]> =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const counter = await FrameCounter.open(target);
      await counter.call('events.subscribe', {});
      counter.frames = 0;
      return counter;
    }),
  );

async function toSubscribers(target: Target, { receivers, posts }: Receivers): Promise<Figures> {
  const publisher = await RpcSocket.open(target, 'ana');
  const counters = await openCounters(target, receivers);
  const body = bodyOf(120);
  const times: number[] = [];
  let arrived = 0;
  let last: () => void = () => undefined;
  for (const counter of counters) {
    counter.onFrames = () => {
      arrived += 1;
      if (arrived === receivers) last();
    };
  }
  for (let index = -WARM_POSTS; index < posts; index += 1) {
    await sleep(20);
    arrived = 0;
    const begun = performance.now();
    const done = new Promise<void>((resolve) => {
      last = resolve;
    });
    publisher.post(body);
    await done;
    if (index >= 0) times.push(performance.now() - begun);
  }
  for (const counter of counters) counter.close();
  await publisher.close();
  return latencies(times);
}

interface Crowd extends Window {
  publishers: number;
  subscribers: number;
}

/** Posts count when every subscriber has them: the clock stops when all queues are empty. */
async function crowd(target: Target, { publishers, subscribers, warmMs, countMs }: Crowd): Promise<Figures> {
  const counters = await openCounters(target, subscribers);
  const senders = await Promise.all(
    Array.from({ length: publishers }, (_, index) => RpcSocket.open(target, `publisher-${index}`)),
  );
  const body = bodyOf(120);
  let posts = 0;
  const publishFor = async (ms: number) => {
    const end = performance.now() + ms;
    await Promise.all(
      senders.map(
        (sender) =>
          new Promise<void>((resolve) => {
            const post = () => {
              posts += 1;
              sender.post(body);
            };
            sender.onFrame = () => (performance.now() < end ? post() : resolve());
            post();
          }),
      ),
    );
    while (counters.some(({ frames }) => frames < posts)) await sleep(1);
  };
  await publishFor(warmMs);
  const before = posts;
  const begun = performance.now();
  await publishFor(countMs);
  const per_sec = ((posts - before) / (performance.now() - begun)) * 1000;
  const surplus = counters.reduce((sum, { frames }) => sum + frames - posts, 0);
  if (surplus !== 0) throw new Error(`${surplus} deliveries more than posts × subscribers`);
  for (const counter of counters) counter.close();
  await Promise.all(senders.map((sender) => sender.close()));
  return { per_sec, deliveries_per_sec: per_sec * subscribers };
}

export default {
  loads: { toLongPollers, toSubscribers, crowd },
  scenarios: [
    {
      name: 'fan-out-poll',
      rows: [
        {
          title: 'one post to 1,000 long-pollers, last has it',
          figure: 'p50_ms',
          unit: 'ms',
          goals: [{ atMost: 150 }],
          reference: '1,300 ms',
        },
      ],
      measure: (bench) =>
        bench.alternate({
          load: 'toLongPollers',
          params: { receivers: 1000, posts: bench.either(15, 5) } satisfies Receivers,
          rounds: bench.either(3, 1),
        }),
    },
    {
      name: 'fan-out-ws',
      rows: [
        {
          title: 'one post to 1,000 WebSocket subscribers, last has it (baseline: bare ws broadcast)',
          figure: 'p50_ms',
          unit: 'ms',
          goals: [{ atMostRatio: 1.3 }],
        },
      ],
      measure: (bench) =>
        bench.alternate({
          load: 'toSubscribers',
          baseline: 'ws-broadcast',
          params: { receivers: 1000, posts: bench.either(40, 15) } satisfies Receivers,
        }),
    },
    {
      name: 'crowd',
      rows: [
        {
          title: '50 publishers with one in flight each, 100 WebSocket subscribers: posts',
          figure: 'per_sec',
          unit: 'per_sec',
          goals: [{ atLeastRatio: 0.6 }],
          expectedBaseline: 13_400,
          baselineSyncs: true,
        },
        {
          title: 'the same: deliveries',
          figure: 'deliveries_per_sec',
          unit: 'per_sec',
          goals: [{ atLeastRatio: 0.6 }],
          expectedBaseline: 1_340_000,
          baselineSyncs: true,
        },
      ],
      measure: (bench) =>
        bench.alternate({
          load: 'crowd',
          baseline: 'ws-prototype',
          params: { publishers: 50, subscribers: 100, warmMs: 1000, countMs: bench.either(3000, 1000) } satisfies Crowd,
        }),
    },
  ],
} satisfies ScenarioFile;
