/** Generation 1.1 over a raw client; numbers are those of the checklist (arcp §E). */
import { describe, expect, it } from 'vitest';
import { startInProcess } from '../support/in-process.js';
import { until } from '../support/until.js';
import { ALL, executor, type Frame, RawClient } from './client.js';

const counted = ({ frames }: RawClient) =>
  frames.flatMap(({ event_seq }) => (event_seq === undefined ? [] : [event_seq]));
const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);

describe('the handshake', () => {
  it('welcomes with what both have (5, 84, 85, 86)', async () => {
    await using up = await startInProcess();
    await using _ = await executor(up.wsUrl, 'bot');
    await using client = await RawClient.connect(up.hub.url, '1.1');
    const { arcp, session_id, payload } = await client.hello([...ALL, 'provisioned_credentials', 'model.use']);
    expect(arcp).toBe('1.1');
    expect(payload).toMatchObject({ session_id, resume_window_sec: 600, heartbeat_interval_sec: 30 });
    expect(payload.resume_token).toMatch(/^rt_[0-9a-f]{64}$/);
    expect([...payload.capabilities.features].sort()).toEqual([...ALL].sort());
    expect(payload.capabilities.agents).toEqual([{ name: 'bot', versions: ['1', '2'], default: '2' }]);
    await using plain = await RawClient.connect(up.hub.url, '1.1');
    const bare = (await plain.hello([])).payload;
    expect(bare.capabilities).toMatchObject({ features: [], agents: ['bot'] });
    expect(bare).not.toHaveProperty('heartbeat_interval_sec');
    expect(bare.resume_token).not.toBe(payload.resume_token);
  });

  it('speaks the older form to those who do (6, 8)', async () => {
    await using up = await startInProcess();
    await using legacy = await RawClient.connect(up.hub.url, '1');
    const welcome = await legacy.hello();
    expect(welcome).toMatchObject({ arcp: '1', payload: { capabilities: { agents: [] } } });
    expect(welcome.payload.capabilities).not.toHaveProperty('features');
    await using future = await RawClient.connect(up.hub.url, '2.0');
    expect(await future.hello()).toMatchObject({
      type: 'session.error',
      arcp: '1.1',
      payload: { code: 'INVALID_REQUEST' },
    });
    expect(await future.gone()).toBe(1002);
  });

  it('refuses a bad token, drops what comes early, takes one hello (87, 88)', async () => {
    await using up = await startInProcess({ auth: 'required' });
    for (const token of ['wrong', '', undefined]) {
      await using client = await RawClient.connect(up.hub.url, '1.1');
      const refused = await client.hello(ALL, { auth: { scheme: 'bearer', token } });
      expect(refused).toMatchObject({
        type: 'session.error',
        session_id: 'sess_none',
        payload: { code: 'UNAUTHENTICATED', retryable: false },
      });
      await client.gone();
    }
    await using client = await RawClient.connect(up.hub.url, '1.1');
    client.send('job.submit', { agent: 'bot' });
    await client.hello(ALL, { auth: { scheme: 'bearer', token: up.ownToken() } });
    client.send('session.hello');
    expect(await client.next(({ type }) => type === 'session.error')).toMatchObject({
      payload: { code: 'INVALID_REQUEST' },
    });
    client.send('session.ping', { nonce: 'n' });
    const pong = await client.next(({ type }) => type === 'session.pong');
    expect(pong.payload.ping_nonce).toBe('n');
    expect(pong).not.toHaveProperty('event_seq');
    expect(client.frames.map(({ type }) => type)).toEqual(['session.welcome', 'session.error', 'session.pong']);
  });

  it('closes in both ways (96)', async () => {
    await using up = await startInProcess();
    await using closing = await RawClient.connect(up.hub.url, '1.1');
    await closing.hello();
    closing.send('session.close', { reason: 'done' });
    expect(await closing.gone()).toBe(1000);
    expect(closing.frames.at(-1)?.type).toBe('session.closed');
    await using bye = await RawClient.connect(up.hub.url, '1.1');
    await bye.hello();
    bye.send('session.bye');
    expect(await bye.gone()).toBe(1000);
    expect(bye.frames).toHaveLength(1);
  });
});

const submit = async (client: RawClient, input: object, more: object = {}): Promise<Frame> => {
  const id = client.send('job.submit', { agent: 'bot', input, ...more });
  return client.next(({ payload }) => payload.request_id === id || payload.details?.request_id === id);
};

describe('jobs', () => {
  it('are numbered without a gap over several at once (97, 109, 110)', async () => {
    await using up = await startInProcess();
    await using _ = await executor(up.wsUrl, 'bot');
    await using client = await RawClient.connect(up.hub.url, '1.1');
    await client.hello(ALL.filter((each) => each !== 'progress'));
    const trace_id = '0af7651916cd43dd8448eb211c80319c';
    const say = [
      'hi',
      { kind: 'thought', body: { text: 'hm' } },
      { kind: 'progress', body: { current: 1 } },
      { kind: 'metric', body: { name: 'x' } },
      { kind: 'x-vendor.acme.tick', body: { n: 1 } },
      { kind: 'odd', body: { n: 2 } },
    ];
    for (let n = 0; n < 3; n++) {
      client.send(
        'job.submit',
        { agent: 'bot', input: { say, result: n } },
        { trace_id: `00-${trace_id}-b7ad6b7169203331-01` },
      );
    }
    await until(() => client.of('job.result').length === 3);
    for (const { payload, ...accepted } of client.of('job.accepted')) {
      expect(accepted).toMatchObject({ trace_id });
      expect(accepted).not.toHaveProperty('event_seq');
      expect(payload).toMatchObject({ agent: 'bot@2', lease: {}, trace_id });
      const told = client.frames.filter(
        ({ job_id, event_seq }) => job_id === payload.job_id && event_seq !== undefined,
      );
      const kinds = told.map((frame) => frame.payload.kind ?? frame.type);
      expect(kinds).toEqual(['status', 'log', 'thought', 'x-vendor.acme.tick', 'log', 'job.result']);
      for (const frame of told.slice(0, -1)) expect(frame.payload.ts).toMatch(/Z$/);
    }
    expect(counted(client)).toEqual(upTo(18));
  });

  it('are accepted in the order of their submission (98)', async () => {
    await using up = await startInProcess();
    await using _ = await executor(up.wsUrl, 'bot');
    await using client = await RawClient.connect(up.hub.url, '1.1');
    await client.hello();
    const ids = upTo(100).map((n) => client.send('job.submit', { agent: 'bot', input: { result: n } }));
    await until(() => client.of('job.result').length === 100);
    expect(client.of('job.accepted').map(({ payload }) => payload.request_id)).toEqual(ids);
    expect(counted(client)).toEqual(upTo(200));
  });

  it('are refused in the words of 1.1 (99, 100, 112, 118, 120)', async () => {
    await using up = await startInProcess();
    await using _ = await executor(up.wsUrl, 'bot');
    await using client = await RawClient.connect(up.hub.url, '1.1');
    await client.hello();
    const tries: [object, string][] = [
      [{ agent: 'nobody' }, 'AGENT_NOT_AVAILABLE'],
      [{ agent: 'bot@9' }, 'AGENT_VERSION_NOT_AVAILABLE'],
      [{ agent: 'Bad Name!' }, 'INVALID_REQUEST'],
      [{ lease_request: { 'fs.read': ['/a'] } }, 'INVALID_REQUEST'],
      [{ max_runtime_sec: 0 }, 'INVALID_REQUEST'],
    ];
    for (const [more, code] of tries) {
      expect(await submit(client, {}, more)).toMatchObject({
        type: 'session.error',
        payload: { code, retryable: false },
      });
    }
    client.send('session.frobnicate');
    await until(() => client.of('session.error').length === tries.length + 1);
    const running = await submit(client, { hold: true });
    const refused = await submit(client, {}, { agent: 'nobody' });
    expect(refused).toMatchObject({
      type: 'job.error',
      payload: { code: 'AGENT_NOT_AVAILABLE', final_status: 'error' },
    });
    expect(refused.job_id).not.toBe(running.job_id);
    expect(counted(client)).toEqual([1, 2]);
  });

  it('are done once for one key (101)', async () => {
    await using up = await startInProcess();
    await using bot = await executor(up.wsUrl, 'bot');
    await using client = await RawClient.connect(up.hub.url, '1.1');
    await client.hello();
    const key = { idempotency_key: 'weekly' };
    const first = await submit(client, { result: 1 }, key);
    await client.next(({ type }) => type === 'job.result');
    const again = await submit(client, { result: 1 }, key);
    expect(again.payload.job_id).toBe(first.payload.job_id);
    const repeated = await client.next(({ type }) => type === 'job.result', client.frames.indexOf(again));
    expect(repeated).toMatchObject({ job_id: first.job_id, event_seq: 3, payload: { result: 1 } });
    const other = await submit(client, { result: 2 }, key);
    expect(other.payload).toMatchObject({ code: 'DUPLICATE_KEY', details: { existing_job_id: first.job_id } });
    expect(bot.seen).toHaveLength(1);
  });

  it('end by error, by time, by cancellation (102, 103, 104)', async () => {
    await using up = await startInProcess();
    await using _ = await executor(up.wsUrl, 'bot');
    await using client = await RawClient.connect(up.hub.url, '1.1');
    await client.hello();
    const ended = (job_id: string | undefined) =>
      client.next((frame) => frame.type === 'job.error' && frame.job_id === job_id);
    const broken = await submit(client, { error: { code: 'ODD', message: 'broke' } });
    expect((await ended(broken.job_id)).payload).toMatchObject({
      final_status: 'error',
      code: 'INTERNAL_ERROR',
      retryable: true,
      details: { code: 'ODD' },
    });
    const slow = await submit(client, { deaf: true }, { max_runtime_sec: 1 });
    expect((await ended(slow.job_id)).payload).toMatchObject({
      final_status: 'timed_out',
      code: 'TIMEOUT',
      retryable: true,
    });
    const held = await submit(client, { hold: true });
    client.send('job.cancel', { reason: 'enough' }, { job_id: held.job_id });
    expect((await ended(held.job_id)).payload).toMatchObject({ final_status: 'cancelled', code: 'CANCELLED' });
    const types = client.frames.filter(({ job_id }) => job_id === held.job_id).map(({ type }) => type);
    expect(types).toEqual(['job.accepted', 'job.event', 'job.cancelled', 'job.error']);
    client.send('job.cancel');
    client.send('job.cancel', {}, { job_id: 'job_unknown' });
    await until(() => client.of('session.error').length === 2);
    expect(client.of('session.error').map(({ payload }) => payload.code)).toEqual(['INVALID_REQUEST', 'JOB_NOT_FOUND']);
  });

  it('are listed in pages and watched by a second session (104, 105, 106, 108)', async () => {
    await using up = await startInProcess();
    await using bot = await executor(up.wsUrl, 'bot');
    await using owner = await RawClient.connect(up.hub.url, '1.1');
    await using other = await RawClient.connect(up.hub.url, '1.1');
    await owner.hello();
    await other.hello();
    const ids: unknown[] = [];
    for (let n = 0; n < 5; n++) ids.push((await submit(owner, { hold: true, say: ['one'], result: n })).job_id);
    await until(() => counted(owner).length === 10 && bot.held.length === 5);
    const listed: unknown[] = [];
    for (let cursor: unknown = null; ; ) {
      const id = other.send('session.list_jobs', { limit: 2, cursor });
      const { payload } = await other.next((frame) => frame.payload.request_id === id);
      listed.push(...payload.jobs.map(({ job_id }: { job_id: string }) => job_id));
      cursor = payload.next_cursor;
      if (cursor === null) break;
    }
    expect(listed).toEqual(ids);
    other.send('job.subscribe', { job_id: ids[0], history: true });
    other.send('job.subscribe', { job_id: ids[1] });
    await until(() => other.of('job.subscribed').length === 2);
    expect(other.of('job.subscribed')[0]?.payload).toMatchObject({
      current_status: 'running',
      subscribed_from: 2,
      replayed: true,
    });
    other.send('job.cancel', {}, { job_id: ids[0] });
    expect((await other.next(({ type }) => type === 'session.error')).payload.code).toBe('PERMISSION_DENIED');
    other.send('job.unsubscribe', { job_id: ids[1] });
    other.send('session.ping', { nonce: 'after' });
    await other.next(({ type }) => type === 'session.pong');
    await bot.held[1]?.();
    await bot.held[0]?.();
    expect((await other.next(({ type }) => type === 'job.result')).job_id).toBe(ids[0]);
    expect(counted(other)).toEqual([1, 2, 3]);
  });
});

describe('resume', () => {
  it('goes on without gap or repeat, and only with the newest token (89, 90, 91)', async () => {
    await using up = await startInProcess();
    await using bot = await executor(up.wsUrl, 'bot');
    await using first = await RawClient.connect(up.hub.url, '1.1');
    const welcome = await first.hello();
    const { job_id } = await submit(first, { say: ['a', 'b', 'c'], hold: true, result: 'end' });
    await until(() => counted(first).length === 4 && bot.held.length === 1);
    first.ws.terminate();
    await first.gone();
    await bot.held[0]?.();
    const session_id = welcome.payload.session_id;
    const wish = { session_id, resume_token: welcome.payload.resume_token, last_event_seq: 2 };
    await using second = await RawClient.connect(up.hub.url, '1.1');
    const again = await second.hello(ALL, { resume: wish });
    expect(again).toMatchObject({ type: 'session.welcome', session_id });
    await second.next(({ type }) => type === 'job.result');
    expect(counted(second)).toEqual([3, 4, 5]);
    expect(second.frames.slice(1, 3)).toEqual(first.frames.filter(({ event_seq }) => (event_seq ?? 0) > 2));
    expect(second.frames.at(-1)).toMatchObject({ job_id, payload: { result: 'end' } });
    await submit(second, { result: 2 });
    await until(() => counted(second).length === 5);
    expect(counted(second)).toEqual([3, 4, 5, 6, 7]);
    const { resume_token } = again.payload;
    for (const bad of [
      wish,
      { ...wish, resume_token, last_event_seq: 99 },
      { ...wish, resume_token, session_id: 'sess_x' },
    ]) {
      await using late = await RawClient.connect(up.hub.url, '1.1');
      expect((await late.hello(ALL, { resume: bad })).payload.code).toBe('RESUME_WINDOW_EXPIRED');
      await late.gone();
    }
    await using third = await RawClient.connect(up.hub.url, '1.1');
    const client = { name: 'tess', version: '1' };
    third.send('session.resume', { session_id, resume_token, last_event_seq: 6, client });
    await third.next(({ event_seq }) => event_seq === 7);
    expect(await second.gone()).toBe(4001);
  });
});
