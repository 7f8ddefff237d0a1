/** The text that is being typed: pure functions over a text and a cursor, in graphemes, over several lines. */
import { splitGraphemes, width } from '../../base/terminal-text.js';

export interface Editor {
  readonly text: string;
  /** Position in UTF-16 units, always between two graphemes. */
  readonly cursor: number;
}

export const EMPTY_EDITOR: Editor = { text: '', cursor: 0 };

export const editorOf = (text: string): Editor => ({ text, cursor: text.length });

export function insert({ text, cursor }: Editor, added: string): Editor {
  return { text: text.slice(0, cursor) + added + text.slice(cursor), cursor: cursor + added.length };
}

const before = ({ text, cursor }: Editor): number => {
  // A grapheme is short; its beginning is found without looking at the whole text.
  const near = text.slice(Math.max(0, cursor - 64), cursor);
  return cursor - (splitGraphemes(near).at(-1)?.length ?? 0);
};
const after = ({ text, cursor }: Editor): number =>
  cursor + (splitGraphemes(text.slice(cursor, cursor + 64))[0]?.length ?? 0);

export const left = (editor: Editor): Editor => ({ ...editor, cursor: before(editor) });
export const right = (editor: Editor): Editor => ({ ...editor, cursor: after(editor) });

const wordStart = ({ text, cursor }: Editor): number =>
  text.slice(0, cursor).replace(/[\p{L}\p{N}_]+[^\p{L}\p{N}_]*$|[^\p{L}\p{N}_]+$/u, '').length;
const wordEnd = ({ text, cursor }: Editor): number =>
  cursor + (/^[^\p{L}\p{N}_]*[\p{L}\p{N}_]*/u.exec(text.slice(cursor))?.[0].length ?? 0);

export const wordLeft = (editor: Editor): Editor => ({ ...editor, cursor: wordStart(editor) });
export const wordRight = (editor: Editor): Editor => ({ ...editor, cursor: wordEnd(editor) });

const cutOut = ({ text }: Editor, from: number, to: number): Editor => ({
  text: text.slice(0, from) + text.slice(to),
  cursor: from,
});

export const backspace = (editor: Editor): Editor => cutOut(editor, before(editor), editor.cursor);
export const deleteForward = (editor: Editor): Editor => cutOut(editor, editor.cursor, after(editor));
export const deleteWord = (editor: Editor): Editor => cutOut(editor, wordStart(editor), editor.cursor);

const lineStart = ({ text, cursor }: Editor): number => text.lastIndexOf('\n', cursor - 1) + 1;
const lineEnd = ({ text, cursor }: Editor): number => {
  const end = text.indexOf('\n', cursor);
  return end < 0 ? text.length : end;
};

export const home = (editor: Editor): Editor => ({ ...editor, cursor: lineStart(editor) });
export const end = (editor: Editor): Editor => ({ ...editor, cursor: lineEnd(editor) });
export const deleteToStart = (editor: Editor): Editor => cutOut(editor, lineStart(editor), editor.cursor);
export const deleteToEnd = (editor: Editor): Editor => cutOut(editor, editor.cursor, lineEnd(editor));

/** The same column of the line above or below; undefined on the first or the last line. */
export function vertical(editor: Editor, by: -1 | 1): Editor | undefined {
  const { text, cursor } = editor;
  const start = lineStart(editor);
  const column = width(text.slice(start, cursor));
  const target = by < 0 ? start - 1 : lineEnd(editor) + 1;
  if (target < 0 || target > text.length) return undefined;
  const targetStart = lineStart({ text, cursor: by < 0 ? target : target });
  const targetEnd = lineEnd({ text, cursor: targetStart });
  let at = targetStart;
  let used = 0;
  for (const letter of splitGraphemes(text.slice(targetStart, targetEnd))) {
    if (used >= column) break;
    used += width(letter);
    at += letter.length;
  }
  return { text, cursor: at };
}

export interface InputRows {
  readonly rows: readonly string[];
  /** Row and column of the cursor. */
  readonly row: number;
  readonly column: number;
}

/** The text broken into rows of `columns`, as it is shown, with the place of the cursor. */
export function layout({ text, cursor }: Editor, columns: number): InputRows {
  const rows: string[] = [];
  let row = 0;
  let column = 0;
  let at = 0;
  for (const line of text.split('\n')) {
    let current = '';
    let used = 0;
    const mark = () => {
      if (at === cursor) {
        row = rows.length;
        column = used;
      }
    };
    for (const letter of splitGraphemes(line)) {
      // A tab is sent as it is, and shown as two columns.
      const shown = letter === '\t' ? '  ' : letter;
      const wide = width(shown);
      if (used + wide > columns) {
        rows.push(current);
        current = '';
        used = 0;
      }
      mark();
      current += shown;
      used += wide;
      at += letter.length;
    }
    if (used >= columns && at === cursor) {
      rows.push(current);
      current = '';
      used = 0;
    }
    mark();
    rows.push(current);
    at += 1;
  }
  return { rows, row, column };
}
