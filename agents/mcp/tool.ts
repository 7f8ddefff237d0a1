import { z } from 'zod';
import type { HubClient } from '../../client/hub-client.js';

/** What a tool call may use beside its arguments. */
export interface ToolContext {
  readonly hub: HubClient;
  /** Ends waits: the call was cancelled, or its connection is gone. */
  readonly signal: AbortSignal;
  /** Messages that `arc_inbox` has shown and could not acknowledge yet, because older ones did not fit. */
  readonly shown: Set<number>;
}

export interface ToolAnswer {
  /** Arc's value of this tool; its JSON is the text of the answer unless `text` is given (arc-v1 §10.3). */
  readonly value: unknown;
  /** The same for programs, without what is empty; it passes the output schema. */
  readonly structured: Readonly<Record<string, unknown>>;
  readonly text?: string | undefined;
}

/** A JSON Schema of an object. */
export interface ObjectSchema {
  readonly type: 'object';
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: string[];
  readonly [key: string]: unknown;
}

export interface ToolAnnotations {
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}

export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: ObjectSchema;
  readonly outputSchema: ObjectSchema;
  readonly annotations: ToolAnnotations;
  /** Seconds that a call with these arguments may wait, 0 when it answers at once. */
  waitSec(args: Readonly<Record<string, unknown>>): number;
  /** @throws {ArgumentError} or `HubError` */
  call(args: Readonly<Record<string, unknown>>, context: ToolContext): Promise<ToolAnswer>;
}

/** Arguments that do not pass the input schema. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
}

interface Declaration<Input extends z.ZodObject> {
  name: string;
  description: string;
  input: Input;
  output: ObjectSchema;
  annotations?: ToolAnnotations;
  waitSec?(input: z.output<Input>): number;
  run(input: z.output<Input>, context: ToolContext): Promise<ToolAnswer>;
}

export function tool<Input extends z.ZodObject>(declared: Declaration<Input>): Tool {
  const { name, description, input, output, annotations = {}, waitSec, run } = declared;
  const parse = (args: Readonly<Record<string, unknown>>) => {
    const parsed = input.safeParse(withoutNulls(args));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const field = String(issue?.path[0] ?? '');
    // The quoted name of what is missing is all that Arc's adapter says (arc-v1 §10.3).
    const missing = args[field] === undefined || args[field] === null;
    throw new ArgumentError(missing ? `'${field}'` : `'${field}': ${issue?.message ?? 'invalid'}`);
  };
  return {
    name,
    description,
    inputSchema: inputSchemaOf(input),
    outputSchema: output,
    annotations: { openWorldHint: false, destructiveHint: false, ...annotations },
    waitSec(args) {
      try {
        return waitSec?.(parse(args)) ?? 0;
      } catch {
        return 0;
      }
    },
    async call(args, context) {
      return run(parse(args), context);
    },
  };
}

/** Models send `null` for what they leave out. */
function withoutNulls(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null));
}

/** A plain object schema, as short as it can be: every model that uses the tools pays for it. */
function inputSchemaOf(input: z.ZodObject): ObjectSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: 'input' });
  return { ...schema, type: 'object' } as ObjectSchema;
}

/** The value without what is null or empty, for answers that a model reads. */
export function terse(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => !isEmpty(member)));
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
