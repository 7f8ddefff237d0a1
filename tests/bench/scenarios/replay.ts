/** An agent that comes back reads 50,000 messages it has missed. */
import type { Bench } from '../harness/bench.js';
import { fillFile } from '../harness/fill.js';
import { FrameCounter } from '../harness/frame-counter.js';
import { HttpWire, requestBytes } from '../harness/http-wire.js';
import type { Figures, ScenarioFile, Target } from '../harness/scenario.js';
import { bodyOf } from '../harness/window.js';

interface Params {
  messages: number;
  page: number;
}

/** The first replay warms both sides up; the second is measured. */
const REPLAYS = 2;

async function overWebSocket(target: Target, { messages }: Params): Promise<Figures> {
  let per_sec = 0;
  for (let replay = 0; replay < REPLAYS; replay += 1) {
    const counter = await FrameCounter.open(target);
    const begun = performance.now();
    await counter.call('events.subscribe', { since_id: 0 }, messages + 1);
    per_sec = (messages / (performance.now() - begun)) * 1000;
    counter.close();
  }
  return { per_sec };
}

async function overHttp(target: Target, { messages, page }: Params): Promise<Figures> {
  const wire = await HttpWire.open(target);
  let per_sec = 0;
  for (let replay = 0; replay < REPLAYS; replay += 1) {
    const begun = performance.now();
    for (let since = 0; since < messages; since += page) {
      const { status } = await wire.send(
        requestBytes(target, 'GET', `/v1/events?agent_id=ben&since_id=${since}&limit=${page}`),
      );
      if (status !== 200) throw new Error(`refused: ${status}`);
    }
    per_sec = (messages / (performance.now() - begun)) * 1000;
  }
  // The ids of a filled file have no gaps, so the pages are known beforehand; the last one proves it.
  const last = await wire.call('GET', `/v1/events?agent_id=ben&since_id=${messages - page}&limit=${page}`);
  wire.close();
  if ((last as unknown[]).length !== page) throw new Error(`the last page has ${(last as unknown[]).length} rows`);
  return { per_sec };
}

/** Bare pages over WebSocket are the baseline of both doors; only the hub has the other one. */
const measure = (load: string) => async (bench: Bench) => {
  const params: Params = { messages: 50_000, page: 500 };
  const fill = (storage: string) => fillFile(storage, { messages: params.messages, threads: 0, body: bodyOf(120) });
  return bench.alternate({
    load,
    baselineLoad: 'overWebSocket',
    baseline: 'ws-pages',
    params,
    prepareBaseline: fill,
    prepareHub: fill,
  });
};

export default {
  loads: { overWebSocket, overHttp },
  scenarios: [
    {
      name: 'replay-http',
      rows: [
        {
          title: 'replay of 50 k messages over HTTP pages of 500 (baseline: bare pages over ws)',
          figure: 'per_sec',
          unit: 'per_sec',
          goals: [{ atLeast: 2 * 47_000, because: '2 × reference' }],
          expectedBaseline: 140_000,
          reference: '37–47 k/s',
        },
      ],
      measure: measure('overHttp'),
    },
    {
      name: 'replay-ws',
      rows: [
        {
          title: 'replay of 50 k messages over WebSocket (baseline: the same)',
          figure: 'per_sec',
          unit: 'per_sec',
          goals: [{ atLeastRatio: 0.7 }],
          expectedBaseline: 140_000,
        },
      ],
      measure: measure('overWebSocket'),
    },
  ],
} satisfies ScenarioFile;
