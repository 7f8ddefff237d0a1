/** Who may speak: tokens at every door of a hub that asks for them, and at one that does not (identity §1–§4). */
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { mountMcp } from '../../cli/mcp/mount.js';
import { HubClient, type HubError } from '../../client/index.js';
import type { NewToken } from '../../protocol/index.js';
import { openHttp } from '../mcp/hosts.js';
import { type InProcessHub, startInProcess } from '../support/in-process.js';
import { storeOf } from '../support/token-store.js';
import { until } from '../support/until.js';

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('it was let in'),
    (cause: unknown) => cause as HubError,
  );

/** The ways of a client to a hub, each of them with one call that needs an answer. */
const WAYS = [
  ['WebSocket', (options: Options, agent?: string) => HubClient.connect(agent, options)],
  ['HTTP', async (options: Options, agent?: string) => HubClient.overHttp(agent, options)],
] as const;

interface Options {
  baseUrl: string;
  token?: string;
}

async function rest(hub: InProcessHub, path: string, init: RequestInit & { token?: string } = {}) {
  const { token, ...request } = init;
  const headers = { ...(token !== undefined && { Authorization: `Bearer ${token}` }) };
  return fetch(`${hub.hub.url}${path}`, { ...request, headers });
}

describe('a hub that asks who comes', () => {
  let hub: InProcessHub;
  let operator: HubClient;
  const issue = (params: Record<string, unknown>) => operator.request('tokens.issue', params) as Promise<NewToken>;

  beforeAll(async () => {
    hub = await startInProcess({ auth: 'required' });
    mountMcp(hub.hub);
    operator = HubClient.overHttp(undefined, { baseUrl: hub.hub.url, token: hub.ownToken() });
  });
  afterAll(async () => {
    await operator.close();
    await hub[Symbol.asyncDispose]();
  });

  it('leaves a token for the account of the store, for nobody else to read', async () => {
    expect(statSync(join(dirname(hub.hub.storage_path), '.arc.token')).mode & 0o777).toBe(0o600);
    const identity = { role: 'operator', verified: true, names: null, channels: null, auth: 'required' };
    expect(await operator.identity()).toMatchObject(identity);
  });

  it.each(WAYS)('refuses whoever shows none over %s', async (_, open) => {
    // An empty token is none: what lies in this folder or in the environment must not help.
    const { code, message } = await refusal(
      (async () => {
        await using client = await open(
          { baseUrl: hub.hub.url, token: `arct_${'a'.repeat(10)}_${'b'.repeat(43)}` },
          'ana',
        );
        await client.hubInfo();
      })(),
    );
    expect({ code, message }).toEqual({ code: 'unauthorized', message: 'this hub does not know the token' });
  });

  it('answers 401 with what to do, and keeps two pages open', async () => {
    const bare = await rest(hub, '/v1/hub-info');
    expect([bare.status, bare.headers.get('www-authenticate'), bare.headers.get('x-arc-error')]).toEqual([
      401,
      'Bearer',
      'unauthorized',
    ]);
    expect(await bare.json()).toEqual({ ok: false, error: expect.stringContaining('arc token issue') });
    expect((await rest(hub, '/healthz')).status).toBe(200);
    expect((await rest(hub, '/')).status).toBe(200);
    expect((await rest(hub, '/v1/nothing')).status).toBe(401);
  });

  it('does not take a token out of the address', async () => {
    const { token } = await issue({ names: ['ana'] });
    const answer = await rest(hub, `/v1/hub-info?token=${token}`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: expect.stringContaining('Authorization: Bearer') });
  });

  it.each(WAYS)('lets a token be its agent and nobody else over %s', async (_, open) => {
    const { token, id } = await issue({ names: ['ben'], label: 'the laptop of ben' });
    await using ben = await open({ baseUrl: hub.hub.url, token }, 'ben');
    expect(await ben.identity()).toMatchObject({ token_id: id, role: 'agent', names: ['ben'] });
    expect(await ben.post('general', 'hello')).toMatchObject({ from_agent: 'ben' });
    const as = await refusal(ben.request('messages.post', { from_agent: 'ana', body: 'x' }));
    expect(as).toMatchObject({
      code: 'forbidden',
      message: 'from_agent ana is not a name that the caller may act as: its token is for ben',
    });
    expect(await refusal(ben.request('inbox.list', { agent_id: 'ana' }))).toMatchObject({ code: 'forbidden' });
    expect(await refusal(ben.tokens())).toMatchObject({ code: 'forbidden' });
  });

  it('ends what a revoked token has open: connection, wait, stream', async () => {
    const { token, id } = await issue({ names: ['cleo'] });
    const socket = new WebSocket(hub.wsUrl, ['arc.v1', `bearer.${token}`]);
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    await new Promise((resolve) => socket.on('open', resolve));
    const stream = await rest(hub, '/v1/stream?agent_id=cleo', { token });
    // Cut off: what a peer does not take must not keep it.
    const ended = stream.text().catch(() => '');
    const poll = rest(hub, '/v1/events?agent_id=cleo&timeout=60&since_id=1000000', { token });
    await until(async () => (await operator.stats()).waiters > 0);
    await operator.revokeToken(id);
    expect(await closed).toBe(4003);
    expect((await poll).status).toBe(401);
    await ended;
    expect((await rest(hub, '/v1/hub-info', { token })).status).toBe(401);
    const { message } = await refusal(HubClient.overHttp('cleo', { baseUrl: hub.hub.url, token }).hubInfo());
    expect(message).toContain('revoked');
  });

  it('takes a host of MCP for the agent of its token, and ends its session with it', async () => {
    const { token, id } = await issue({ names: ['gil'] });
    const requestInit = { headers: { Authorization: `Bearer ${token}` } };
    await expect(openHttp(hub.hub.url, 'ana', { requestInit })).rejects.toThrow(/ana is not a name/);
    await expect(openHttp(hub.hub.url, 'gil')).rejects.toThrow(/needs a token/);
    // The token says who it is.
    await using host = await openHttp(hub.hub.url, '', { requestInit });
    await host.value('arc_post_message', { channel: 'general', body: 'by mcp' });
    expect((await operator.messages({ channel: 'general', tail: true })).at(-1)).toMatchObject({ from_agent: 'gil' });
    await operator.revokeToken(id);
    await expect(host.call('arc_list_agents')).rejects.toThrow(/revoked/);
  });

  it('lets the old secret work for a while after a new one was made', async () => {
    const { token, id } = await issue({ names: ['dora'] });
    const { token: renewed } = await operator.rotateToken(id);
    expect(renewed).not.toBe(token);
    expect(renewed.slice(0, 15)).toBe(token.slice(0, 15));
    for (const each of [token, renewed]) expect((await rest(hub, '/v1/whoami', { token: each })).status).toBe(200);
    const { token: last } = await operator.rotateToken(id, { grace_sec: 0 });
    for (const each of [token, renewed]) expect((await rest(hub, '/v1/whoami', { token: each })).status).toBe(401);
    expect((await rest(hub, '/v1/whoami', { token: last })).status).toBe(200);
  });

  it('hides the channels that a token is not for', async () => {
    for (const name of ['build', 'secret']) await operator.request('channels.create', { name });
    await operator.request('messages.post', { from_agent: 'op', channel: 'secret', thread_id: 'hush', body: 'x' });
    const seen = await operator.request('messages.post', { from_agent: 'op', channel: 'build', body: 'y' });
    const { token } = await issue({ names: ['eve'], channels: ['build'] });
    await using eve = HubClient.overHttp('eve', { baseUrl: hub.hub.url, token });
    expect((await eve.channels()).map(({ name }) => name)).toEqual(['build', 'direct']);
    expect(((await eve.request('events.list', { agent_id: 'eve' })) as { id: number }[]).map(({ id }) => id)).toEqual([
      (seen as { id: number }).id,
    ]);
    expect(await refusal(eve.request('messages.list', { channel: 'secret' }))).toMatchObject({
      code: 'not_found',
      message: 'channel not found',
    });
    expect(await refusal(eve.request('threads.get', { thread_id: 'hush' }))).toMatchObject({ code: 'not_found' });
    expect(await refusal(eve.post('secret', 'x'))).toMatchObject({ code: 'forbidden' });
    expect(await refusal(eve.post('general', 'x'))).toMatchObject({ code: 'forbidden' });
    expect(await eve.post('build', 'x')).toMatchObject({ channel: 'build' });
  });

  it('keeps what was refused and what was done', async () => {
    const { token, id } = await issue({ names: ['fay'] });
    await using fay = HubClient.overHttp('fay', { baseUrl: hub.hub.url, token });
    for (let i = 0; i < 3; i++) await refusal(fay.request('hub.network', { allow_remote: true }));
    const lines = await operator.audit({ tail: true });
    expect(lines).toContainEqual(
      expect.objectContaining({ operation: 'tokens.issue', target: `${id} agent fay`, outcome: 'done' }),
    );
    const refused = lines.filter(({ operation, caller }) => operation === 'hub.network' && caller.token_id === id);
    expect(refused.map(({ outcome }) => outcome)).toContain('forbidden');
    expect(refused.reduce((sum, { count }) => sum + count, 0)).toBe(3);
    expect(JSON.stringify(lines)).not.toContain(token.slice(16));
  });

  it.each<[Record<string, unknown>, string]>([
    [{}, 'names must have one name at least for the role agent'],
    [{ names: ['*'] }, 'names must be whole, or end in * after some characters: *'],
    [{ names: ['a*b'] }, 'names must be whole, or end in * after some characters: a*b'],
    [{ names: ['system'] }, 'names must not hold system, which is the hub itself'],
    [{ role: 'operator', names: ['ana'] }, 'names must be left away for the role operator'],
    [{ role: 'king', names: ['ana'] }, expect.stringContaining('role')],
    [{ names: ['ana'], expires_in_sec: -1 }, 'expires_in_sec must be an integer from 0 to 315360000'],
  ])('refuses to issue %j', async (params, message) => {
    const before = (await operator.tokens()).length;
    expect(await refusal(issue(params))).toMatchObject({ code: 'bad_request', message });
    expect(await operator.tokens()).toHaveLength(before);
  });
});

describe('a hub that is open', () => {
  it('guards the names that have a token, and lets everybody be anybody else', async () => {
    await using hub = await startInProcess();
    await using anyone = HubClient.overHttp(undefined, { baseUrl: hub.hub.url });
    expect(await anyone.identity()).toMatchObject({ role: 'operator', verified: false, auth: 'open' });
    expect(await refusal(anyone.tokens())).toMatchObject({ code: 'forbidden' });
    await using store = await storeOf(hub);
    const { text } = await store.issue(['ana', 'ci-*']);
    // Noticed within a second, as whatever another process writes.
    const asAna = () => anyone.request('messages.post', { from_agent: 'ana', body: 'x' });
    await until(async () => (await asAna().catch((cause: HubError) => cause.code)) === 'forbidden');
    for (const name of ['ana', 'ci-7']) {
      const params = { agent_id: name, replace: true };
      expect(await refusal(anyone.request('sessions.open', params))).toMatchObject({ code: 'forbidden' });
    }
    expect(await anyone.request('messages.post', { from_agent: 'ben', body: 'x' })).toMatchObject({
      from_agent: 'ben',
    });
    await using ana = HubClient.overHttp('ana', { baseUrl: hub.hub.url, token: text });
    expect(await ana.post('general', 'mine')).toMatchObject({ from_agent: 'ana' });
    // Compared in one form, whichever way it was typed.
    const wrong = HubClient.overHttp('ben', { baseUrl: hub.hub.url, token: `${text.slice(0, -1)}_` });
    expect(await refusal(wrong.hubInfo())).toMatchObject({ code: 'unauthorized' });
  });
});
