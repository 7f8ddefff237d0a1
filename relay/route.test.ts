import { describe, expect, it } from 'vitest';
import { isAnswer, type Routed, route } from './route.js';
import type { RelayAnswer } from './spool.js';

const ask = (method: string, path: string, body?: string, folder: string | null = 'ana'): Routed | RelayAnswer =>
  route({ request_id: '1', agent_id: 'ana', method, path, body, idempotency_key: undefined }, folder ?? undefined);

describe('a folder that speaks only for its own agent', () => {
  it.each([
    ['GET', '/v1/events?agent_id=ben&agent_id=ana', undefined],
    ['GET', '/v1/bootstrap?agent_id=ana&agent_id=ben', undefined],
    ['GET', '/v1/agents?as=ben', undefined],
    ['GET', '/v1/messages/1?agent%5fid=ben', undefined],
    ['GET', '//v1/inbox/%62en;x', undefined],
    ['PUT', '/v1/cursors/ben', '{"since_id": 1}'],
    ['POST', '/v1/messages', '{"from_agent": "ana", "from_agent": "ben", "body": "x"}'],
    ['POST', '/v1/messages', '{"from_agent": {"toString": 1, "valueOf": 1}, "body": "x"}'],
    ['POST', '/v1/messages', '{"from_agent": ["ana"], "body": "x"}'],
    ['POST', '/v1/sessions', '{"agent_id": "ben"}'],
    ['POST', '//v1/shutdown;x', '{}'],
    ['POST', '/v1/something-else', '{"agent_id": "ben"}'],
  ])('is refused %s %s %s', (method, path, body) => {
    expect(ask(method, path, body)).toMatchObject({ status: 403, code: 'forbidden' });
  });

  it('cannot go by the name of a number that is written in another way', () => {
    const body = '{"from_agent": 1.0, "body": "x"}';
    expect(ask('POST', '/v1/messages', body, '1')).toMatchObject({ status: 403 });
  });

  it('reads as its own agent where it names none, since the hub shows everything to nobody', () => {
    expect(ask('GET', '/v1/messages/1')).toMatchObject({ path: '/v1/messages/1?agent_id=ana' });
    expect(ask('GET', '/v1/messages/1?agent_id=')).toMatchObject({ path: '/v1/messages/1?agent_id=ana&agent_id=' });
    expect(ask('GET', '/v1/messages/1', undefined, null)).toMatchObject({ path: '/v1/messages/1' });
  });

  it('may do as its own agent what any agent does', () => {
    expect(isAnswer(ask('GET', '/v1/events?agent_id=ana&timeout=5'))).toBe(false);
    expect(isAnswer(ask('POST', '/v1/messages', '{"from_agent": "ana", "to_agent": "ben", "body": "x"}'))).toBe(false);
    expect(isAnswer(ask('GET', '/v1/nothing'))).toBe(false);
  });
});

describe('the way of a request', () => {
  it.each(['/v1/stream', '/v1/stream;x', '//v1/stream', '/v1/ws', '/mcp', '/mcp;x', '/mcp/x'])('refuses %s', (path) => {
    expect(ask('POST', path, undefined, null)).toMatchObject({ status: 400, code: 'bad_request' });
  });

  it('leaves it to the hub to refuse a timeout that is none', () => {
    const body = '{"from_agent": "ana", "timeout_sec": {"toString": 1, "valueOf": 1}}';
    expect(ask('POST', '/v1/rpc', body)).toMatchObject({ waits: true, body });
  });
});
