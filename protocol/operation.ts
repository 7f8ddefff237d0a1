import { z } from 'zod';
import type { Limits } from './limits.js';

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
 */
export type OperationKind = 'read' | 'write' | 'wait' | 'connection';

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
  /** Fields naming who acts: a bound connection fills them in with its agent (websocket §4), and a call touches it. */
  readonly actor?: readonly string[];
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

export type InputOf<Op> = Op extends { input: (limits: Limits) => infer I extends z.ZodType } ? z.input<I> : never;
export type ParsedOf<Op> = Op extends { input: (limits: Limits) => infer I extends z.ZodType } ? z.output<I> : never;
export type OutputOf<Op> = Op extends { output: infer O extends z.ZodType } ? z.output<O> : never;
