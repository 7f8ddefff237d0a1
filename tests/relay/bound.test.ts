import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boundTo, folderCaller, NONE_KNOWN } from '../../cli/relay/bound.js';
import { inHub } from '../../cli/relay/in-hub.js';
import type { Execute, RelayCall } from '../../relay/execution.js';
import { agentFolder } from '../../relay/spool.js';
import { anybody } from '../../server/access/caller.js';
import { type InProcessHub, startInProcess } from '../support/in-process.js';

let inside: InProcessHub;
beforeAll(async () => {
  inside = await startInProcess();
});
afterAll(() => inside[Symbol.asyncDispose]());

/** The folder in the hub's own process, and one in front of a hub that knows no folders. */
const PLACES: readonly (readonly [string, Execute])[] = [
  ['in the hub', (call) => inHub(inside.hub, (from) => folderCaller(from, NONE_KNOWN))(call)],
  ['in front of a hub elsewhere', boundTo((call) => inHub(inside.hub, () => anybody('http'))(call), NONE_KNOWN)],
];

describe.each(PLACES)('a folder that speaks only for its own agent, %s', (_, execute) => {
  const ask = async (method: string, path: string, body?: unknown, agent_id = 'ana', more: Partial<RelayCall> = {}) => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const from = { folder: agentFolder(agent_id), agent_id };
    const signal = new AbortController().signal;
    const call = { method, path, body: text, idempotency_key: undefined, signal, waitSec: 0, ...from, ...more };
    const { status, body: answer = '' } = await execute(call);
    return { status, body: JSON.parse(answer) };
  };

  it.each([
    ['GET', '/v1/events?agent_id=ben'],
    ['GET', '/v1/bootstrap?agent_id=ben'],
    ['GET', '/v1/agents?as=ben'],
    ['GET', '/v1/messages/1?agent%5fid=ben'],
    ['GET', '//v1/inbox/%62en;x'],
    ['PUT', '/v1/cursors/ben', { since_id: 1 }],
    ['POST', '/v1/messages', '{"from_agent": "ana", "from_agent": "ben", "body": "x"}'],
    ['POST', '/v1/sessions', { agent_id: 'ben' }],
    ['POST', '//v1/shutdown;x', {}],
    ['POST', '/v1/network', { allow_remote: false }],
    ['POST', '/v1/claims/release', { claim_key: 'k', agent_id: 'ana', force: true }],
    ['DELETE', '/v1/sessions/of-ben'],
  ])('is refused %s %s', async (method, path, body?: unknown) => {
    const { body: ben } = await ask('POST', '/v1/sessions', { agent_id: 'ben', replace: true }, 'ben');
    const asked = path.replace('of-ben', ben.result.session_id);
    expect(await ask(method, asked, body)).toMatchObject({ status: 403, body: { ok: false } });
    const { body: live } = await ask('GET', '/v1/agents');
    expect(live.result).toMatchObject([{ agent_id: 'ben', session_id: ben.result.session_id }]);
    await ask('DELETE', `/v1/sessions/${ben.result.session_id}`, undefined, 'ben');
  });

  it('is refused what is no operation, and a name that is none', async () => {
    expect(await ask('POST', '/v1/something-else', { agent_id: 'ben' })).toMatchObject({ status: 404 });
    expect(await ask('GET', '/v1/something-else?agent_id=ben')).toMatchObject({ status: 404 });
    expect(await ask('POST', '/v1/messages', { from_agent: ['ana'], body: 'x' })).toMatchObject({ status: 400 });
  });

  it('cannot go by the name of a number that is written in another way', async () => {
    const body = '{"from_agent": 1.0, "body": "x"}';
    expect(await ask('POST', '/v1/messages', body, '1')).toMatchObject({ status: 403 });
  });

  it("reads as its own agent where it names none, and so sees nobody else's", async () => {
    const { body: sent } = await ask(
      'POST',
      '/v1/messages',
      { from_agent: 'ben', to_agent: 'cleo', body: 'psst' },
      'ben',
    );
    const path = `/v1/messages/${sent.result.id}`;
    expect(await ask('GET', path)).toMatchObject({ status: 404 });
    expect(await ask('GET', `${path}?agent_id=`)).toMatchObject({ status: 404 });
    expect(await ask('GET', path, undefined, 'cleo')).toMatchObject({ status: 200 });
  });

  it('does as its own agent what any agent does', async () => {
    expect(await ask('POST', '/v1/messages', { from_agent: 'ana', body: 'x' })).toMatchObject({ status: 201 });
    expect(await ask('GET', '/v1/inbox/ana')).toMatchObject({ status: 200 });
    const { body: own } = await ask('POST', '/v1/sessions', { agent_id: 'ana', replace: true });
    expect(await ask('DELETE', `/v1/sessions/${own.result.session_id}`)).toMatchObject({ status: 200 });
  });
});
