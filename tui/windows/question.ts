import { printable, wrap } from '../../base/terminal-text.js';
import { keyLabel } from '../input/keys.js';
import { type Line, line, span } from '../line.js';
import type { Overlay, Question } from '../state/state.js';
import type { WindowKind } from './window.js';

/** Asks before something is done. Its keys are its answers, and it names them itself. */
export const question: WindowKind<Extract<Overlay, { kind: 'question' }>> = {
  name: 'Questions',
  keys: [],
  view: (_, overlay, { columns }) => ({
    title: 'Please confirm',
    lines: questionLines(overlay.question, columns),
    hint: 'Esc: no',
  }),
  // One letter is an answer; a paste that happens to begin with it is not.
  text: ({ questions }, overlay, text) => {
    if ([...text].length === 1) questions.answerWith(overlay.question, text.toLowerCase());
  },
  otherKey: ({ questions }, overlay, key) => questions.answerWith(overlay.question, key),
};

function questionLines({ title, lines, answers }: Question, columns: number): Line[] {
  return [
    ...wrap(title, columns).map((row) => line(row, 'title')),
    [],
    ...lines.flatMap((each) => wrap(printable(each), columns)).map((row) => line(row)),
    [],
    ...answers.map(({ key, label }): Line => [span(`  ${keyLabel(key)}`, 'accent'), span(`  ${label}`)]),
  ];
}
