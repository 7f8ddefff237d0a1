import type { Binding } from '../app/anywhere.js';
import * as edit from '../input/editor.js';
import { HELP, type PaneKind } from './pane.js';

const editing = (keys: readonly string[], summary: string, change: (editor: edit.Editor) => edit.Editor): Binding => ({
  keys,
  summary,
  act: ({ composer }) => composer.edit(change),
});

/** Where a person types; letters that are no keys go into the text. */
export const input: PaneKind = {
  name: 'Input',
  keys: [
    {
      keys: ['enter'],
      summary: 'send; in a list of completions that was moved in: take the chosen one',
      act: ({ composer }) => {
        if (!composer.isChoosing() || !composer.complete()) composer.send();
      },
    },
    editing(['alt+enter', 'ctrl+j'], 'new line', (editor) => edit.insert(editor, '\n')),
    {
      keys: ['up'],
      summary: 'line above, or the previous input; in a list of completions: the one above',
      act: ({ composer }) => composer.upOrDown(-1),
    },
    {
      keys: ['down'],
      summary: 'line below, or the next input; in a list of completions: the one below',
      act: ({ composer }) => composer.upOrDown(1),
    },
    editing(['left', 'ctrl+b'], 'one letter left', edit.left),
    editing(['right', 'ctrl+f'], 'one letter right', edit.right),
    editing(['ctrl+left', 'alt+b', 'alt+left'], 'one word left', edit.wordLeft),
    editing(['ctrl+right', 'alt+f', 'alt+right'], 'one word right', edit.wordRight),
    editing(['home', 'ctrl+a'], 'beginning of the line', edit.home),
    {
      keys: ['end', 'ctrl+e'],
      summary: 'end of the line; in an empty input: the newest message',
      act: ({ desk, nav, composer }) => {
        if (desk.state.input.text === '') nav.toEnd();
        else composer.edit(edit.end);
      },
    },
    editing(['backspace'], 'delete the letter before', edit.backspace),
    editing(['delete', 'ctrl+d'], 'delete the letter under the cursor', edit.deleteForward),
    editing(['ctrl+w', 'alt+backspace'], 'delete the word before', edit.deleteWord),
    editing(['ctrl+u'], 'delete to the beginning of the line', edit.deleteToStart),
    editing(['ctrl+k'], 'delete to the end of the line', edit.deleteToEnd),
    {
      keys: ['?'],
      summary: 'in an empty input: help',
      act: (hands) => {
        if (hands.desk.state.input.text === '') HELP.act(hands);
        else hands.composer.edit((editor) => edit.insert(editor, '?'));
      },
    },
  ],
};
