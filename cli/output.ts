/** All that a command says: JSON for programs, tables and plain lines for people, and errors for both. */
import { stripVTControlCharacters } from 'node:util';
import { JsonText, NumberText, stringify } from '../protocol/json.js';

export const write = (text: string) => process.stdout.write(`${text}\n`);

/** Indented by 2, ASCII only, as scripts made for Arc read it (arc-v1 §8.1). */
export const writeJson = (value: unknown) => write(asciiJson(value, 2));

/** One compact object on one line. */
export const writeJsonLine = (value: unknown) => write(asciiJson(value));

export function asciiJson(value: unknown, indent = 0): string {
  const text = indent === 0 ? stringify(value) : indented(value, ' '.repeat(indent), '\n');
  return text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** As JSON.stringify with an indent, but numbers that are kept as text stay as they were written. */
function indented(value: unknown, step: string, line: string): string {
  if (typeof value !== 'object' || value === null || value instanceof NumberText || value instanceof JsonText) {
    return stringify(value);
  }
  const inner = line + step;
  const members = Array.isArray(value)
    ? value.map((item) => indented(item, step, inner))
    : Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .map(([key, member]) => `${JSON.stringify(key)}: ${indented(member, step, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return members.length === 0 ? `${open}${close}` : `${open}${inner}${members.join(`,${inner}`)}${line}${close}`;
}

/**
 * The error of a command, on stdout where scripts made for Arc look for it and on stderr where everybody else does; once
 * where both are the same terminal (arc-v1 §12 F9).
 */
export function writeError(text: string): void {
  const line = `arc error: ${printable(text)}\n`;
  process.stderr.write(line);
  if (!(process.stdout.isTTY && process.stderr.isTTY)) process.stdout.write(line);
}

/**
 * Text from elsewhere, made safe for a terminal: an agent must not move the cursor, colour, retitle or reorder what its
 * reader sees. Line ends and tabs become spaces unless `lines` are wanted.
 */
export function printable(text: string, { lines = false } = {}): string {
  const plain = stripVTControlCharacters(text).replace(/\r\n?/g, '\n');
  const kept = lines ? plain : plain.replace(/[\n\t]+/g, ' ');
  return kept.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    '',
  );
}

/** Rows under their headings; cells are cut where the terminal ends. */
export function table(headings: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = rows.map((row) =>
    row.map((cell) => printable(cell === null || cell === undefined ? '' : String(cell))),
  );
  const widths = headings.map((heading, i) => Math.max(width(heading), ...cells.map((row) => width(row[i] ?? ''))));
  const room = process.stdout.columns || Number.POSITIVE_INFINITY;
  const line = (row: readonly string[]) =>
    cut(row.map((cell, i) => (i === row.length - 1 ? cell : pad(cell, widths[i] ?? 0))).join('  '), room);
  return [line(headings), ...cells.map(line)].join('\n');
}

const graphemes = new Intl.Segmenter();
const WIDE = /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u;

/** Columns on the terminal: two for emoji and for East Asian letters. */
function width(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) columns += WIDE.test(segment) ? 2 : 1;
  return columns;
}

const pad = (text: string, columns: number) => text + ' '.repeat(Math.max(0, columns - width(text)));

function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    if (width(kept) + width(segment) > columns - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}
