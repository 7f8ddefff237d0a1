import { describe, expect, it } from 'vitest';
import { detect, readEnvelope } from './envelope.js';
import { isExtensionName, negotiateG1 } from './g1.js';
import { parseAgentRef, traceIdOf } from './g2.js';
import { schemaProblem } from './json-schema.js';

describe('the first frame (arcp §A.3)', () => {
  it.each([
    ['session.open', '1.0', { kind: 'g1', version: '1.0', legacy: false }],
    ['session.open', '1', { kind: 'g1', version: '1.0', legacy: false }],
    ['session.open', '1.1', { kind: 'g1', version: '1.1', legacy: false }],
    ['session.hello', '1.1', { kind: 'g2', version: '1.1', legacy: false }],
    ['session.hello', '1', { kind: 'g2', version: '1', legacy: true }],
    ['session.resume', '1.1', { kind: 'g2', version: '1.1', legacy: false }],
    ['ping', '1.0', { kind: 'early' }],
    ['job.submit', '1.1', { kind: 'drop' }],
    ['session.open', '2.0', { kind: 'version' }],
    ['session.open', undefined, { kind: 'version' }],
  ])('%s with %s', (type, arcp, expected) => {
    expect(detect({ type, arcp })).toEqual(expected);
  });

  it('is an object with a type, an id and a payload that is an object', () => {
    expect(readEnvelope({ arcp: '1.0', id: 'a', type: 'ping', more: 1 })).toMatchObject({ id: 'a', payload: {} });
    for (const value of [
      null,
      1,
      'x',
      [],
      {},
      { id: 'a' },
      { id: '', type: 'x' },
      { id: 'a', type: 'x', payload: [] },
    ]) {
      expect(readEnvelope(value)).toBeUndefined();
    }
  });
});

describe('what is negotiated and named', () => {
  it('ANDs booleans and takes the smaller interval (arcp §B.4)', () => {
    const { capabilities } = negotiateG1({ streaming: true, checkpoints: true, heartbeat_interval_seconds: 5 }, false);
    expect(capabilities).toMatchObject({ streaming: true, checkpoints: false, human_input: false });
    expect(capabilities.heartbeat_interval_seconds).toBe(5);
    expect(negotiateG1({ extensions: ['arcpx.a.b.v1'] }, false).lacking).toBeUndefined();
    expect(negotiateG1({ extensions: ['arcpx.a.b.v1'], required: ['arcpx.a.b.v1'] }, false).lacking).toBe(
      'arcpx.a.b.v1',
    );
  });

  it('knows extensions by their names (arcp §B.19)', () => {
    expect(isExtensionName('arcpx.acme.x.v1')).toBe(true);
    for (const name of ['weird', 'job.frobnicate.v1', 'x-a.b.v1', 'Arcpx.a.v1'])
      expect(isExtensionName(name)).toBe(false);
  });

  it('reads agents and trace ids (arcp §C.4.2, §C.8)', () => {
    expect(parseAgentRef('ana@1.0')).toEqual({ name: 'ana', version: '1.0' });
    expect(parseAgentRef('ana')).toEqual({ name: 'ana', version: undefined });
    for (const ref of ['Bad Name!', 'a@', 'a@1@2', '']) expect(parseAgentRef(ref)).toBeUndefined();
    const id = '0af7651916cd43dd8448eb211c80319c';
    expect(traceIdOf(`00-${id}-b7ad6b7169203331-01`)).toBe(id);
    expect(traceIdOf(id)).toBe(id);
    for (const bad of ['0'.repeat(32), 'x', 1, undefined]) expect(traceIdOf(bad)).toBeUndefined();
  });

  it('holds an answer against its schema (arcp §B.12)', () => {
    const schema = {
      type: 'object',
      required: ['n'],
      properties: {
        n: { type: 'integer', minimum: 1 },
        s: { enum: ['a'] },
        l: { items: { type: 'string', maxLength: 2 } },
      },
    };
    expect(schemaProblem(schema, { n: 1, s: 'a', l: ['ab'] })).toBeUndefined();
    expect(schemaProblem(schema, {})).toBe('value.n is required');
    expect(schemaProblem(schema, { n: 0 })).toBe('value.n must be >= 1');
    expect(schemaProblem(schema, { n: 1, s: 'b' })).toContain('value.s');
    expect(schemaProblem(schema, { n: 1, l: ['abc'] })).toContain('value.l[0]');
    expect(schemaProblem(schema, 'x')).toBe('value must be object');
  });
});
