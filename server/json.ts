/** JSON as it comes from peers and from the store: bounded in depth, numbers kept as text where a double would lose them. */
import { parse as parseLossless } from 'lossless-json';
import { HubError, NumberText } from '../protocol/index.js';

/**
 * Parses what a peer sent. Numbers `exactFrom` levels down and deeper keep their text: those above are parameters, which are
 * integers.
 *
 * @throws {HubError} `parse_error`: not JSON (also NaN, a BOM, trailing commas), or nested deeper than `maxDepth`;
 *   `bad_request`: a lone surrogate somewhere, which no store could give back (arc-v1 §2.4, §2.7)
 */
export function parseJson(text: string, maxDepth: number, exactFrom: number): unknown {
  // Each level takes two brackets.
  if (text.length > 2 * maxDepth && isDeeperThan(text, maxDepth)) {
    throw new HubError('parse_error', `JSON is nested deeper than ${maxDepth} levels`);
  }
  const value = parseKeepingNumbers(text, exactFrom);
  // Well-formed text can only hold a lone surrogate behind an escape.
  if ((text.includes('\\ud') || text.includes('\\uD')) && LONE.test(text)) refuseLoneSurrogates(value, '');
  return value;
}

const LONE = /\\u[dD][89a-fA-F]/;

function parseKeepingNumbers(text: string, exactFrom: number): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new HubError('parse_error', 'malformed JSON');
  }
  // Most requests hold no number that could lose its text: two cheap looks decide.
  if (!/\d[.eE]|\d{16}|-0/.test(text) || !hasNumber(value, exactFrom)) return value;
  return parseLossless(text, undefined, KEEP_NUMBERS);
}

const KEEP_NUMBERS = {
  parseNumber: (digits: string) => (String(Number(digits)) === digits ? Number(digits) : new NumberText(digits)),
  onDuplicateKey: ({ newValue }: { newValue: unknown }) => newValue,
};

function hasNumber(value: unknown, exactFrom: number): boolean {
  if (typeof value === 'number') return exactFrom <= 0 || !Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null) return false;
  for (const member of Array.isArray(value) ? value : Object.values(value))
    if (hasNumber(member, exactFrom - 1)) return true;
  return false;
}

function isDeeperThan(text: string, maxDepth: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (inString) {
      if (unit === 0x5c) i++;
      else if (unit === 0x22) inString = false;
    } else if (unit === 0x22) inString = true;
    else if (unit === 0x5b || unit === 0x7b) {
      if (++depth > maxDepth) return true;
    } else if (unit === 0x5d || unit === 0x7d) depth--;
  }
  return false;
}

function refuseLoneSurrogates(value: unknown, field: string): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) {
      throw new HubError('bad_request', `${field || 'request'} must not contain lone surrogates`);
    }
  } else if (Array.isArray(value)) {
    for (const item of value) refuseLoneSurrogates(item, field);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      refuseLoneSurrogates(key, field);
      refuseLoneSurrogates(member, field || key);
    }
  }
}

/** Text of a stored JSON column as strict JSON: other hubs may have left it empty or with NaN in it (arc-v1 §3.8). */
export function storedJson(text: string, empty: '{}' | '[]'): string {
  if (text === empty || text === '') return empty;
  if (isValid(text)) return text;
  const strict = text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (token) =>
    token[0] === '"' ? token : 'null',
  );
  return isValid(strict) ? strict : empty;
}

function isValid(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A stored JSON column as a value with its numbers kept. */
export function storedValue(text: string, empty: '{}' | '[]'): unknown {
  return parseLossless(storedJson(text, empty), undefined, KEEP_NUMBERS);
}
