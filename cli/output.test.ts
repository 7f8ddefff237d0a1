import { describe, expect, it } from 'vitest';
import { printable } from '../base/terminal-text.js';
import { NumberText } from '../protocol/json.js';
import { asciiJson, table } from './output.js';

describe('asciiJson', () => {
  it('escapes all that is not ASCII, and indents by 2 as asked (arc-v1 §8.1)', () => {
    const value = { a: 'é😀\u009b', b: [1, { c: null }], d: [], e: {}, f: undefined };
    const text = asciiJson(value, 2);
    expect(text).toMatch(/^[\n\x20-\x7e]*$/);
    expect(text).toBe(JSON.stringify(JSON.parse(text), null, 2).replace('é😀\u009b', '\\u00e9\\ud83d\\ude00\\u009b'));
    expect(JSON.parse(asciiJson(value))).toEqual({ a: 'é😀\u009b', b: [1, { c: null }], d: [], e: {} });
  });

  it('keeps the text of numbers that a double would change', () => {
    expect(asciiJson({ n: new NumberText('1.0') }, 2)).toBe('{\n  "n": 1.0\n}');
  });
});

describe('printable', () => {
  it.each([
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]0;title\u0007text', 'text'],
    ['\u001b]8;;http://evil\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['a\u009b31mb', 'ab'],
    ['a\u0000b\bc\u007f', 'abc'],
    ['over\rwritten', 'over written'],
    ['left \u202eright\u2066', 'left right'],
    ['two\nlines\tand tab', 'two lines  and tab'],
    ['pass\u200bword\u2060, ok\u{e0041}\u{e007f}', 'password, ok'],
  ])('%j becomes %j', (text, safe) => {
    expect(printable(text)).toBe(safe);
  });

  it('keeps line ends where lines are wanted', () => {
    expect(printable('a\r\nb\rc\nd\u001b[2J', { lines: true })).toBe('a\nb\nc\nd');
  });
});

describe('table', () => {
  it('lines up columns, wide letters too, and makes cells safe', () => {
    const rows = [
      ['猫', 'x'],
      ['ana\u001b[2J', null],
    ];
    expect(table(['WHO', 'WHAT'], rows).split('\n')).toEqual(['WHO  WHAT', '猫   x', 'ana  ']);
  });
});
