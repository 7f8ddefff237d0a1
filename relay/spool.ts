/**
 * The spool: how a request and its answer look as files (arc-v1 §7). Both ends share this file, so it loads nothing but
 * what every end has.
 */
import { randomBytes } from 'node:crypto';

export const REQUESTS = 'requests';
export const RESPONSES = 'responses';
export const REQUEST_SUFFIX = '.json';
/** A request that a relay has taken. The file stays: some mounts refuse deletion. */
export const CLAIMED_SUFFIX = '.work';
/** Longest file name of the file systems that we know, in bytes. */
const MAX_NAME_BYTES = 255;

/** Statuses that no hub gives: what went wrong on the way to it (arc-v1 §7.4). */
export const RELAY_STATUS = { writeFailed: 597, timedOut: 598, unreachable: 599 } as const;
export const TIMED_OUT = 'relay timed out waiting for response';

/** The folder of an agent. Distinct ids may share one; `.` and `..` come out as they are, and no end may use them. */
export function agentFolder(agentId: string): string {
  return agentId.trim().replace(/[^A-Za-z0-9._-]+/g, '_') || 'agent';
}

/** Whether `name` is one step down, and nothing else. */
export function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name);
}

export interface RelayRequest {
  request_id: string;
  agent_id: string;
  method: string;
  path: string;
  /** JSON text, so that numbers keep their digits; undefined for a request without a body. */
  body: string | undefined;
  /** Names the write, if the client wants a name of its own (websocket §7). Not part of Arc v1. */
  idempotency_key: string | undefined;
}

export function requestText({ request_id, agent_id, method, path, body, idempotency_key }: RelayRequest): string {
  const head = { request_id, agent_id, method, path };
  const key = idempotency_key === undefined ? {} : { idempotency_key };
  const tail = { ...key, created_at: new Date().toISOString() };
  return `${JSON.stringify(head).slice(0, -1)},"body":${body ?? 'null'},${JSON.stringify(tail).slice(1)}\n`;
}

/** What a request came to: the hub's answer, or what kept it from one. */
export interface RelayAnswer {
  status: number;
  /** JSON text of the hub's answer; undefined when the request file itself was unusable. */
  body: string | undefined;
  ok: boolean;
  error: string | undefined;
  /** The hub's code of a failure, and what it says besides its text (websocket §2). */
  code: string | undefined;
  details?: unknown;
}

export function responseText(requestId: string, { status, body, ok, error, code, details }: RelayAnswer): string {
  const head = JSON.stringify({ request_id: requestId, ok, status });
  const tail = JSON.stringify({ completed_at: new Date().toISOString(), error, code, details });
  return `${head.slice(0, -1)}${body === undefined ? '' : `,"body":${body}`},${tail.slice(1)}\n`;
}

/** What came of a request that was carried to a hub elsewhere. */
export interface Executed {
  status: number;
  /** JSON, unless something other than a hub has answered. */
  text: string;
  code?: string | undefined;
  details?: unknown;
}

/** An answer from the hub's status and text, which is JSON unless something between us and the hub spoke (arc-v1 §7.4). */
export function answerOf({ status, text, code, details }: Executed): RelayAnswer {
  const fine = status >= 200 && status < 300;
  let envelope: unknown;
  try {
    envelope = JSON.parse(text);
  } catch {
    return { status, body: JSON.stringify(text), ok: fine, error: fine ? undefined : text, code };
  }
  const { ok, error } = (typeof envelope === 'object' && envelope !== null ? envelope : {}) as Record<string, unknown>;
  return {
    status,
    body: text,
    ok: typeof ok === 'boolean' ? ok : fine,
    error: typeof error === 'string' ? error : undefined,
    code,
    details,
  };
}

/** A refusal in the shape of the hub's own. */
export function refusal(status: number, code: string, error: string): RelayAnswer {
  return { status, body: JSON.stringify({ ok: false, error }), ok: false, error, code };
}

/** The name under which a file is written before it is renamed to `name`. */
export function temporaryName(name: string): string {
  const random = randomBytes(8).toString('hex');
  const full = `.${name}.${random}.tmp`;
  return Buffer.byteLength(full) <= MAX_NAME_BYTES ? full : `.${random}.tmp`;
}

/**
 * The text of a member of a JSON object, digit for digit; of duplicates the last.
 *
 * @param json text that `JSON.parse` takes for an object
 */
export function memberText(json: string, key: string): string | undefined {
  let found: string | undefined;
  let at = skipSpace(json, json.indexOf('{') + 1);
  while (json[at] === '"') {
    const nameEnd = endOfString(json, at);
    const name: unknown = JSON.parse(json.slice(at, nameEnd));
    const start = skipSpace(json, skipSpace(json, nameEnd) + 1);
    const end = endOfValue(json, start);
    if (name === key) found = json.slice(start, end);
    at = skipSpace(json, skipSpace(json, end) + 1);
  }
  return found;
}

function skipSpace(json: string, from: number): number {
  let at = from;
  while (at < json.length && json.charCodeAt(at) <= 0x20) at += 1;
  return at;
}

/** @param from the opening quote */
function endOfString(json: string, from: number): number {
  let at = from + 1;
  for (; json[at] !== '"'; at++) if (json[at] === '\\') at += 1;
  return at + 1;
}

function endOfValue(json: string, from: number): number {
  if (json[from] === '"') return endOfString(json, from);
  let depth = 0;
  for (let at = from; at < json.length; at++) {
    const unit = json[at];
    if (unit === '"') at = endOfString(json, at) - 1;
    else if (unit === '{' || unit === '[') depth += 1;
    else if (depth === 0 && (unit === ',' || unit === '}' || unit === ']' || json.charCodeAt(at) <= 0x20)) return at;
    else if ((unit === '}' || unit === ']') && --depth === 0) return at + 1;
  }
  return json.length;
}
