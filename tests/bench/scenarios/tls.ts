/** What encryption costs: the same posts on a hub with TLS and on one without. */
import type { Bench } from '../harness/bench.js';
import type { Row, ScenarioFile } from '../harness/scenario.js';
import http from './post-http.js';
import websocket from './post-websocket.js';

const row = (title: string): Row => ({
  title,
  figure: 'per_sec',
  unit: 'per_sec',
  goals: [{ atLeastRatio: 0.7 }],
  baselineSyncs: true,
});

const measure = (load: 'post' | 'publish', params: object) => (bench: Bench) =>
  bench.alternate({
    load,
    baseline: 'hub',
    hubFlags: ['--no-relay', '--tls', 'auto'],
    params: { ...params, warmMs: 1000, countMs: bench.either(3000, 1000) },
  });

const file: ScenarioFile = {
  loads: { post: http.loads.post, publish: websocket.loads.publish },
  scenarios: [
    {
      name: 'tls-http',
      rows: [row('TLS: durable post over HTTP, keep-alive, 50 connections (baseline: the hub without TLS)')],
      measure: measure('post', { connections: 50 }),
    },
    {
      name: 'tls-ws',
      rows: [row('TLS: durable post over WebSocket, 50 publishers with 8 in flight (baseline: the hub without TLS)')],
      measure: measure('publish', { publishers: 50, inFlight: 8 }),
    },
  ],
};
export default file;
