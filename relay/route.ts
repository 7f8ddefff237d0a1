/** What a relayed request is, by the operations table: whether it waits, and who acts in it. */
import { OPERATIONS, type Operation } from '../protocol/index.js';
import { agentFolder, type RelayAnswer, type RelayRequest, refusal } from './spool.js';

/** A client of Arc v1 gives up after 30 s, so its longer polls are answered before that (arc-v1 §7.6). */
const LONGEST_POLL_SEC = 25;
/** An `rpc.call` may take no longer, whatever it says. */
const LONGEST_RPC_SEC = 3_600;
const METHODS = new Set(['GET', 'POST', 'PUT', 'DELETE']);
/** These stay open, and a file can be answered once; MCP lets its session say who it is. */
const STREAMS = /^\/(v1\/(stream|ws)|mcp(\/.*)?)$/;
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
  /** Session that is to be closed, where it must be one of the folder's own agent. */
  closes: string | undefined;
}

/**
 * @param ownFolder the folder whose agent alone may act, or undefined where anybody may
 * @returns the request as it goes to the hub, or the answer that it gets at once
 */
export function route(request: RelayRequest, ownFolder: string | undefined): Routed | RelayAnswer {
  const { method, body } = request;
  let [target, query] = splitQuery(request.path);
  if (!METHODS.has(method)) return refusal(405, 'unknown_method', 'method not allowed');
  if (STREAMS.test(plainPath(target))) {
    return refusal(400, 'bad_request', `${target} cannot be relayed: poll /v1/events with a timeout instead`);
  }
  const found = find(method, target);
  const fields = () => (body === undefined ? {} : (JSON.parse(body) as Record<string, unknown>));
  const plain: Routed = { method, path: request.path, body, waits: false, waitSec: 0, closes: undefined };
  if (ownFolder !== undefined) {
    const problem = foreign(ownFolder, method, query, found, fields);
    if (problem !== undefined) return refusal(403, 'forbidden', problem);
    const own = agentFolder(request.agent_id) === ownFolder ? request.agent_id : ownFolder;
    query = asOwn(own, query, found);
    plain.path = query === '' ? target : `${target}?${query}`;
    if (found?.operation.name === 'sessions.close') plain.closes = found.pathValues.session_id;
  }
  if (found?.operation.kind !== 'wait') return plain;
  if (method !== 'GET') {
    const { timeout_sec = 30 } = fields();
    const sec = typeof timeout_sec === 'object' ? 0 : Number(timeout_sec);
    return { ...plain, waits: true, waitSec: Math.min(sec || 0, LONGEST_RPC_SEC) };
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
const plainPath = (target: string) => target.replace(/^\/+/, '/').replace(/;[^/]*$/, '');

function find(method: string, target: string): Found | undefined {
  const path = plainPath(target);
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

/** The fields of an operation that say who acts. */
const actorsOf = ({ name, actor = [] }: Operation) => (name === 'sessions.open' ? ['agent_id'] : actor);

/** Why a request is not one that the agent of `folder` may make. */
function foreign(
  folder: string,
  method: string,
  query: string,
  found: Found | undefined,
  fields: () => Record<string, unknown>,
): string | undefined {
  // What is not in the table changes nothing at this hub; what it would at another is not known.
  if (found === undefined)
    return method === 'GET' ? undefined : 'only the operations of a hub are for agents behind the relay';
  const { operation, pathValues } = found;
  if (OPERATORS_ONLY.has(operation.name)) return `${operation.name} is not for agents behind the relay`;
  const inQuery = method === 'GET' || method === 'DELETE' ? new URLSearchParams(query) : undefined;
  for (const field of actorsOf(operation)) {
    const given = Object.hasOwn(pathValues, field)
      ? [pathValues[field]]
      : (inQuery?.getAll(field) ?? [fields()[field]]);
    for (const value of given) {
      if (value === undefined || value === null || value === '') continue;
      // A number may be written in many ways, and the hub keeps the one that it was given.
      if (typeof value !== 'string' || agentFolder(value) !== folder) return `${field} is not the agent of this folder`;
    }
  }
  return undefined;
}

/** A query that names `agent` as the one who reads, where it names nobody: nobody may see what is for others. */
function asOwn(agent: string, query: string, found: Found | undefined): string {
  if (found?.operation.rest?.method !== 'GET') return query;
  const given = new URLSearchParams(query);
  const missing = actorsOf(found.operation).filter((field) => !(field in found.pathValues) && !given.get(field));
  // In front, since of several the hub takes the first.
  const own = missing.map((field) => `${field}=${encodeURIComponent(agent)}`);
  return [...own, ...(query === '' ? [] : [query])].join('&');
}
