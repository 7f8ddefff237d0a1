/** What people type into a search: words, phrases, and what narrows it. Nothing of it is ever wrong (websocket §8). */
import { wordsOf } from './words.js';

export interface Term {
  /** One after another; folded. */
  readonly words: readonly string[];
  /** The last of them may be the beginning of a word. */
  readonly isPrefix: boolean;
}

/** Each of them must hold; of several values of one, any. */
export interface Filters {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly in: readonly string[];
  readonly thread: readonly string[];
  readonly kind: readonly string[];
  /** Types of attachments; `attachment` for any. */
  readonly has: readonly string[];
}

export interface ParsedQuery {
  readonly terms: readonly Term[];
  /** None of these. */
  readonly without: readonly Term[];
  readonly filters: Filters;
  readonly notFilters: Filters;
  /** From this time on, as timestamps are stored. */
  readonly after: string | undefined;
  /** Before this time. */
  readonly before: string | undefined;
}

const PART = /(-?)(?:([a-z]+):)?(?:"([^"]*)"|(\S+))/giu;
const MAX_TERMS = 32;

type Writable = { [Name in keyof Filters]: string[] };
const noFilters = (): Writable => ({ from: [], to: [], in: [], thread: [], kind: [], has: [] });

export function parseQuery(query: string): ParsedQuery {
  const parsed = {
    terms: [] as Term[],
    without: [] as Term[],
    filters: noFilters(),
    notFilters: noFilters(),
    after: undefined as string | undefined,
    before: undefined as string | undefined,
  };
  for (const [all, minus = '', name, quoted, bare] of query.matchAll(PART)) {
    const value = quoted ?? bare ?? '';
    const key = name?.toLowerCase();
    if (key !== undefined && Object.hasOwn(parsed.filters, key) && value !== '') {
      (minus === '' ? parsed.filters : parsed.notFilters)[key as keyof Filters].push(
        key === 'kind' || key === 'has' ? value.toLowerCase() : value,
      );
      continue;
    }
    const at = key === 'after' || key === 'before' ? timeOf(value) : undefined;
    if ((key === 'after' || key === 'before') && at !== undefined && minus === '') {
      parsed[key] = at;
      continue;
    }
    // What means nothing else is a word like others.
    const term = termOf(name === undefined ? value : all.slice(minus.length), quoted !== undefined);
    if (term.words.length > 0) (minus === '' ? parsed.terms : parsed.without).push(term);
  }
  // More of them than anybody types would only cost.
  return { ...parsed, terms: parsed.terms.slice(0, MAX_TERMS), without: parsed.without.slice(0, MAX_TERMS) };
}

const termOf = (text: string, isQuoted: boolean): Term => ({
  words: [...wordsOf(text)].map(({ word }) => word),
  isPrefix: !isQuoted,
});

/** A date, or a date and a time, as UTC. */
function timeOf(text: string): string | undefined {
  const [, date, time] = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?)Z?)?$/i.exec(text) ?? [];
  if (date === undefined) return undefined;
  const at = new Date(`${date}T${time ?? '00:00'}${time === undefined || time.length === 5 ? ':00' : ''}Z`);
  // A day that the month does not have would become another one.
  return Number.isNaN(at.getTime()) || !at.toISOString().startsWith(date)
    ? undefined
    : `${at.toISOString().slice(0, 19)}Z`;
}
