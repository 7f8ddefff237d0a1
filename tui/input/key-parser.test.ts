import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type InputEvent, KeyParser } from './key-parser.js';

const ESC = '\u001b';
const names = (input: string) =>
  new KeyParser()
    .push(input)
    .map((event) => (event.type === 'key' ? event.name : event.type === 'mouse' ? event.action : event));

describe('KeyParser', () => {
  it.each([
    ['\r', ['enter']],
    ['\n', ['ctrl+j']],
    ['\u0003', ['ctrl+c']],
    ['\u0010', ['ctrl+p']],
    ['\u007f', ['backspace']],
    [`${ESC}[A${ESC}OB`, ['up', 'down']],
    [`${ESC}[5~${ESC}[6~`, ['pageup', 'pagedown']],
    [`${ESC}[1;5C${ESC}[1;3A${ESC}[1;2B`, ['ctrl+right', 'alt+up', 'shift+down']],
    [`${ESC}[Z`, ['shift+tab']],
    [`${ESC}OP${ESC}[11~`, ['f1', 'f1']],
    [`${ESC}\r`, ['alt+enter']],
    [`${ESC}a`, ['alt+a']],
    [`${ESC}\u0010`, ['escape', 'ctrl+p']],
    [`${ESC}[<64;10;5M${ESC}[<65;10;5M${ESC}[<0;1;1M${ESC}[<0;1;1m`, ['wheel-up', 'wheel-down', 'press']],
    [`${ESC}[?1;2c`, []],
    ['hi\r', [{ type: 'text', text: 'hi' }, 'enter']],
    ['日本', [{ type: 'text', text: '日本' }]],
  ])('reads %j', (input, expected) => {
    expect(names(input)).toEqual(expected);
  });

  it('takes a paste whole, line ends and escapes included', () => {
    const events = new KeyParser().push(`${ESC}[200~one\rtwo${ESC}[31m${ESC}[201~x`);
    expect(events).toEqual([
      { type: 'paste', text: `one\rtwo${ESC}[31m` },
      { type: 'text', text: 'x' },
    ]);
  });

  it('lets Ctrl+C out of a paste whose end was lost', () => {
    const parser = new KeyParser();
    expect(parser.push(`${ESC}[200~half a pas`)).toEqual([]);
    expect(parser.push('\u0003')).toEqual([{ type: 'key', name: 'ctrl+c' }]);
  });

  it('waits for the rest of a sequence, and takes a lone Escape as a key', () => {
    const parser = new KeyParser();
    expect(parser.push(ESC)).toEqual([]);
    expect(parser.isWaiting).toBe(true);
    expect(parser.push('[A')).toEqual([{ type: 'key', name: 'up' }]);
    parser.push(ESC);
    expect(parser.flush()).toEqual([{ type: 'key', name: 'escape' }]);
    expect(parser.isWaiting).toBe(false);
  });

  it('reads the same however its input is split', () => {
    const pieces = fc.constantFrom(
      'a',
      '\r',
      `${ESC}[A`,
      `${ESC}[1;5C`,
      `${ESC}[200~p\rq${ESC}[201~`,
      `${ESC}[<64;1;2M`,
      'é',
      `${ESC}OP`,
    );
    void fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), fc.array(fc.nat(60)), (parts, cuts) => {
        const input = parts.join('');
        const whole = joined(new KeyParser().push(input));
        const parser = new KeyParser();
        const split: InputEvent[] = [];
        let from = 0;
        for (const to of [...new Set(cuts)].sort((a, b) => a - b).concat(input.length)) {
          if (to <= from || to > input.length) continue;
          split.push(...parser.push(input.slice(from, to)));
          from = to;
        }
        expect(joined(split)).toEqual(whole);
      }),
    );
  });
});

/** Letters may come in one event or in several. */
function joined(events: readonly InputEvent[]): InputEvent[] {
  const result: InputEvent[] = [];
  for (const event of events) {
    const last = result.at(-1);
    if (event.type === 'text' && last?.type === 'text')
      result[result.length - 1] = { type: 'text', text: last.text + event.text };
    else result.push(event);
  }
  return result;
}
