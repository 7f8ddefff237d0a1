import { z } from 'zod';
import { DEFAULT_LIMITS, type Limits } from './limits.js';
import type { Access } from './roles.js';

/** How a REST value becomes what the schema expects, before it is parsed (arc-v1 §2.5, §2.6). */
export type Coercion =
  | 'text' // null → absent; scalars to text, trimmed
  | 'raw_text' // null → absent; scalars to text, not trimmed
  | 'body' // as raw_text
  | 'recipient' // as text; empty → absent
  | 'channel' // any falsy value → absent; else as text
  | 'kind' // as text, lower-case; null → the text "none"
  | 'integer'
  | 'wide_integer' // up to 64 bits
  | 'number'
  | 'object' // null → absent
  | 'list' // null → absent
  | 'falsy_object' // any falsy value → absent
  | 'falsy_list'
  | 'names' // comma-separated text
  | 'truthy' // body flag, by truthiness
  | 'flag'; // query flag: true, 1, yes

/** Marks a field with its REST coercion; the schema itself never converts. */
export const coercions = z.registry<{ coercion: Coercion }>();

export type RestMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface RestEnvelope {
  result?: unknown;
  [key: string]: unknown;
}

export interface RestBinding {
  readonly method: RestMethod;
  /** `{name}` is one path segment; `{name:int}` matches decimal digits only. */
  readonly path: string;
  /** Success statuses, for the documents. */
  readonly statuses: readonly number[];
  /** Turns the REST envelope back into the operation's result, where they differ (websocket §3). */
  readonly unwrap?: (envelope: RestEnvelope) => unknown;
}

/**
 * - `read`: looks, changes nothing
 * - `write`: one command, one transaction; takes an `idempotency_key`
 * - `wait`: may take long; ended by `cancel`, by the caller's going away, or by its deadline
 * - `connection`: has a meaning on a WebSocket connection only
 * - `stream`: stays open and pushes; the REST way to what a connection subscribes to
 */
export type OperationKind = 'read' | 'write' | 'wait' | 'connection' | 'stream';

/**
 * When an operation of a connection takes effect, beside what else the connection has sent (websocket §2):
 * - `write`: reaches the store in the order received by itself; later reads wait for its commit
 * - `read`: starts once the writes before it are committed
 * - `subscribe`: as a read, and what comes later waits for its end too
 * - `exclusive`: what comes later waits for its end, since it changes who the connection is, or looks before it writes
 */
export type Order = 'write' | 'read' | 'subscribe' | 'exclusive';

/** The field of a wait that says how long, in seconds. */
export interface Waiting {
  readonly field: string;
  readonly default_sec: number;
  /** It has its effect at once, in its turn, and only then waits. */
  readonly effect_first?: true;
}

export type InputSchema = z.ZodObject<z.ZodRawShape>;

export interface Operation<
  Name extends string = string,
  Input extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
> {
  readonly name: Name;
  readonly kind: OperationKind;
  readonly summary: string;
  readonly rest?: RestBinding;
  readonly access: Access;
  /** Asks more than `access` does, by what is in the input. */
  readonly escalates?: (input: Readonly<Record<string, unknown>>) => Access | undefined;
  /** Fields naming who acts: a bound connection fills them in with its agent (websocket §4), and a call touches it. */
  readonly actor?: readonly string[];
  /** Posts what is in the input: it counts against what its `from_agent` may post (identity §8). */
  readonly posts?: true;
  /** Channels that the input names; a caller that is narrowed to others does not find them (identity §4). */
  readonly channels?: (input: Readonly<Record<string, unknown>>) => readonly unknown[];
  /** Binds a connection to a session, or ends that: then the connection fills in its own `session_id`. */
  readonly session?: 'opens' | 'closes';
  /** Begins or ends what is pushed; clients have a way of their own for it, which goes on across reconnects. */
  readonly pushes?: true;
  /** Where it is not what the kind has. */
  readonly order?: Order | ((params: Readonly<Record<string, unknown>>) => Order);
  /** Of waits. */
  readonly waits?: Waiting;
  readonly input: (limits: Limits) => Input;
  readonly output: Output;
  /**
   * Rules over several fields, in the order of arc-v1 §4. Called with the raw fields when another field failed, to say
   * whether a rule that comes before `failed` is broken, and with `failed` undefined when all fields passed.
   * Returns the text of the error.
   */
  readonly across?: (
    raw: Readonly<Record<string, unknown>>,
    failed: string | undefined,
    limits: Limits,
  ) => string | undefined;
}

/** Declares one row of the operations table. */
export function operation<Name extends string, Input extends z.ZodType, Output extends z.ZodType>(
  row: Operation<Name, Input, Output>,
): Operation<Name, Input, Output> {
  return row;
}

const ORDERS: Readonly<Record<OperationKind, Order>> = {
  read: 'read',
  write: 'write',
  wait: 'read',
  connection: 'subscribe',
  stream: 'read',
};

/** How a connection sequences a call of the operation. */
export function orderOf({ order, kind }: Operation, params: Readonly<Record<string, unknown>>): Order {
  return (typeof order === 'function' ? order(params) : order) ?? ORDERS[kind];
}

/** Seconds that the hub may take before it answers, by what was asked of it; 0 for what does not wait. */
export function waitOf({ waits }: Operation, params: Readonly<Record<string, unknown>>): number {
  if (waits === undefined) return 0;
  const sec = params[waits.field] ?? waits.default_sec;
  return typeof sec === 'number' && !Number.isNaN(sec) ? Math.max(0, sec) : 0;
}

const keyed = new Map<Operation, boolean>();

/** Whether the operation takes an `idempotency_key`, and so may be repeated without being done twice. */
export function takesKey(operation: Operation): boolean {
  let takes = keyed.get(operation);
  if (takes === undefined) {
    const schema: object = operation.input(DEFAULT_LIMITS);
    takes = 'shape' in schema && Object.hasOwn(schema.shape as object, 'idempotency_key');
    keyed.set(operation, takes);
  }
  return takes;
}

export type InputOf<Op> = Op extends { input: (limits: Limits) => infer I extends z.ZodType } ? z.input<I> : never;
export type ParsedOf<Op> = Op extends { input: (limits: Limits) => infer I extends z.ZodType } ? z.output<I> : never;
export type OutputOf<Op> = Op extends { output: infer O extends z.ZodType } ? z.output<O> : never;
