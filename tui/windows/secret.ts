import { printable, wrap } from '../../base/terminal-text.js';
import { line } from '../line.js';
import type { Overlay } from '../state/state.js';
import type { WindowKind } from './window.js';

/** The text of a token that was just made. It is in no notice and no log, and gone when the window is closed. */
export const secret: WindowKind<Extract<Overlay, { kind: 'secret' }>> = {
  name: 'A new token',
  view: (_, { token, what }, { columns }) => ({
    title: printable(what),
    lines: [
      line(printable(token), 'accent'),
      [],
      ...wrap(
        'It is shown this once: pass it on by a way that others do not read. Whoever has it sets ARC_TOKEN, or puts it into a ' +
          'file for --token-file. arc invite makes a line for another machine.',
        columns,
      ).map((row) => line(row)),
    ],
    hint: 'c copies it, Esc closes and forgets it',
  }),
  keys: [
    {
      keys: ['c'],
      summary: 'copy it to the clipboard, where the terminal lets programs do that',
      act: ({ desk }, { token }) => desk.options.copy(token),
    },
    { keys: ['escape', 'q'], summary: 'close it, and forget it', act: ({ desk }) => desk.close() },
  ],
};
