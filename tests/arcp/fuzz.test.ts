/** Whatever a client says, the hub stays, the session stays or is closed as the contract says, and others are served (arcp §B.19, §C.9). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { G1_INBOUND } from '../../protocol/arcp/g1.js';
import { G2_INBOUND } from '../../protocol/arcp/g2.js';
import { startInProcess } from '../support/in-process.js';
import { RawClient } from './client.js';

// What ends a session on purpose is left to its own tests.
const ENDS = new Set(['session.close', 'session.bye']);
const TYPES = [...Object.keys(G1_INBOUND), ...Object.keys(G2_INBOUND)].filter((type) => !ENDS.has(type));

const FIELDS = ['tool', 'target', 'target_id', 'agent', 'job_id', 'filter', 'nonce', 'cursor', 'limit', 'input'];
const payload = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...FIELDS), fc.jsonValue()));
const envelope = fc.record(
  {
    arcp: fc.oneof(fc.constantFrom('1.0', '1.1', '2.0'), fc.jsonValue()),
    id: fc.oneof(fc.uuid(), fc.jsonValue()),
    type: fc.oneof(fc.constantFrom(...TYPES), fc.string()),
    payload,
    session_id: fc.jsonValue(),
    job_id: fc.jsonValue(),
    trace_id: fc.jsonValue(),
    extensions: fc.jsonValue(),
    idempotency_key: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

describe.each(['1.0', '1.1'])('a client of %s that says anything', (version) => {
  it('is answered or not, and can go on', async () => {
    await using up = await startInProcess();
    await fc.assert(
      fc.asyncProperty(fc.array(envelope, { minLength: 1, maxLength: 15 }), async (envelopes) => {
        await using client = await RawClient.connect(up.hub.url, version);
        if (version === '1.0') await client.open();
        else await client.hello();
        for (const each of envelopes) client.ws.send(JSON.stringify(each));
        client.send(version === '1.0' ? 'ping' : 'session.ping', { nonce: 'still here' });
        const pong = await client.next(
          ({ type, payload: said }) => type.endsWith('pong') && (said.nonce ?? said.ping_nonce) === 'still here',
        );
        expect(client.closed).toBeUndefined();
        expect(pong.session_id).toBe(client.sessionId);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('is not even let in by what is no handshake', async () => {
    await using up = await startInProcess();
    await fc.assert(
      fc.asyncProperty(fc.array(envelope, { minLength: 1, maxLength: 5 }), async (envelopes) => {
        await using client = await RawClient.connect(up.hub.url, version);
        for (const each of envelopes) client.ws.send(JSON.stringify(each));
        await using other = await RawClient.connect(up.hub.url);
        expect((await other.open()).type).toBe('session.accepted');
        expect(client.of('session.accepted').concat(client.of('session.welcome'))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  }, 60_000);
});
