/** Who an ARCP client is to the hub, and what ends it (arcp §A.6, §D.1, E 26, 37, 87, 123). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import { startHub } from '../support/hub-process.js';
import { startInProcess } from '../support/in-process.js';
import { until } from '../support/until.js';
import { ALL, executor, RawClient } from './client.js';

async function guarded() {
  const up = await startInProcess({ auth: 'required' });
  const keeper = HubClient.overHttp(undefined, { baseUrl: up.hub.url, token: up.ownToken() });
  const issue = (role: 'agent' | 'observer', names: string[]) => keeper.operation('tokens.issue', { role, names });
  return { up, keeper, issue };
}

describe('tokens', () => {
  it('say who asks, and nobody else hears of it (37)', async () => {
    const { up, keeper, issue } = await guarded();
    await using _hub = up;
    await using bot = await executor(up.wsUrl, 'bot', (await issue('agent', ['bot'])).token);
    const [ana, ben] = [await issue('agent', ['ana']), await issue('agent', ['ben'])];
    await using first = await RawClient.connect(up.hub.url);
    await using second = await RawClient.connect(up.hub.url);
    await first.open(ana.token);
    await second.open(ben.token);
    const wish = { tool: 'bot', arguments: { hold: true } };
    const key = { idempotency_key: 'k' };
    const mine = await first.ask('tool.invoke', wish, key);
    const theirs = await second.ask('tool.invoke', wish, key);
    expect(theirs.job_id).not.toBe(mine.job_id);
    await until(() => bot.held.length === 2);
    const requests = await Promise.all(bot.seen.map((id) => keeper.operation('messages.get', { id })));
    expect(requests.map(({ from_agent }) => from_agent)).toEqual(['ana', 'ben']);
    const foreign = await second.ask('cancel', { target: 'job', target_id: mine.job_id });
    expect(foreign).toMatchObject({ type: 'cancel.refused', payload: { reason: 'not_found' } });
  });

  it('of an observer asks for nothing', async () => {
    const { up, issue } = await guarded();
    await using _hub = up;
    await using _bot = await executor(up.wsUrl, 'bot', (await issue('agent', ['bot'])).token);
    const { token } = await issue('observer', []);
    await using client = await RawClient.connect(up.hub.url);
    await client.open(token);
    expect((await client.ask('tool.invoke', { tool: 'bot' })).payload).toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it('that are revoked end their connections, in both generations', async () => {
    const { up, keeper, issue } = await guarded();
    await using _hub = up;
    const { id, token } = await issue('agent', ['ana']);
    await using one = await RawClient.connect(up.hub.url);
    await using two = await RawClient.connect(up.hub.url, '1.1');
    await one.open(token);
    await two.hello(ALL, { auth: { scheme: 'bearer', token } });
    await keeper.operation('tokens.revoke', { id });
    expect(await one.gone()).toBe(1000);
    expect(await two.gone()).toBe(1008);
    expect(one.frames.at(-1)).toMatchObject({ type: 'session.evicted', payload: { reason: 'UNAUTHENTICATED' } });
    expect(two.frames.at(-1)).toMatchObject({ type: 'session.error', payload: { code: 'UNAUTHENTICATED' } });
  });
});

describe('what is kept', () => {
  it('holds no resume token, and knows an agent that is away after a restart (123, D.3)', async () => {
    await using up = await startHub();
    const baseUrl = up.url;
    const bot = await HubClient.connect('Old Bot', { baseUrl });
    await bot.close();
    await using client = await RawClient.connect(up.url, '1.1');
    const { resume_token } = (await client.hello()).payload;
    await up.stop();
    const kept = readFileSync(up.storage);
    expect(kept.includes(resume_token)).toBe(false);
    expect(up.stdout + up.stderr).not.toContain(resume_token);
    await up.restart();
    await using later = await RawClient.connect(up.url);
    await later.open();
    expect((await later.ask('tool.invoke', { tool: 'old-bot' })).payload.queued).toBe(true);
  });
});
