/**
 * Text from elsewhere, made safe and measurable for a terminal. Everything that an agent wrote goes through `printable`
 * before it is measured, wrapped or shown.
 */
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';

// What is left of control characters once escape sequences are gone: C0 but line feed, DEL, C1.
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g;
// What reorders or hides text: bidi marks, overrides and isolates, zero-width letters, soft hyphen, tags, interlinears.
const INVISIBLE =
  /\p{Default_Ignorable_Code_Point}(?<![\u200c\u200d])|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufff0-\ufffb]/gu;
// Terminals disagree on how wide joined and modified emoji are, so they are shown side by side and plain.
const EMOJI_JOIN = /(?<=\p{Extended_Pictographic})\u200d(?=\p{Extended_Pictographic})/gu;
const EMOJI_MODIFIER = /(?<=\p{Extended_Pictographic})[\u{1f3fb}-\u{1f3ff}]/gu;
const JOINER_RUN = /[\u200c\u200d]{2,}/g;
/** A letter with more marks than any script needs is a stack that paints over its neighbours. */
const MARK_RUN = /(\p{M}{4})\p{M}+/gu;
/** Letters of one column each: ASCII, and what the dashboard itself draws with. */
const NARROW =
  /^[\x20-\x7e\u00b7\u2026\u203a\u2190-\u2193\u21b3\u2298\u2500-\u257f\u2581-\u2588\u25b8\u25cb\u25cf\u2713\u2717]*$/;
const PLAIN = /^[\x20-\x7e]*$/;
const PLAIN_LINES = /^[\x20-\x7e\n]*$/;

export interface PrintableOptions {
  /** Keeps line feeds (default: they become spaces). */
  readonly lines?: boolean;
}

/** A text on one line is never shown longer than this; names are at most 1,024 characters long. */
const ONE_LINE_CHARS = 4_096;

/**
 * No escape sequence, control character, bidi override or hidden letter of `text` reaches the terminal; letters of all
 * scripts do.
 */
export function printable(text: string, { lines = false }: PrintableOptions = {}): string {
  if (lines ? PLAIN_LINES.test(text) : text.length <= ONE_LINE_CHARS && PLAIN.test(text)) return text;
  const broken = (lines ? text : text.slice(0, ONE_LINE_CHARS))
    .toWellFormed()
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replaceAll('\t', '  ');
  const plain = stripVTControlCharacters(broken)
    .replace(CONTROLS, '')
    .replace(EMOJI_JOIN, '')
    .replace(EMOJI_MODIFIER, '')
    .replace(INVISIBLE, '')
    .replace(JOINER_RUN, '')
    .replace(MARK_RUN, '$1');
  return lines ? plain : plain.replace(/\n+/g, ' ');
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Columns on the terminal. */
export function width(text: string): number {
  return NARROW.test(text) ? text.length : stringWidth(text);
}

export function splitGraphemes(text: string): string[] {
  if (PLAIN.test(text)) return [...text];
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** The longest beginning of `text` that fits into `columns`. */
export function head(text: string, columns: number): string {
  if (PLAIN.test(text)) return text.slice(0, Math.max(0, columns));
  let used = 0;
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    used += stringWidth(segment);
    if (used > columns) break;
    kept += segment;
  }
  return kept;
}

/** Enough of `text` to fill `columns`: no column takes more than so many units in any script that `printable` keeps. */
export const near = (text: string, columns: number): string =>
  text.length > columns * 16 + 64 ? text.slice(0, columns * 16 + 64) : text;

/** `text` cut to `columns`, with an ellipsis where something is missing. */
export function cut(text: string, columns: number): string {
  if (columns <= 0) return '';
  const start = near(text, columns);
  if (start.length === text.length && width(start) <= columns) return text;
  return `${head(start, columns - 1)}…`;
}

/** `text` cut or filled with spaces to exactly `columns`. */
export function padTo(text: string, columns: number): string {
  const shown = cut(text, columns);
  return shown + ' '.repeat(Math.max(0, columns - width(shown)));
}

/**
 * Breaks `text` into lines of at most `columns`, between words where it can. Spaces at a break are dropped, those at the
 * beginning of a line kept, so that indented code keeps its shape.
 */
export function wrap(text: string, columns: number): string[] {
  const room = Math.max(1, columns);
  return text.split('\n').flatMap((line) => wrapLine(line, room));
}

function wrapLine(line: string, columns: number): string[] {
  if (line.length <= columns && PLAIN.test(line)) return [line];
  if (width(line) <= columns) return [line];
  const lines: string[] = [];
  let current = '';
  let used = 0;
  const flush = () => {
    lines.push(current.trimEnd());
    current = '';
    used = 0;
  };
  for (const piece of line.match(/\s+|[^\s]+/g) ?? []) {
    const wide = width(piece);
    if (used + wide <= columns) {
      current += piece;
      used += wide;
      continue;
    }
    if (/^\s/.test(piece)) {
      if (used > 0) flush();
      continue;
    }
    if (used > 0 && (wide <= columns || used > columns / 2)) flush();
    for (const letter of splitGraphemes(piece)) {
      const w = width(letter);
      if (used + w > columns && used > 0) flush();
      current += letter;
      used += w;
    }
  }
  if (current !== '' || lines.length === 0) lines.push(current.trimEnd());
  return lines;
}

/** A stable number for a name, for colours that stay the same from one run to the next (FNV-1a). */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
