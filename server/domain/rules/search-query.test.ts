import { describe, expect, it } from 'vitest';
import { parseQuery } from './search-query.js';
import { indexed, wordsOf } from './words.js';

const words = (text: string) => [...wordsOf(text)].map(({ word }) => word);

describe('words', () => {
  it.each([
    ['src/auth.ts', ['src', 'auth', 'ts']],
    ['Ärger MIT Übergrößen', ['arger', 'mit', 'ubergroßen']],
    ['naïve cafe\u0301', ['naive', 'cafe']],
    ['東京タワー', ['東', '京', 'タ', 'ワ', 'ー']],
    ['한국어', ['한', '국', '어']],
    ['ภาษาไทย', ['ภ', 'า', 'ษ', 'า', 'ไ', 'ท', 'ย']],
    ['v2東京x', ['v2', '東', '京', 'x']],
    ['ﬁne ＡＢＣ', ['fine', 'abc']],
    ['snake_case-word', ['snake', 'case', 'word']],
    ['\u0301', []],
    ['"*() NEAR^', ['near']],
  ])('of %j', (text, expected) => {
    expect(words(text)).toEqual(expected);
    expect(words(indexed(text))).toEqual(expected);
    for (const { word, start, end } of wordsOf(text)) expect(words(text.slice(start, end))).toEqual([word]);
  });
});

describe('a query', () => {
  it('has words, phrases, and words that must not be', () => {
    expect(parseQuery('parser "Red Main" -draft -"old one" src/a.ts')).toMatchObject({
      terms: [
        { words: ['parser'], isPrefix: true },
        { words: ['red', 'main'], isPrefix: false },
        { words: ['src', 'a', 'ts'], isPrefix: true },
      ],
      without: [
        { words: ['draft'], isPrefix: true },
        { words: ['old', 'one'], isPrefix: false },
      ],
    });
  });

  it('is narrowed by what stands before a colon', () => {
    const query = parseQuery('from:ana from:ben to:"c d" in:build kind:TASK has:code -in:general after:2026-11-01 x');
    expect(query).toMatchObject({
      filters: { from: ['ana', 'ben'], to: ['c d'], in: ['build'], kind: ['task'], has: ['code'] },
      notFilters: { in: ['general'] },
      after: '2026-11-01T00:00:00Z',
      before: undefined,
      terms: [{ words: ['x'] }],
    });
    expect(parseQuery('before:2026-11-01T10:30').before).toBe('2026-11-01T10:30:00Z');
  });

  it.each([
    ['after:yesterday', ['after', 'yesterday']],
    ['before:2026-02-31', ['before', '2026', '02', '31']],
    ['-after:2026-01-01', []],
    ['colour:red', ['colour', 'red']],
    ['from:', ['from']],
    ['AND OR NOT NEAR(', ['and', 'or', 'not', 'near']],
    ['"unclosed', ['unclosed']],
    ['*) ^ " : -', []],
  ])('that means nothing else is words: %s', (query, expected) => {
    expect(parseQuery(query).terms.flatMap(({ words: found }) => found)).toEqual(expected);
  });
});
