import {
  type Coercion,
  HubError,
  type Limits,
  OPERATIONS,
  type Operation,
  type OperationName,
} from '../../../protocol/index.js';
import { coerce, coercionsOf } from './coerce.js';

export interface Route {
  readonly name: OperationName;
  readonly operation: Operation;
  readonly fields: ReadonlyMap<string, Coercion>;
  /** Field that REST callers name themselves in, for the presence header (arc-v1 §12 A7). */
  readonly actor: string | undefined;
}

export interface Matched {
  readonly route: Route;
  readonly pathValues: Readonly<Record<string, string>>;
}

interface Pattern {
  readonly method: string;
  readonly regex: RegExp;
  readonly names: readonly string[];
  readonly route: Route;
}

/** The REST side of the operations table: finds the operation of a request and converts its fields. */
export class Routes {
  readonly #exact = new Map<string, Route>();
  readonly #patterns: Pattern[] = [];

  constructor(limits: Limits) {
    for (const [name, row] of Object.entries(OPERATIONS)) {
      const operation: Operation = row;
      if (operation.rest === undefined) continue;
      const { method, path } = operation.rest;
      const fields = coercionsOf(operation.input(limits));
      const actor = operation.actor?.[0];
      const route: Route = { name: name as OperationName, operation, fields, actor };
      if (path.includes('{')) this.#patterns.push(toPattern(method, path, route));
      else this.#exact.set(`${method} ${path}`, route);
    }
  }

  /** @param path without the query; case-sensitive, no trailing slash (arc-v1 §2.3) */
  match(method: string, path: string): Matched | undefined {
    const exact = this.#exact.get(`${method} ${path}`);
    if (exact !== undefined) return { route: exact, pathValues: {} };
    for (const { method: wanted, regex, names, route } of this.#patterns) {
      const match = wanted === method ? regex.exec(path) : null;
      if (match === null) continue;
      const pathValues: Record<string, string> = {};
      for (const [index, name] of names.entries()) pathValues[name] = decodeSegment(name, match[index + 1] ?? '');
      return { route, pathValues };
    }
    return undefined;
  }
}

/**
 * The fields of one request, converted. Unknown keys are ignored.
 * @throws {HubError} `bad_request`: an array or object where text belongs
 */
export function fieldsOf(
  { route, pathValues }: Matched,
  query: URLSearchParams,
  body: Readonly<Record<string, unknown>>,
  idempotencyKey: string | undefined,
): Record<string, unknown> {
  const { method } = route.operation.rest ?? { method: 'GET' };
  const fromQuery = method === 'GET' || method === 'DELETE';
  const fields: Record<string, unknown> = {};
  for (const [field, coercion] of route.fields) {
    let value: unknown;
    if (Object.hasOwn(pathValues, field)) value = pathValues[field];
    // A key with an empty value counts as absent.
    else if (fromQuery) value = query.get(field) || undefined;
    else if (Object.hasOwn(body, field)) value = body[field];
    const converted = coerce(field, coercion, value);
    if (converted !== undefined) fields[field] = converted;
  }
  if (idempotencyKey !== undefined && takesKey(route)) {
    fields.idempotency_key = idempotencyKey;
  }
  return fields;
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

const takesKey = ({ name, operation }: Route) => operation.kind === 'write' || name === 'rpc.call';

function toPattern(method: string, path: string, route: Route): Pattern {
  const names: string[] = [];
  const source = path.replace(/\{(\w+)(:int)?\}/g, (_, name: string, int: string | undefined) => {
    names.push(name);
    return int === undefined ? '([^/]+)' : '(\\d+)';
  });
  return { method, regex: new RegExp(`^${source}$`), names, route };
}

function decodeSegment(name: string, segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HubError('bad_request', `${name} must be valid percent-encoded UTF-8`);
  }
}
