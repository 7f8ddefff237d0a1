import { describe, expect, it } from 'vitest';
import { type Routed, route } from './route.js';
import type { RelayAnswer } from './spool.js';

const ask = (method: string, path: string, body?: string): Routed | RelayAnswer =>
  route({ request_id: '1', agent_id: 'ana', method, path, body, idempotency_key: undefined });

describe('the way of a request', () => {
  it.each(['/v1/stream', '/v1/stream;x', '//v1/stream', '/v1/ws', '/mcp', '/mcp;x', '/mcp/x'])('refuses %s', (path) => {
    expect(ask('GET', path)).toMatchObject({ status: 400, code: 'bad_request' });
  });

  it('leaves it to the hub to refuse a timeout that is none', () => {
    const body = '{"from_agent": "ana", "timeout_sec": {"toString": 1, "valueOf": 1}}';
    expect(ask('POST', '/v1/rpc', body)).toMatchObject({ waits: true, body });
  });
});
