/** Files left with the hub by clients of 1.0 (arcp §B.16); numbers are those of the checklist (arcp §E). */
import { hash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import type { NewToken } from '../../protocol/index.js';
import { FakeClock } from '../support/fake-clock.js';
import { startInProcess } from '../support/in-process.js';
import { RawClient } from './client.js';

const bytes = randomBytes(70_000);
const put = (data: Buffer, more: object = {}) => ({
  media_type: 'application/octet-stream',
  data: data.toString('base64'),
  ...more,
});

describe('an artifact', () => {
  it('comes back as it was, once, and is gone when it was released (74)', async () => {
    await using up = await startInProcess();
    await using client = await RawClient.connect(up.hub.url);
    const { payload } = await client.open(undefined, { artifacts: true });
    expect(payload.capabilities.artifacts).toBe(true);
    const ref = await client.ask('artifact.put', put(bytes), { id: 'put-1' });
    const { artifact_id } = ref.payload;
    const described = {
      artifact_id,
      uri: `arcp://session/${client.sessionId}/artifact/${artifact_id}`,
      media_type: 'application/octet-stream',
      size: bytes.length,
      sha256: hash('sha256', bytes, 'hex'),
      expires_at: expect.stringMatching(/^\d{4}-.*Z$/),
    };
    expect(ref).toMatchObject({ type: 'artifact.ref', payload: described });
    // Said twice, done once.
    client.send('artifact.put', put(bytes), { id: 'put-1' });
    await client.next(({ id }) => id === ref.id, client.frames.indexOf(ref) + 1);
    const fetched = await client.ask('artifact.fetch', { artifact_id });
    expect(fetched).toMatchObject({ type: 'artifact.put', payload: { ...described, encoding: 'base64' } });
    expect(Buffer.from(fetched.payload.data, 'base64').equals(bytes)).toBe(true);
    expect(await client.ask('artifact.release', { artifact_id })).toMatchObject({ type: 'ack' });
    for (const type of ['artifact.fetch', 'artifact.release']) {
      expect(await client.ask(type, { artifact_id })).toMatchObject({ type: 'nack', payload: { code: 'NOT_FOUND' } });
    }
  });

  it.each<[string, object, string]>([
    ['no data', { media_type: 'x/y' }, 'INVALID_ARGUMENT'],
    ['no base64', { media_type: 'x/y', data: 'a*b=' }, 'INVALID_ARGUMENT'],
    ['another digest', put(bytes, { sha256: 'f'.repeat(64) }), 'INVALID_ARGUMENT'],
    ['another size', put(bytes, { size: 1 }), 'INVALID_ARGUMENT'],
    ['too much', put(Buffer.alloc(8 * 1_024 * 1_024 + 1)), 'RESOURCE_EXHAUSTED'],
  ])('is refused with %s (75)', async (_, payload, code) => {
    await using up = await startInProcess();
    await using client = await RawClient.connect(up.hub.url);
    await client.open();
    expect(await client.ask('artifact.put', payload)).toMatchObject({ type: 'nack', payload: { code } });
  });

  it('is kept no longer than it may be (75)', async () => {
    const clock = new FakeClock('2026-01-01T00:00:00Z');
    await using up = await startInProcess({}, clock);
    await using client = await RawClient.connect(up.hub.url);
    await client.open();
    const long = await client.ask('artifact.put', put(bytes, { ttl_seconds: 10_000_000 }));
    expect(long.payload.expires_at).toBe('2026-01-02T00:00:00.000Z');
    const { payload } = await client.ask('artifact.put', put(bytes, { ttl_seconds: 5 }));
    await clock.advance(5_001);
    expect(await client.ask('artifact.fetch', { artifact_id: payload.artifact_id })).toMatchObject({
      payload: { code: 'NOT_FOUND' },
    });
    expect(await client.ask('artifact.fetch', { artifact_id: long.payload.artifact_id })).toMatchObject({
      type: 'artifact.put',
    });
  });

  it('is for sessions of the same principal alone (76)', async () => {
    await using up = await startInProcess({ auth: 'required' });
    await using operator = HubClient.overHttp(undefined, { baseUrl: up.hub.url, token: up.ownToken() });
    const tokenOf = async (name: string) =>
      ((await operator.request('tokens.issue', { names: [name] })) as NewToken).token;
    const [ana, ben] = [await tokenOf('ana'), await tokenOf('ben')];
    await using first = await RawClient.connect(up.hub.url);
    await first.open(ana);
    const { payload } = await first.ask('artifact.put', put(bytes));
    const { artifact_id } = payload;
    await using again = await RawClient.connect(up.hub.url);
    await again.open(ana);
    expect(await again.ask('artifact.fetch', { artifact_id })).toMatchObject({ type: 'artifact.put' });
    await using other = await RawClient.connect(up.hub.url);
    await other.open(ben);
    for (const type of ['artifact.fetch', 'artifact.release']) {
      expect(await other.ask(type, { artifact_id })).toMatchObject({ type: 'nack', payload: { code: 'NOT_FOUND' } });
    }
  });
});
