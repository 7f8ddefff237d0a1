/** What a cut, or a hub that is killed, costs a client: nothing (arcp §D.6, E 38, 78, 80, 81, 92, 124). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startHub } from '../support/hub-process.js';
import { startInProcess } from '../support/in-process.js';
import { until } from '../support/until.js';
import { ALL, executor, type Frame, RawClient } from './client.js';

const SAY = ['a', 'b', { kind: 'log', body: { level: 'info', message: 'c' } }, 'd'];

async function resumedG1(url: string, session_id: string | undefined, after: string | undefined): Promise<RawClient> {
  const client = await RawClient.connect(url);
  await client.open();
  client.send('resume', after === undefined ? {} : { after_message_id: after }, { session_id });
  return client;
}

describe('generation 1.0', () => {
  it('replays what came after any envelope, as it was, then goes on (78)', async () => {
    await using up = await startInProcess();
    await using bot = await executor(up.wsUrl, 'bot');
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 7 }), async (cut) => {
        await using first = await RawClient.connect(up.hub.url);
        await first.open();
        const earlier = bot.held.length;
        first.send('tool.invoke', { tool: 'bot', arguments: { say: SAY, hold: true, result: 1 } });
        await until(() => first.frames.length === 8 && bot.held.length > earlier);
        const seen = first.frames.slice(0, cut + 1);
        first.ws.terminate();
        const last = seen.at(-1) as Frame;
        const anchor = last.type === 'session.accepted' ? undefined : last.id;
        await using second = await resumedG1(up.hub.url, first.sessionId, anchor);
        await second.next(({ type }) => type === 'ack');
        await bot.held.at(-1)?.();
        await second.next(({ type }) => type === 'job.completed');
        const replayed = second.frames.slice(
          1,
          second.frames.findIndex(({ type }) => type === 'ack'),
        );
        expect(replayed).toEqual(first.frames.slice(cut + 1));
        const after = second.frames.slice(replayed.length + 2).map(({ type }) => type);
        expect(after).toEqual(['stream.close', 'tool.result', 'job.completed']);
      }),
      { numRuns: 12 },
    );
  });

  it('does not show one principal the session of another (80)', async () => {
    await using up = await startInProcess();
    await using first = await RawClient.connect(up.hub.url);
    await first.open();
    await using other = await RawClient.connect(up.hub.url);
    const client = { kind: 'x', version: '1', principal: 'mallory' };
    const accepted = await other.ask('session.open', {
      auth: { scheme: 'none' },
      client,
      capabilities: { anonymous: true },
    });
    expect(accepted.type).toBe('session.accepted');
    const refused = await other.ask('resume', {}, { session_id: first.sessionId });
    expect(refused).toMatchObject({ type: 'nack', payload: { code: 'PERMISSION_DENIED' } });
  });
});

describe('a hub that is killed', () => {
  it('has lost nothing that it accepted, in either generation (38, 81, 92, 124)', async () => {
    await using up = await startHub();
    const ws = `${up.url.replace(/^http/, 'ws')}/v1/ws`;
    const bot = await executor(ws, 'bot');
    const g1 = await RawClient.connect(up.url);
    const g2 = await RawClient.connect(up.url, '1.1');
    await g1.open();
    const welcome = await g2.hello();
    g1.send('tool.invoke', { tool: 'bot', arguments: { say: SAY, hold: true, result: 1 } }, { idempotency_key: 'k' });
    g2.send('job.submit', { agent: 'bot', input: { say: SAY, hold: true, result: 2 } });
    await until(() => g1.frames.length === 8 && g2.frames.length === 7 && bot.held.length === 2);
    const port = Number(new URL(up.url).port);
    await up.kill();
    await up.restart({ port });
    const second = await resumedG1(up.url, g1.sessionId, g1.frames[3]?.id);
    await second.next(({ type }) => type === 'ack');
    expect(second.frames.slice(1, 5)).toEqual(g1.frames.slice(4));
    const { session_id, resume_token } = welcome.payload;
    const resumed = await RawClient.connect(up.url, '1.1');
    await resumed.hello(ALL, { resume: { session_id, resume_token, last_event_seq: 1 } });
    for (const go of bot.held) await go();
    await second.next(({ type }) => type === 'job.completed');
    await resumed.next(({ type }) => type === 'job.result');
    const numbers = resumed.frames.flatMap(({ event_seq }) => (event_seq === undefined ? [] : [event_seq]));
    expect(numbers).toEqual([2, 3, 4, 5, 6]);
    const wish = { tool: 'bot', arguments: { say: SAY, hold: true, result: 1 } };
    const again = await second.ask('tool.invoke', wish, { idempotency_key: 'k' });
    expect(again.job_id).toBe(g1.frames.find(({ type }) => type === 'job.accepted')?.job_id);
    expect(bot.seen).toHaveLength(2);
    for (const client of [g1, g2, second, resumed]) await client[Symbol.asyncDispose]();
    await bot[Symbol.asyncDispose]();
  });
});
