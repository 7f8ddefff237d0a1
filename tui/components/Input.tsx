import { type Editor, layout } from '../input/editor.js';
import { type Line, span } from '../line.js';
import type { Paint } from '../theme.js';
import { PROMPT } from '../view/layout.js';
import { Lines } from './Lines.js';

interface InputProps {
  readonly editor: Editor;
  readonly placeholder: string;
  readonly isFocused: boolean;
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

/** The rows of the text around the cursor. */
export function inputRows(editor: Editor, columns: number, rows: number) {
  const { rows: all, row, column } = layout(editor, columns - PROMPT - 1);
  const from = Math.max(0, Math.min(row - Math.floor(rows / 2), all.length - rows));
  return { shown: all.slice(from, from + rows), row: row - from, column, hidden: all.length - rows };
}

export function Input({ editor, placeholder, isFocused, columns, rows, paint }: InputProps) {
  const { shown } = inputRows(editor, columns, rows);
  const lines = shown.map((text, i): Line => [span(i === 0 ? '› ' : '  ', isFocused ? 'focus' : 'muted'), span(text)]);
  if (editor.text === '') lines[0] = [span('› ', isFocused ? 'focus' : 'muted'), span(placeholder, 'muted')];
  return <Lines lines={lines} columns={columns} rows={rows} paint={paint} />;
}
