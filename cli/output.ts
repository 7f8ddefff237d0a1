/** All that a command says: JSON for programs, tables and plain lines for people, and errors for both. */
import { cut, padTo, printable, width } from '../base/terminal-text.js';
import { JsonText, NumberText, stringify } from '../protocol/json.js';
import { withoutSecrets } from '../protocol/token.js';

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
  const line = `arc error: ${withoutSecrets(printable(text))}\n`;
  process.stderr.write(line);
  if (!(process.stdout.isTTY && process.stderr.isTTY)) process.stdout.write(line);
}

/** Rows under their headings; cells are cut where the terminal ends. */
export function table(headings: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = rows.map((row) =>
    row.map((cell) => printable(cell === null || cell === undefined ? '' : String(cell))),
  );
  const widths = headings.map((heading, i) => Math.max(width(heading), ...cells.map((row) => width(row[i] ?? ''))));
  const room = process.stdout.columns || Number.POSITIVE_INFINITY;
  const line = (row: readonly string[]) =>
    cut(row.map((cell, i) => (i === row.length - 1 ? cell : padTo(cell, widths[i] ?? 0))).join('  '), room);
  return [line(headings), ...cells.map(line)].join('\n');
}
