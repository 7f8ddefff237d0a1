/** What a relayed request asks of the relay, by the operations table: whether it waits, and how long. */
import { matchRest, splitTarget, waitOf } from '../protocol/index.js';
import { type RelayAnswer, type RelayRequest, refusal } from './spool.js';

/** A client of Arc v1 gives up after 30 s, so its longer polls are answered before that (arc-v1 §7.6). */
const LONGEST_POLL_SEC = 25;
/** A wait of a request with a body may take no longer, whatever it says. */
const LONGEST_CALL_SEC = 3_600;
const METHODS = new Set(['GET', 'POST', 'PUT', 'DELETE']);
/** These stay open, and a file can be answered once; MCP lets its session say who it is. */
const NO_OPERATIONS = /^\/(v1\/ws|mcp(\/.*)?)$/;

export interface Routed {
  method: string;
  path: string;
  body: string | undefined;
  /** It may take long, so nothing may wait for it. */
  waits: boolean;
  /** How long the hub may take to answer, in seconds, beyond what any request takes. */
  waitSec: number;
}

/** @returns the request as it goes to the hub, or the answer that it gets at once */
export function route({ method, path: target, body }: RelayRequest): Routed | RelayAnswer {
  if (!METHODS.has(method)) return refusal(405, 'unknown_method', 'method not allowed');
  const { path, query } = splitTarget(target);
  const operation = operationOf(method, path);
  if (operation?.kind === 'stream' || NO_OPERATIONS.test(path)) {
    return refusal(400, 'bad_request', `${path} cannot be relayed: poll /v1/events with a timeout instead`);
  }
  const plain: Routed = { method, path: target, body, waits: false, waitSec: 0 };
  if (operation?.waits === undefined) return plain;
  const { field } = operation.waits;
  if (method !== 'GET') {
    const given = (body === undefined ? {} : JSON.parse(body)) as Record<string, unknown>;
    const sec = typeof given[field] === 'object' ? 0 : Number(given[field] ?? operation.waits.default_sec);
    return { ...plain, waits: true, waitSec: Math.min(waitOf(operation, { [field]: sec }), LONGEST_CALL_SEC) };
  }
  const waitSec = secondsOf(new URLSearchParams(query).get(field));
  if (waitSec <= LONGEST_POLL_SEC) return { ...plain, waits: waitSec > 0, waitSec };
  const shortened = query.replace(new RegExp(`(^|&)${field}=[^&]*`, 'g'), `$1${field}=${LONGEST_POLL_SEC}`);
  return { ...plain, path: `${path}?${shortened}`, waits: true, waitSec: LONGEST_POLL_SEC };
}

export const isAnswer = (routed: Routed | RelayAnswer): routed is RelayAnswer => 'status' in routed;

/** Undefined also for a path that no hub can read: the hub says so. */
function operationOf(method: string, path: string) {
  try {
    return matchRest(method, path)?.operation;
  } catch {
    return undefined;
  }
}

function secondsOf(timeout: string | null): number {
  if (timeout === null) return 0;
  if (/^\s*\+?inf/i.test(timeout)) return Number.POSITIVE_INFINITY;
  const sec = Number(timeout.replaceAll('_', ''));
  return Number.isNaN(sec) ? 0 : sec;
}
