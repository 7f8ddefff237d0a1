/** The conversions of REST against a model that follows arc-v1 §2.5 word by word. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HubError, NumberText } from '../../protocol/index.js';
import { coerce } from '../../server/doors/rest/coerce.js';
import { parseJson } from '../../server/json.js';

const json = fc.jsonValue({ maxDepth: 2 });
/** A value as a body brings it: parsed from its text, numbers with a text of their own among them. */
const parsed = fc
  .oneof(
    json.map((value) => JSON.stringify(value)),
    fc.constantFrom(
      '1.0',
      '-0',
      '1e3',
      '1E400',
      '-1e400',
      '12345678901234567890',
      '-9223372036854775809',
      '0.10',
      '1.9',
      '-1.9',
    ),
  )
  .map((text) => ({ text, value: (parseJson(`{"v":${text}}`, 128, 1) as { v: unknown }).v }));

const plain = (value: unknown): unknown => (value instanceof NumberText ? Number(value.text) : value);
const isContainer = (value: unknown) => typeof plain(value) === 'object' && value !== null;

function modelText(value: unknown): string {
  if (value === null) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  return value instanceof NumberText ? value.text : String(value);
}

function modelInteger(value: unknown): number {
  if (value === true) return 1;
  if (value === false) return 0;
  if (typeof value === 'string') {
    const digits = value.trim();
    const wellFormed = /^[+-]?[0-9_]+$/.test(digits) && !/__|^[+-]?_|_$/.test(digits);
    const n = wellFormed ? Number(digits.replaceAll('_', '')) : Number.NaN;
    return Number.isSafeInteger(n) ? n + 0 : Number.NaN;
  }
  const n = plain(value);
  if (typeof n !== 'number' || !Number.isFinite(n)) return Number.NaN;
  const whole = Math.trunc(n) + 0;
  return Number.isSafeInteger(whole) ? whole : Number.NaN;
}

function modelTruth(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isContainer(value)) return Object.keys(value as object).length > 0;
  return Boolean(plain(value));
}

const textOrRefusal = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof HubError && cause.code === 'bad_request') return 'refused';
    throw cause;
  }
};

describe('a coercion', () => {
  it('of text trims, spells scalars as Arc does, and refuses the rest', () => {
    fc.assert(
      fc.property(parsed, fc.constantFrom('text' as const, 'raw_text' as const), ({ value }, coercion) => {
        const wanted =
          value === null
            ? undefined
            : isContainer(value)
              ? 'refused'
              : coercion === 'text'
                ? modelText(value).trim()
                : modelText(value);
        expect(textOrRefusal(() => coerce('field', coercion, value))).toBe(wanted);
      }),
      { numRuns: 500 },
    );
  });

  it('of integers follows the table', () => {
    const digits = fc
      .stringMatching(/^[ \t]?[+-]?[0-9_]{0,17}[ .x]?$/)
      .map((text) => ({ text, value: text as unknown }));
    fc.assert(
      fc.property(fc.oneof(parsed, digits), ({ value }) => {
        expect(coerce('field', 'integer', value)).toBe(value === null ? undefined : modelInteger(value));
      }),
      { numRuns: 1_000 },
    );
  });

  it('of wide integers agrees where a double holds them', () => {
    const digits = fc.stringMatching(/^[ \t]?[+-]?[0-9_]{0,22}[ .x]?$/);
    fc.assert(
      fc.property(digits, (text) => {
        const wide = coerce('field', 'wide_integer', text);
        const trimmed = text.trim();
        const wellFormed = /^[+-]?[0-9_]+$/.test(trimmed) && !/__|^[+-]?_|_$/.test(trimmed);
        if (!wellFormed) expect(wide).toBeNaN();
        else expect(BigInt(wide as number | bigint)).toBe(BigInt(trimmed.replaceAll(/[_+]/g, '')));
      }),
      { numRuns: 1_000 },
    );
  });

  it('of booleans goes by truth', () => {
    fc.assert(
      fc.property(parsed, ({ value }) => {
        expect(coerce('field', 'truthy', value)).toBe(value === null ? undefined : modelTruth(value));
      }),
    );
  });

  it('of falsy message fields takes them as absent', () => {
    fc.assert(
      fc.property(parsed, fc.constantFrom('falsy_list' as const, 'falsy_object' as const), ({ value }, coercion) => {
        expect(coerce('field', coercion, value)).toBe(modelTruth(value) ? value : undefined);
      }),
    );
  });

  it('never gives anything but undefined for what is absent', () => {
    for (const coercion of ['text', 'integer', 'truthy', 'flag', 'kind', 'channel', 'number', 'list'] as const) {
      expect(coerce('field', coercion, undefined)).toBeUndefined();
    }
  });
});

describe('parsing and writing JSON', () => {
  it('keeps every number below the top digit for digit', () => {
    const number = fc.stringMatching(/^-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,10})?([eE][+-]?[0-9]{1,3})?$/);
    fc.assert(
      fc.property(fc.array(number), (numbers) => {
        const text = `{"params":{"metadata":{"n":[${numbers.join(',')}]}}}`;
        const { params } = parseJson(text, 128, 3) as { params: { metadata: { n: unknown[] } } };
        const kept = params.metadata.n.map((n) => (n instanceof NumberText ? n.text : JSON.stringify(n)));
        expect(kept).toEqual(numbers);
      }),
      { numRuns: 500 },
    );
  });
});
