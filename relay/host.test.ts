import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { until } from '../tests/support/until.js';
import { Spool } from './testing/fixture.js';

describe.each(['events', 'polling'] as const)('the host, by %s', (watch) => {
  it('answers a request by its file name, with numbers digit for digit (arc-v1 §7.3, §2.4)', async () => {
    await using spool = await Spool.create();
    await spool.serve({ watch });
    const body = '{"metadata": {"n": 12345678901234567890, "f": 1.0}}';
    const request = `{"request_id": "other", "method": "post", "path": "/v1/messages", "body": ${body}}`;
    await spool.put('ana', 'first', request);
    const text = await spool.answerText('ana', 'first');
    expect(text).toContain(body);
    expect(JSON.parse(text)).toMatchObject({ request_id: 'other', ok: true, status: 200 });
    expect(existsSync(spool.requests('ana', 'first.work'))).toBe(true);
    expect(existsSync(spool.requests('ana', 'first.json'))).toBe(false);
    expect(spool.calls).toMatchObject([{ method: 'POST', idempotency_key: expect.stringMatching(/^relay-/) }]);
  });

  it('serves what was there before it started, the oldest first and names in order within a moment', async () => {
    await using spool = await Spool.create();
    await spool.put('ana', 'z', { method: 'POST', path: '/1' }, 1_000);
    await spool.put('ana', 'b', { method: 'POST', path: '/3' }, 2_000);
    await spool.put('ana', 'a', { method: 'POST', path: '/2' }, 2_000);
    await spool.serve({ watch });
    for (const stem of ['z', 'a', 'b']) await spool.answer('ana', stem);
    expect(spool.calls.map(({ path }) => path)).toEqual(['/1', '/2', '/3']);
  });

  it('lets nothing wait for a long-poll, and shortens it (arc-v1 §7.6)', async () => {
    await using spool = await Spool.create();
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await spool.serve({
      watch,
      execute: async ({ path }) => {
        if (path.startsWith('/v1/events')) await released;
        return { status: 200, text: '{"ok":true,"result":[]}' };
      },
    });
    await spool.get('ana', 'poll', '/v1/events?agent_id=ana&timeout=60');
    await until(() => spool.calls.length === 1);
    await spool.post('ana', 'post', '/v1/messages', {});
    await spool.post('ben', 'post', '/v1/messages', {});
    await spool.answer('ana', 'post');
    await spool.answer('ben', 'post');
    expect(existsSync(spool.responses('ana', 'poll.json'))).toBe(false);
    expect(spool.calls[0]).toMatchObject({ path: '/v1/events?agent_id=ana&timeout=25', waitSec: 25 });
    release();
    expect(await spool.answer('ana', 'poll')).toMatchObject({ ok: true });
  });

  it('waits for a file that is still being written, and refuses it when it stays unreadable', async () => {
    await using spool = await Spool.create();
    await spool.serve({ watch });
    await mkdir(spool.requests('ana'), { recursive: true });
    const slow = spool.requests('ana', 'slow.json');
    await writeFile(slow, '{"method": "GET",');
    await writeFile(spool.requests('ana', 'torn.json'), '{"method":');
    await spool.get('ana', 'whole', '/whole');
    await spool.answer('ana', 'whole');
    await appendFile(slow, '"path": "/slow"}');
    expect(await spool.answer('ana', 'slow')).toMatchObject({ ok: true, status: 200 });
    expect(await spool.answer('ana', 'torn')).toEqual({
      request_id: 'torn',
      ok: false,
      status: 400,
      completed_at: expect.any(String),
      error: 'invalid relay request: malformed JSON',
      code: 'invalid_request',
    });
  });

  it('makes a spool anew that vanished', async () => {
    await using spool = await Spool.create();
    await spool.serve({ watch });
    await spool.get('ana', 'one', '/1');
    await spool.answer('ana', 'one');
    await rm(spool.path, { recursive: true });
    await until(() => existsSync(spool.requests('')));
    await spool.get('ana', 'two', '/2');
    expect(await spool.answer('ana', 'two')).toMatchObject({ ok: true });
  });
});

describe('the host', () => {
  it.each([
    ['[]', 'request envelope must be a JSON object'],
    ['{"path": "/"}', 'request envelope missing method'],
    ['{"method": "GET", "path": "v1"}', "request path must start with '/'"],
    ['{"method": "POST", "path": "/", "body": []}', 'request body must be a JSON object when provided'],
  ])('refuses %s (arc-v1 §7.4)', async (text, reason) => {
    await using spool = await Spool.create();
    await spool.serve();
    await spool.put('ana', 'bad', text);
    const answer = await spool.answer('ana', 'bad');
    expect(answer).toMatchObject({ status: 400, ok: false, error: `invalid relay request: ${reason}` });
    expect(answer).not.toHaveProperty('body');
  });

  it('answers 599 when the hub cannot be reached, and an answer that is no JSON as its text', async () => {
    await using spool = await Spool.create();
    await spool.serve({
      execute: async ({ path }) => {
        if (path === '/down') throw new Error('connect ECONNREFUSED');
        return { status: 502, text: 'Bad Gateway' };
      },
    });
    await spool.get('ana', 'down', '/down');
    await spool.get('ana', 'odd', '/odd');
    const error = 'connection error: connect ECONNREFUSED';
    expect(await spool.answer('ana', 'down')).toMatchObject({ status: 599, error, body: { ok: false, error } });
    expect(await spool.answer('ana', 'odd')).toMatchObject({
      status: 502,
      ok: false,
      body: 'Bad Gateway',
      error: 'Bad Gateway',
    });
  });

  it('does a request again under a new key when its name is used again', async () => {
    await using spool = await Spool.create();
    await spool.serve();
    await spool.post('ana', 'same', '/1', {});
    await until(() => existsSync(spool.responses('ana', 'same.json')));
    await rm(spool.responses('ana', 'same.json'));
    await spool.post('ana', 'same', '/2', {});
    await until(() => existsSync(spool.responses('ana', 'same.json')));
    const [first, second] = spool.calls;
    expect(first?.idempotency_key).not.toBe(second?.idempotency_key);
    expect([first?.path, second?.path]).toEqual(['/1', '/2']);
  });

  it('answers 429 beyond its bounds, and does the others', async () => {
    await using spool = await Spool.create();
    for (let n = 0; n < 20; n++) await spool.post('ana', `r${String(n).padStart(2, '0')}`, `/${n}`, {});
    await spool.serve({ bounds: { perAgent: 5 } });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => spool.answer('ana', `r${String(n).padStart(2, '0')}`)),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({ code: 'rate_limited', body: { ok: false } });
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(20 - refused.length);
    expect(spool.calls).toHaveLength(20 - refused.length);
  });

  it('answers 429 to more waits than one agent may have', async () => {
    await using spool = await Spool.create();
    const host = await spool.serve({
      bounds: { waitsPerAgent: 2 },
      execute: ({ signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('over')))),
    });
    for (const stem of ['a', 'b']) await spool.get('ana', stem, '/v1/events?agent_id=ana&timeout=20');
    await until(() => host.inFlight === 2);
    await spool.get('ana', 'c', '/v1/events?agent_id=ana&timeout=20');
    expect(await spool.answer('ana', 'c')).toMatchObject({ status: 429 });
  });

  it('answers 429 to what is more than it may hold in memory, and does it once there is room', async () => {
    await using spool = await Spool.create();
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const large = { text: 'x'.repeat(1_000) };
    await spool.serve({
      bounds: { bytes: 1_900 },
      execute: async () => {
        await released;
        return { status: 200, text: '{"ok":true}' };
      },
    });
    await spool.post('ana', 'first', '/1', large);
    await until(() => spool.calls.length === 1);
    await spool.post('ben', 'second', '/2', large);
    expect(await spool.answer('ben', 'second')).toMatchObject({ status: 429, code: 'rate_limited' });
    release();
    await spool.answer('ana', 'first');
    await spool.post('ben', 'third', '/3', large);
    expect(await spool.answer('ben', 'third')).toMatchObject({ status: 200 });
  });

  it('refuses streams, and methods that no operation has', async () => {
    await using spool = await Spool.create();
    await spool.serve();
    await spool.get('ana', 'stream', '/v1/stream?agent_id=ana');
    await spool.put('ana', 'trace', { method: 'TRACE', path: '/v1/channels' });
    expect(await spool.answer('ana', 'stream')).toMatchObject({ status: 400, body: { ok: false } });
    expect(await spool.answer('ana', 'trace')).toMatchObject({ status: 405 });
  });

  it('keeps hub.json while it serves, and takes it away', async () => {
    await using spool = await Spool.create();
    const host = await spool.serve();
    const file = JSON.parse(await readFile(`${spool.path}/hub.json`, 'utf8'));
    expect(file).toMatchObject({ instance_id: 'i', implementation: 'test', version: '0', pid: process.pid });
    await host.stop();
    expect(existsSync(`${spool.path}/hub.json`)).toBe(false);
  });
});
