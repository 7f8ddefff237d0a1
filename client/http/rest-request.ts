/** From an operation's parameters to its REST twin, by the operations table (websocket §3). */
import { HubError, type Operation } from '../../protocol/index.js';

export interface RestRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/**
 * @throws {HubError} `unknown_method`: the operation has no REST twin. `bad_request`: a path id is missing, or is one
 *   that no URL can carry (`.` and `..`)
 */
export function toRestRequest({ name, rest }: Operation, params: Readonly<Record<string, unknown>>): RestRequest {
  if (rest === undefined) throw new HubError('unknown_method', `${name} needs a WebSocket connection`);
  const { idempotency_key, ...others } = params;
  const fields: Record<string, unknown> = others;
  const path = rest.path.replace(/\{(\w+)(?::int)?\}/g, (_, field: string) => {
    const value = fields[field];
    delete fields[field];
    return pathSegment(field, value);
  });
  const headers: Record<string, string> = {};
  if (typeof idempotency_key === 'string') headers['Idempotency-Key'] = headerText(idempotency_key);
  if (rest.method === 'GET' || rest.method === 'DELETE') {
    return { method: rest.method, path: path + queryOf(fields), headers };
  }
  headers['Content-Type'] = 'application/json';
  return { method: rest.method, path, headers, body: JSON.stringify(fields) };
}

function pathSegment(field: string, value: unknown): string {
  const text = value === undefined || value === null ? '' : String(value);
  if (text === '') throw new HubError('bad_request', `${field} is required`);
  // URL parsers take these two, escaped or not, for steps along the path.
  if (text === '.' || text === '..') throw new HubError('bad_request', `${field} cannot be "${text}" over HTTP`);
  return encodeURIComponent(wellFormed(text));
}

function queryOf(fields: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  for (const [field, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null) query.set(field, String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

// encodeURIComponent throws on half a surrogate pair; U+FFFD is what any encoder makes of one.
function wellFormed(text: string): string {
  return text.toWellFormed();
}

/** Headers are bytes: text beyond ASCII travels as its UTF-8 bytes, one character each. */
function headerText(text: string): string {
  for (const character of text) {
    if (character < ' ' || character === '\x7f') {
      throw new HubError('bad_request', 'idempotency_key must hold no control characters');
    }
  }
  let bytes = '';
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
}
