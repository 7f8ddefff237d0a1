/** The fields of a call by name: what a program hands over, made into what a request would have carried. */
import { type Coercion, HubError, type Operation } from '../../../protocol/index.js';
import { parseBody } from '../rest/body.js';
import { coerce } from '../rest/coerce.js';

/**
 * Converted as the fields of the operation's REST twin are, so that a caller may go over from one door to the other.
 *
 * @throws {HubError} `bad_request`: a lone surrogate, or an array or object where text belongs; `parse_error`: too deep
 */
export function localFields(
  { rest }: Operation,
  coercions: ReadonlyMap<string, Coercion>,
  params: Readonly<Record<string, unknown>>,
  maxDepth: number,
): Record<string, unknown> {
  const isQuery = rest?.method === 'GET' || rest?.method === 'DELETE';
  const fields: Record<string, unknown> = {};
  for (const [field, given] of Object.entries(params)) {
    const isAbsent = given === undefined || given === null || (isQuery && given === '');
    if (isAbsent) continue;
    const value = carried(field, given, maxDepth);
    const coercion = coercions.get(field);
    const converted = coercion === undefined ? value : coerce(field, coercion, value);
    if (converted !== undefined) fields[field] = converted;
  }
  return fields;
}

/** What is nested goes through JSON, which bounds it and cuts its ties to the caller's objects. */
function carried(field: string, value: unknown, maxDepth: number): unknown {
  if (typeof value === 'string' && !value.isWellFormed()) {
    throw new HubError('bad_request', `${field} must not contain lone surrogates`);
  }
  if (typeof value !== 'object' || value === null) return value;
  return parseBody(JSON.stringify({ [field]: value }), maxDepth)[field];
}
