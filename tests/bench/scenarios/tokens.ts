/** What it costs to know who asks: the same posts on a hub that asks for a token and on one that does not. */
import type { Bench } from '../harness/bench.js';
import type { Row, ScenarioFile } from '../harness/scenario.js';
import http from './post-http.js';
import websocket from './post-websocket.js';

const row = (title: string, atLeastRatio: number): Row => ({
  title,
  figure: 'per_sec',
  unit: 'per_sec',
  goals: [{ atLeastRatio }],
  baselineSyncs: true,
});

const measure = (load: 'post' | 'publish', params: object) => (bench: Bench) =>
  bench.alternate({
    load,
    baseline: 'hub',
    hubFlags: ['--no-relay', '--auth', 'required'],
    params: { ...params, warmMs: 1000, countMs: bench.either(3000, 1000) },
  });

const file: ScenarioFile = {
  loads: { post: http.loads.post, publish: websocket.loads.publish },
  scenarios: [
    {
      name: 'tokens-http',
      rows: [row('tokens: durable post over HTTP, keep-alive, 50 connections (baseline: the hub without)', 0.95)],
      measure: measure('post', { connections: 50 }),
    },
    {
      name: 'tokens-ws',
      rows: [
        row('tokens: durable post over WebSocket, 50 publishers with 8 in flight (baseline: the hub without)', 0.95),
      ],
      measure: measure('publish', { publishers: 50, inFlight: 8 }),
    },
  ],
};
export default file;
