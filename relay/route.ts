/** What a relayed request is, by the operations table: whether it waits, and who acts in it. */
import { isJsonObject, OPERATIONS, type Operation } from '../protocol/index.js';
import { agentFolder, type RelayAnswer, type RelayRequest, refusal } from './spool.js';

/** A client of Arc v1 gives up after 30 s, so its longer polls are answered before that (arc-v1 §7.6). */
const LONGEST_POLL_SEC = 25;
const METHODS = new Set(['GET', 'POST', 'PUT', 'DELETE']);
/** These stay open, and a file can be answered once. */
const STREAMS = /^\/+(v1\/(stream|ws)|mcp)$/;
/** Not for an agent that may speak for itself alone. */
const OPERATORS_ONLY = new Set(['hub.shutdown.start', 'hub.shutdown.cancel', 'hub.network']);

export interface Routed {
  method: string;
  path: string;
  body: string | undefined;
  /** It may take long, so nothing may wait for it. */
  waits: boolean;
  /** How long the hub may take to answer, in seconds, beyond what any request takes. */
  waitSec: number;
}

/**
 * @param ownFolder the folder whose agent alone may act, or undefined where anybody may
 * @returns the request as it goes to the hub, or the answer that it gets at once
 */
export function route(request: RelayRequest, ownFolder: string | undefined): Routed | RelayAnswer {
  const { method, body } = request;
  const [target = '', query = ''] = splitQuery(request.path);
  if (!METHODS.has(method)) return refusal(405, 'unknown_method', 'method not allowed');
  if (STREAMS.test(target)) {
    return refusal(400, 'bad_request', `${target} cannot be relayed: poll /v1/events with a timeout instead`);
  }
  const found = find(method, target);
  const fields = () => (body === undefined ? {} : (JSON.parse(body) as Record<string, unknown>));
  if (ownFolder !== undefined) {
    const problem = foreign(ownFolder, method, query, found, fields);
    if (problem !== undefined) return refusal(403, 'forbidden', problem);
  }
  const plain = { method, path: request.path, body, waits: false, waitSec: 0 };
  if (found?.operation.kind !== 'wait') return plain;
  if (method !== 'GET') {
    const sec = Number(fields().timeout_sec ?? 30);
    return { ...plain, waits: true, waitSec: Number.isFinite(sec) ? sec : 0 };
  }
  const waitSec = secondsOf(new URLSearchParams(query).get('timeout'));
  if (waitSec <= LONGEST_POLL_SEC) return { ...plain, waits: waitSec > 0, waitSec };
  const shortened = query.replace(/(^|&)timeout=[^&]*/g, `$1timeout=${LONGEST_POLL_SEC}`);
  return { ...plain, path: `${target}?${shortened}`, waits: true, waitSec: LONGEST_POLL_SEC };
}

export const isAnswer = (routed: Routed | RelayAnswer): routed is RelayAnswer => 'status' in routed;

function splitQuery(path: string): [string, string] {
  const [target = ''] = path.split('#', 1);
  const mark = target.indexOf('?');
  return mark === -1 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)];
}

function secondsOf(timeout: string | null): number {
  if (timeout === null) return 0;
  if (/^\s*\+?inf/i.test(timeout)) return Number.POSITIVE_INFINITY;
  const sec = Number(timeout.replaceAll('_', ''));
  return Number.isNaN(sec) ? 0 : sec;
}

interface Found {
  operation: Operation;
  pathValues: Record<string, string>;
}

const TABLE = Object.values(OPERATIONS as Record<string, Operation>).flatMap((operation) => {
  if (operation.rest === undefined) return [];
  const { method, path } = operation.rest;
  const names: string[] = [];
  const source = path.replace(/\{(\w+)(:int)?\}/g, (_, name: string, int: string | undefined) => {
    names.push(name);
    return int === undefined ? '([^/]+)' : '(\\d+)';
  });
  return [{ operation, method, names, pattern: new RegExp(`^${source}$`) }];
});

/** As the hub's own matcher reads a target: a leading `//` is one, `;params` are dropped (arc-v1 §2.3). */
function find(method: string, target: string): Found | undefined {
  const path = target.replace(/^\/+/, '/').replace(/;[^/]*$/, '');
  for (const { operation, method: wanted, names, pattern } of TABLE) {
    const match = wanted === method ? pattern.exec(path) : null;
    if (match === null) continue;
    const pathValues = Object.fromEntries(names.map((name, index) => [name, decode(match[index + 1] ?? '')]));
    return { operation, pathValues };
  }
  return undefined;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Why a request is not one that the agent of `folder` may make. */
function foreign(
  folder: string,
  method: string,
  query: string,
  found: Found | undefined,
  fields: () => Record<string, unknown>,
): string | undefined {
  if (found === undefined) return undefined;
  const { operation, pathValues } = found;
  if (OPERATORS_ONLY.has(operation.name)) return `${operation.name} is not for agents behind the relay`;
  const given = method === 'GET' || method === 'DELETE' ? Object.fromEntries(new URLSearchParams(query)) : fields();
  const named = [...(operation.actor ?? []), 'as', ...(operation.name === 'sessions.open' ? ['agent_id'] : [])];
  for (const field of named) {
    const value = pathValues[field] ?? (isJsonObject(given) ? given[field] : undefined);
    if (value === undefined || value === null || value === '') continue;
    if (agentFolder(String(value)) !== folder) return `${field} is not the agent of this folder`;
  }
  return undefined;
}
