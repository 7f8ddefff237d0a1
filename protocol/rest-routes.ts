/** Finds the operation of a REST request, by the operations table (arc-v1 §2.3). */
import { HubError } from './errors.js';
import type { Operation } from './operation.js';
import { OPERATIONS, type OperationName } from './operations.js';

export interface RestMatch {
  readonly name: OperationName;
  readonly operation: Operation;
  /** Segments of the path, decoded, by the name of their field. */
  readonly pathValues: Readonly<Record<string, string>>;
}

interface Pattern {
  readonly method: string;
  readonly regex: RegExp;
  readonly fields: readonly string[];
  readonly name: OperationName;
}

const EXACT = new Map<string, RestMatch>();
const PATTERNS: Pattern[] = [];
for (const [key, row] of Object.entries(OPERATIONS)) {
  const name = key as OperationName;
  const operation: Operation = row;
  if (operation.rest === undefined) continue;
  const { method, path } = operation.rest;
  if (path.includes('{')) PATTERNS.push(toPattern(method, path, name));
  else EXACT.set(`${method} ${path}`, { name, operation, pathValues: {} });
}

/**
 * @param path without its query, as `splitTarget` gives it; case-sensitive, no trailing slash
 * @returns undefined for what is no operation
 * @throws {HubError} `bad_request`: a segment is no percent-encoded UTF-8
 */
export function matchRest(method: string, path: string): RestMatch | undefined {
  const exact = EXACT.get(`${method} ${path}`);
  if (exact !== undefined) return exact;
  for (const { method: wanted, regex, fields, name } of PATTERNS) {
    const match = wanted === method ? regex.exec(path) : null;
    if (match === null) continue;
    const pathValues: Record<string, string> = {};
    for (const [index, field] of fields.entries()) pathValues[field] = decodeSegment(field, match[index + 1] ?? '');
    return { name, operation: OPERATIONS[name], pathValues };
  }
  return undefined;
}

/** Absolute form, leading `//`, `#fragment` and `;params` as Arc v1 reads them (arc-v1 §2.3). */
export function splitTarget(target: string): { path: string; query: string } {
  let rest = target.replace(/#.*$/s, '').replace(/^https?:\/\/[^/?]*/i, '');
  const mark = rest.indexOf('?');
  const query = mark === -1 ? '' : rest.slice(mark + 1);
  if (mark !== -1) rest = rest.slice(0, mark);
  if (rest.startsWith('//')) rest = rest.replace(/^\/+/, '/');
  return { path: rest.replace(/;[^/]*$/, ''), query };
}

function toPattern(method: string, path: string, name: OperationName): Pattern {
  const fields: string[] = [];
  const source = path.replace(/\{(\w+)(:int)?\}/g, (_, field: string, int: string | undefined) => {
    fields.push(field);
    return int === undefined ? '([^/]+)' : '(\\d+)';
  });
  return { method, regex: new RegExp(`^${source}$`), fields, name };
}

function decodeSegment(field: string, segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HubError('bad_request', `${field} must be valid percent-encoded UTF-8`);
  }
}
