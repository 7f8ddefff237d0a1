/** A terminal emulator that counts columns as terminals of today do: its own tables are from before most emoji. */
import xterm from '@xterm/headless';
import { width } from '../../../base/terminal-text.js';

/** Asked for every letter of every frame. */
const widths = new Map<number, 0 | 1 | 2>();

function wcwidth(code: number): 0 | 1 | 2 {
  let columns = widths.get(code);
  if (columns === undefined) {
    columns = Math.min(2, width(String.fromCodePoint(code))) as 0 | 1 | 2;
    widths.set(code, columns);
  }
  return columns;
}

export function openEmulator(columns: number, rows: number, scrollback = 0): xterm.Terminal {
  const terminal = new xterm.Terminal({ cols: columns, rows, scrollback, allowProposedApi: true });
  terminal.unicode.register({
    version: 'today',
    wcwidth,
    // Packed as xterm reads it: the width from bit 1 on, and in bit 0 whether it joins the letter before.
    charProperties: (code, preceding) => {
      const own = wcwidth(code);
      const before = (preceding >> 1) & 3;
      const joins = own === 0 && before > 0;
      return ((joins ? before : own) << 1) | (joins ? 1 : 0);
    },
  });
  terminal.unicode.activeVersion = 'today';
  return terminal;
}
