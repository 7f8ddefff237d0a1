/** The part of a message in which something was found, for people. */
import type { SearchField } from '../../../protocol/index.js';
import { storedValue } from '../../json.js';
import type { MessageRow } from '../rows.js';
import type { Term } from './search-query.js';
import { type Word, wordsOf } from './words.js';

/** Characters of a snippet, about. */
const WIDTH = 160;
const BEFORE = 40;

/** The texts of a message that are searched, in the order in which a snippet is looked for. */
export const searchedTexts = (row: MessageRow): Readonly<Record<SearchField, string>> => ({
  body: row.body,
  attachments: attachmentText(row.attachments_json),
  channel: row.channel,
  thread: row.thread_id ?? '',
  sender: row.from_agent,
});

/** Contents, file names, and the values of JSON; not the names of its members. */
function attachmentText(json: string): string {
  if (json === '[]') return '';
  const texts: string[] = [];
  const add = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value);
    else if (typeof value === 'number') texts.push(String(value));
    else if (Array.isArray(value)) value.forEach(add);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(add);
  };
  for (const attachment of [storedValue(json, '[]')].flat() as unknown[]) {
    if (typeof attachment !== 'object' || attachment === null) continue;
    const { type: _, ...rest } = attachment as Record<string, unknown>;
    add(rest);
  }
  return texts.join('\n');
}

export function snippetOf(row: MessageRow, terms: readonly Term[]): { field: SearchField; snippet: string } {
  const texts = searchedTexts(row);
  for (const [field, text] of Object.entries(texts) as [SearchField, string][]) {
    const marks = marksIn(text, terms);
    if (marks.length > 0) return { field, snippet: cut(text, marks) };
  }
  return { field: 'body', snippet: cut(row.body, []) };
}

type Mark = readonly [start: number, end: number];

/** Where the terms stand, in order, none over another. */
function marksIn(text: string, terms: readonly Term[]): Mark[] {
  if (text === '') return [];
  const words = [...wordsOf(text)];
  const marks: [number, number][] = [];
  for (const [index, word] of words.entries()) {
    for (const term of terms) {
      const last = words[index + term.words.length - 1];
      if (last !== undefined && standsAt(words, index, term)) marks.push([word.start, last.end]);
    }
  }
  return joined(marks);
}

function standsAt(words: readonly Word[], index: number, { words: wanted, isPrefix }: Term): boolean {
  return wanted.every((word, offset) => {
    const found = words[index + offset]?.word ?? '';
    return isPrefix && offset === wanted.length - 1 ? found.startsWith(word) : found === word;
  });
}

function joined(marks: [number, number][]): Mark[] {
  const result: [number, number][] = [];
  for (const [start, end] of marks.sort((a, b) => a[0] - b[0])) {
    const before = result.at(-1);
    if (before !== undefined && start <= before[1]) before[1] = Math.max(before[1], end);
    else result.push([start, end]);
  }
  return result;
}

function cut(text: string, marks: readonly Mark[]): string {
  const first = marks[0]?.[0] ?? 0;
  const from = first <= BEFORE ? 0 : first - BEFORE;
  const to = Math.min(text.length, from + WIDTH);
  let out = from > 0 ? '…' : '';
  let at = from;
  for (const [start, end] of marks) {
    if (end > to) break;
    out += `${text.slice(at, start)}[[${text.slice(start, end)}]]`;
    at = end;
  }
  return plain(out + text.slice(at, to) + (to < text.length ? '…' : ''));
}

/** On one line, and nothing in it acts on a terminal. */
const plain = (text: string) =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .replace(/ {2,}/g, ' ');
