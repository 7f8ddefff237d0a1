import {
  type InputOf,
  OPERATIONS,
  type Operation,
  type OperationName,
  type Operations,
  type OutputOf,
  takesKey,
} from '../protocol/index.js';

/** Fields that the client fills in with its own agent or session when they are not given. */
type OwnField = 'from_agent' | 'agent_id' | 'owner_agent_id' | 'created_by' | 'session_id';
type OptionalFields<T, K extends PropertyKey> = Omit<T, K> & { [P in keyof T & K]?: T[P] | undefined };

/** What an operation takes; who acts may be left out (websocket §4). */
export type ParamsOf<Name extends OperationName> = OptionalFields<InputOf<Operations[Name]>, OwnField>;
export type ResultOf<Name extends OperationName> = OutputOf<Operations[Name]>;

export function findOperation(name: string): Operation | undefined {
  return Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name as OperationName] : undefined;
}

let keyPrefix: string | undefined;
let keysGiven = 0;

/**
 * 128 random bits of this program, as hex, and a count. `crypto.randomUUID` would be missing on a page served without
 * TLS, and asking for new random bits each time is half the cost of a small call.
 */
export function newIdempotencyKey(): string {
  keyPrefix ??= Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
  keysGiven += 1;
  return `${keyPrefix}-${keysGiven}`;
}

/**
 * Completes the parameters of an operation: the acting agent where none is named, and for a write its
 * `idempotency_key`, chosen here once, before the first attempt, so that a retry after a lost answer is not done twice.
 */
export function completeParams(
  operation: Operation,
  params: Readonly<Record<string, unknown>>,
  agentId: string | undefined,
): Record<string, unknown> {
  const complete: Record<string, unknown> = {};
  for (const field of Object.keys(params)) if (params[field] !== undefined) complete[field] = params[field];
  if (agentId !== undefined && operation.session !== 'opens')
    for (const field of operation.actor ?? []) complete[field] ??= agentId;
  if (takesKey(operation)) complete.idempotency_key ??= newIdempotencyKey();
  return complete;
}
