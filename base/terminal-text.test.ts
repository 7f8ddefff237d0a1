import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { cut, printable, width, wrap } from './terminal-text.js';

const ESC = '\u001b';

describe('printable', () => {
  it.each([
    ['colour', `${ESC}[31mred${ESC}[0m`, 'red'],
    ['cursor movement', `a${ESC}[2J${ESC}[Hb`, 'ab'],
    ['a link (OSC 8)', `${ESC}]8;;http://evil.example${ESC}\\click${ESC}]8;;${ESC}\\`, 'click'],
    ['the clipboard (OSC 52)', `x${ESC}]52;c;ZXZpbA==\u0007y`, 'xy'],
    ['a title', `${ESC}]0;owned\u0007ok`, 'ok'],
    ['C1 introducers', 'a\u009b31mb', 'ab'],
    ['bell, backspace, carriage return', 'a\u0007\b\rb', 'a b'],
    ['bidi overrides', 'user\u202egnp.exe\u202c', 'usergnp.exe'],
    ['bidi isolates and marks', '\u2066a\u2069\u200fb\u061c', 'ab'],
    ['zero-width letters', 'pass\u200bword\ufeff\u2060', 'password'],
    ['tag letters, which hide whole sentences', `ok\u{e0041}\u{e0042}\u{e007f}`, 'ok'],
    ['lone surrogates', 'a\ud800b', 'a\ufffdb'],
    ['line and paragraph separators', 'a\u2028b', 'a b'],
    ['stacks of marks', `z${'\u0301'.repeat(50)}`, `z${'\u0301'.repeat(4)}`],
  ])('lets no %s through', (_, text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  it('keeps letters of all scripts, and line feeds where they are wanted', () => {
    const text = 'ñ 日本語 한국어 हिन्दी עברית العربية é 🙂';
    expect(printable(text)).toBe(text);
    expect(printable('a\r\nb\tc', { lines: true })).toBe('a\nb  c');
  });

  it('gives joined and modified emoji one by one, because terminals disagree on their width', () => {
    expect(printable('👩‍👩‍👧 👍🏽 ❤️')).toBe('👩👩👧 👍 ❤');
  });

  it('lets no control or format character through, whatever comes', () => {
    void fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = printable(text, { lines: true });
        expect(shown).not.toMatch(
          /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f]/,
        );
        expect(printable(shown, { lines: true })).toBe(shown);
      }),
    );
  });
});

describe('width', () => {
  it.each([
    ['ascii', 5],
    ['日本', 4],
    ['é', 1],
    ['🙂', 2],
    ['한글', 4],
  ])('of %s is %i', (text, columns) => {
    expect(width(text)).toBe(columns);
  });

  it('of what the dashboard draws with is one column each', () => {
    for (const letter of '·…›←↑→↓↳⊘─│╭╮╰╯┃┌└▁▂▃▄▅▆▇█▸○●✓✗') expect([letter, stringWidth(letter)]).toEqual([letter, 1]);
  });

  it('cuts between letters, and never beyond the columns', () => {
    expect(cut('日本語版', 5)).toBe('日本…');
    void fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(width(cut(printable(text), 7))).toBeLessThanOrEqual(7);
      }),
    );
  });

  it('wraps between words, keeps indentation, and breaks what is too long', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('  if (x) {\n    y', 20)).toEqual(['  if (x) {', '    y']);
    expect(wrap('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
    expect(wrap('', 4)).toEqual(['']);
    void fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        const shown = printable(text);
        for (const row of wrap(shown, 9)) expect(stringWidth(row)).toBeLessThanOrEqual(9);
        // Nothing but spaces is lost.
        expect(wrap(shown, 9).join('').replace(/\s/g, '')).toBe(shown.replace(/\s/g, ''));
      }),
    );
  });

  it('wraps 100 kB in one word without taking long', () => {
    const rows = wrap('x'.repeat(100_000), 80);
    expect(rows).toHaveLength(1_250);
  });
});
