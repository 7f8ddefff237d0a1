/** Generation 1.0 over a raw client; numbers are those of the checklist (arcp §E). */
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { G1_FIELDS } from '../../protocol/arcp/g1.js';
import { startInProcess } from '../support/in-process.js';
import { executor, RawClient } from './client.js';

const ID = /^[a-z]+_[0-9A-HJKMNP-TV-Z]{26}$/;

describe('transport and handshake', () => {
  it('upgrades without Authorization, refuses a foreign Host (1, 2, 4, 15, 16)', async () => {
    await using up = await startInProcess();
    await using client = await RawClient.connect(up.hub.url);
    const id = 'open-1';
    client.send(
      'session.open',
      {
        auth: { scheme: 'none' },
        client: { kind: 'x', version: '1' },
        capabilities: {
          anonymous: true,
          streaming: true,
          checkpoints: true,
          heartbeat_interval_seconds: 5,
          extensions: ['arcpx.a.b.v1'],
        },
      },
      { id },
    );
    const accepted = await client.next(({ type }) => type === 'session.accepted');
    expect(accepted).toMatchObject({ arcp: '1.0', correlation_id: id, payload: { session_id: accepted.session_id } });
    expect(accepted.payload.capabilities).toMatchObject({
      streaming: true,
      checkpoints: false,
      heartbeat_interval_seconds: 5,
      extensions: [],
    });
    expect(Object.keys(accepted.payload).sort()).toEqual(['capabilities', 'lease', 'runtime', 'session_id']);
    const status = await new Promise((resolve) => {
      const headers = {
        Host: 'evil.example',
        Upgrade: 'websocket',
        Connection: 'Upgrade',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      };
      request(`${up.hub.url}/arcp`, { headers }, (res) => resolve(res.statusCode)).end();
    });
    expect(status).toBe(403);
  });

  it('takes a token of the hub and no other (17, 18, 19)', async () => {
    await using up = await startInProcess({ auth: 'required' });
    const tries: [object, string][] = [
      [{ auth: { scheme: 'bearer', token: 'wrong' } }, 'UNAUTHENTICATED'],
      [
        {
          auth: { scheme: 'bearer', token: 'wrong' },
          capabilities: { extensions: ['arcpx.a.b.v1'], required: ['arcpx.a.b.v1'] },
        },
        'UNAUTHENTICATED',
      ],
      [{ auth: { scheme: 'oauth2', token: 'x' } }, 'UNIMPLEMENTED'],
      [{ auth: { scheme: 'none' } }, 'UNAUTHENTICATED'],
      [{ auth: 7 }, 'INVALID_ARGUMENT'],
    ];
    for (const [payload, code] of tries) {
      await using client = await RawClient.connect(up.hub.url);
      const answer = await client.ask('session.open', {
        client: { kind: 'x', version: '1' },
        capabilities: {},
        ...payload,
      });
      expect(answer).toMatchObject({ type: 'session.rejected', payload: { code, retryable: false } });
      expect(await client.gone()).toBe(1000);
    }
    await using client = await RawClient.connect(up.hub.url);
    const accepted = await client.open(up.ownToken());
    expect(accepted.type).toBe('session.accepted');
    expect(accepted.payload.capabilities.anonymous).toBe(false);
  });

  it('refuses an extension that is required (24), a second open (21), and what comes early (20)', async () => {
    await using up = await startInProcess();
    await using lacking = await RawClient.connect(up.hub.url);
    const rejected = await lacking.open(undefined, { extensions: ['arcpx.a.b.v1'], required: ['arcpx.a.b.v1'] });
    expect(rejected).toMatchObject({ type: 'session.rejected', payload: { code: 'UNIMPLEMENTED' } });
    await using client = await RawClient.connect(up.hub.url);
    expect((await client.ask('ping')).type).toBe('session.unauthenticated');
    expect((await client.open()).type).toBe('session.accepted');
    expect(await client.ask('session.open')).toMatchObject({ type: 'nack', payload: { code: 'FAILED_PRECONDITION' } });
    const id = client.send('ping', { nonce: 'x' });
    const pong = await client.next(({ correlation_id }) => correlation_id === id);
    expect(pong).toMatchObject({ type: 'pong', payload: { nonce: 'x', ack_for: id } });
  });

  it('refuses other versions, survives what is no envelope (7, 8, 11, 12, 3)', async () => {
    await using up = await startInProcess();
    await using old = await RawClient.connect(up.hub.url, '2.0');
    expect(await old.ask('session.open')).toMatchObject({ type: 'nack', payload: { code: 'UNIMPLEMENTED' } });
    expect(await old.gone()).toBe(1002);
    await using hybrid = await RawClient.connect(up.hub.url, '1.1');
    expect(await hybrid.open()).toMatchObject({ type: 'session.accepted', arcp: '1.1' });
    for (const frame of ['[]', '"x"', '{', '7', '{"id":"q"}']) hybrid.ws.send(frame);
    expect((await hybrid.ask('ping', { more: 1 }, { frob: true })).type).toBe('pong');
    expect(hybrid.of('nack')[0]).toMatchObject({ correlation_id: 'q', payload: { code: 'INVALID_ARGUMENT' } });
    await using large = await RawClient.connect(up.hub.url);
    large.send('session.open', { pad: 'x'.repeat(66_000) });
    expect(await large.gone()).toBe(1009);
  });
});

describe('jobs', () => {
  it('answer in order, each correlated, with fields of 1.0 only (10, 16, 28, 30, 53)', async () => {
    await using up = await startInProcess();
    await using _ = await executor(up.wsUrl, 'Echo Bot');
    await using client = await RawClient.connect(up.hub.url);
    await client.open();
    const say = ['a', { kind: 'progress', body: { current: 1, total: 4 } }, 'b'];
    const id = client.send('tool.invoke', { tool: 'echo-bot', arguments: { say, result: { ok: true } } });
    await client.next(({ type }) => type === 'job.completed');
    const told = client.frames.filter(({ correlation_id }) => correlation_id === id);
    expect(told.map(({ type }) => type)).toEqual([
      'job.accepted',
      'job.started',
      'stream.open',
      'stream.chunk',
      'job.progress',
      'stream.chunk',
      'stream.close',
      'tool.result',
      'job.completed',
    ]);
    expect(told.filter(({ type }) => type === 'stream.chunk').map(({ payload }) => payload.sequence)).toEqual([0, 1]);
    expect(told.find(({ type }) => type === 'job.progress')?.payload.percent).toBe(25);
    expect(told.at(-2)?.payload).toEqual({ value: { ok: true } });
    expect(new Set(told.map(({ job_id }) => job_id)).size).toBe(1);
    for (const frame of client.frames) {
      expect(frame.id).toMatch(ID);
      for (const field of Object.keys(frame)) expect(G1_FIELDS).toContain(field);
    }
  });

  it('fail in the words of both vocabularies (29, 31, 32, 39)', async () => {
    await using up = await startInProcess();
    await using _ = await executor(up.wsUrl, 'bot');
    await using client = await RawClient.connect(up.hub.url);
    await client.open();
    client.send('tool.invoke', { tool: 'bot', arguments: { error: { code: 'OUT_OF_RANGE', message: 'too far' } } });
    const failed = await client.next(({ type }) => type === 'job.failed');
    expect(client.of('tool.error')[0]?.payload).toEqual(failed.payload);
    expect(failed.payload).toEqual({ code: 'OUT_OF_RANGE', message: 'too far', retryable: false });
    client.send('tool.invoke', { tool: 'bot', arguments: {} });
    expect((await client.next(({ type }) => type === 'tool.result')).payload).toEqual({});
    const id = client.send('tool.invoke', { tool: 'nobody' });
    const nack = await client.next(({ correlation_id }) => correlation_id === id);
    expect(nack).toMatchObject({ type: 'nack', payload: { code: 'NOT_FOUND', ack_for: id, retryable: false } });
  });

  it('are done once for one id and one key (34, 35, 36, 37)', async () => {
    await using up = await startInProcess();
    await using bot = await executor(up.wsUrl, 'bot');
    await using client = await RawClient.connect(up.hub.url);
    await using second = await RawClient.connect(up.hub.url);
    await client.open();
    await second.open();
    const wish = { tool: 'bot', arguments: { hold: true, result: 1 } };
    const key = { idempotency_key: 'k' };
    const first = await client.ask('tool.invoke', wish, { id: 'same', ...key });
    client.send('tool.invoke', wish, { id: 'same', ...key });
    const again = await second.ask('tool.invoke', wish, key);
    expect(again.payload.job_id).toBe(first.payload.job_id);
    const other = await second.ask('tool.invoke', { tool: 'bot', arguments: { result: 2 } }, key);
    expect(other).toMatchObject({
      type: 'nack',
      payload: { code: 'ALREADY_EXISTS', details: { job_id: first.job_id } },
    });
    await client.next(({ type, id }) => type === 'job.accepted' && id === first.id, client.frames.indexOf(first) + 1);
    await (await import('../support/until.js')).until(() => bot.held.length === 1);
    await bot.held[0]?.();
    await Promise.all([client, second].map((each) => each.next(({ type }) => type === 'job.completed')));
    const late = second.send('tool.invoke', wish, key);
    await second.next(({ type, correlation_id }) => type === 'job.completed' && correlation_id === late);
    expect(bot.seen).toHaveLength(1);
  });

  it('are cancelled, or cut off at the deadline (45, 46, 47, 49)', async () => {
    await using up = await startInProcess();
    await using _ = await executor(up.wsUrl, 'bot');
    await using client = await RawClient.connect(up.hub.url);
    await client.open();
    const { payload } = await client.ask('tool.invoke', { tool: 'bot', arguments: { hold: true } });
    const target = { target: 'job', target_id: payload.job_id };
    expect(await client.ask('cancel', target)).toMatchObject({ type: 'cancel.accepted', payload: target });
    await client.next(({ type }) => type === 'job.cancelled');
    expect(client.of('tool.result')).toEqual([]);
    expect((await client.ask('cancel', target)).payload.reason).toBe('already_terminal');
    expect((await client.ask('cancel', { target: 'job', target_id: 'job_x' })).payload.reason).toBe('not_found');
    const deaf = await client.ask('tool.invoke', { tool: 'bot', arguments: { deaf: true } });
    client.send('cancel', { target: 'job', target_id: deaf.payload.job_id, deadline_ms: 1 });
    expect((await client.next(({ type }) => type === 'job.failed')).payload.code).toBe('ABORTED');
  });

  it('beat while they run (42)', async () => {
    await using up = await startInProcess();
    await using _ = await executor(up.wsUrl, 'bot');
    await using client = await RawClient.connect(up.hub.url);
    await client.open(undefined, { heartbeat_interval_seconds: 0.1 });
    client.send('tool.invoke', { tool: 'bot', arguments: { deaf: true } });
    const beat = await client.next(({ type, payload }) => type === 'job.heartbeat' && payload.sequence === 1);
    expect(beat.payload).toMatchObject({ deadline_ms: 200, state: 'running' });
  });

  it('of a closed session end, unless it is detached (25)', async () => {
    await using up = await startInProcess();
    await using bot = await executor(up.wsUrl, 'bot');
    for (const [payload, ends] of [
      [{}, true],
      [{ dispose_jobs: 'detach' }, false],
    ] as const) {
      await using client = await RawClient.connect(up.hub.url);
      await client.open();
      const { job_id } = await client.ask('tool.invoke', { tool: 'bot', arguments: { hold: true } });
      client.send('session.close', payload);
      expect(await client.gone()).toBe(1000);
      await using later = await RawClient.connect(up.hub.url);
      await later.open();
      const refused = await later.ask('cancel', { target: 'job', target_id: job_id });
      expect(refused.type).toBe(ends ? 'cancel.refused' : 'cancel.accepted');
    }
    expect(bot.seen.length).toBe(2);
  });
});

describe('what is not offered, not known, or not well formed (33, 51, 79, 82, 83)', () => {
  it.each([
    ['job.schedule', {}, 'UNIMPLEMENTED'],
    ['workflow.start', {}, 'UNIMPLEMENTED'],
    ['checkpoint.create', {}, 'UNIMPLEMENTED'],
    ['checkpoint.restore', { checkpoint_id: 'x' }, 'UNIMPLEMENTED'],
    ['agent.handoff', {}, 'UNIMPLEMENTED'],
    ['job.frobnicate', {}, 'UNIMPLEMENTED'],
    ['job.submit', { agent: 'x' }, 'UNIMPLEMENTED'],
    ['arcpx.acme.x.v1', {}, 'UNIMPLEMENTED'],
    ['weird', {}, 'UNIMPLEMENTED'],
    ['tool.invoke', {}, 'INVALID_ARGUMENT'],
    ['tool.invoke', { tool: 7 }, 'INVALID_ARGUMENT'],
    ['cancel', { target: 'moon', target_id: 'x' }, 'INVALID_ARGUMENT'],
    ['resume', { after_message_id: 'msg_unknown' }, 'DATA_LOSS'],
    ['resume', { checkpoint_id: 'x' }, 'UNIMPLEMENTED'],
  ])('%s %j: %s', async (type, payload, code) => {
    await using up = await startInProcess();
    await using client = await RawClient.connect(up.hub.url);
    await client.open();
    const id = client.send(type, payload);
    expect(await client.next(({ correlation_id }) => correlation_id === id)).toMatchObject({
      type: 'nack',
      payload: { code, ack_for: id },
    });
    client.send('arcpx.acme.x.v1', {}, { extensions: { optional: true } });
    for (const quiet of ['ack', 'nack', 'pong']) client.send(quiet);
    const before = client.frames.length;
    expect((await client.ask('ping')).type).toBe('pong');
    expect(client.frames.length).toBe(before + 1);
  });
});
