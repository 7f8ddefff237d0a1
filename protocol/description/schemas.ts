/** JSON Schemas of the operations table, for the documents that describe the API to programs. */
import { z } from 'zod';
import {
  Bootstrap,
  Channel,
  Claim,
  Cursor,
  HubInfo,
  Lock,
  Message,
  PendingShutdown,
  Session,
  Stats,
  Task,
  Thread,
  ThreadDetail,
} from '../entities.js';
import { MESSAGE_KINDS } from '../hub.js';
import { DEFAULT_LIMITS } from '../limits.js';
import { type Coercion, coercions, type Operation } from '../operation.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Entities that the documents define once and refer to. */
const ENTITIES: Readonly<Record<string, z.ZodType>> = {
  Channel,
  Session,
  Message,
  Claim,
  Lock,
  Task,
  Thread,
  ThreadDetail,
  Bootstrap,
  HubInfo,
  Stats,
  PendingShutdown,
  Cursor,
};

const names = z.registry<{ id: string }>();
for (const [id, schema] of Object.entries(ENTITIES)) names.add(schema, { id });

const PLACE = '#/components/schemas/';

/** The definitions behind the references that `outputSchema` makes. */
export function entitySchemas(): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(ENTITIES).map(([name, schema]) => [name, toSchema(schema, name)]));
}

export const outputSchema = (output: z.ZodType): JsonSchema => toSchema(output);

export interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly schema: JsonSchema;
}

/** What an operation takes, field by field, in the order in which it is checked. */
export function inputFields({ input }: Operation): Field[] {
  const { shape } = input(DEFAULT_LIMITS) as z.ZodObject;
  return Object.entries(shape).map(([name, schema]) => ({
    name,
    required: !(schema as z.ZodType).safeParse(undefined).success,
    schema: fieldSchema(schema as z.ZodType),
  }));
}

/** The fields as one object, as `params` and request bodies hold them. */
export function objectOf(fields: readonly Field[], strict: boolean): JsonSchema {
  const required = fields.filter((field) => field.required).map(({ name }) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map(({ name, schema }) => [name, schema])),
    ...(required.length > 0 && { required }),
    ...(strict && { additionalProperties: false }),
  };
}

/** What the schema of a field cannot say, because rules in code check it, its coercion tells. */
const BY_COERCION: Partial<Record<Coercion, JsonSchema>> = {
  integer: { type: 'integer' },
  wide_integer: { type: 'integer' },
  number: { type: 'number' },
  object: { type: 'object', additionalProperties: true },
  falsy_object: { type: 'object', additionalProperties: true },
  list: { type: 'array', items: { type: 'string' } },
  falsy_list: { type: 'array', items: { type: 'object', additionalProperties: true } },
  kind: { type: 'string', enum: MESSAGE_KINDS },
};

function fieldSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...made } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const meta = coercions.get(schema);
  const known = meta === undefined ? undefined : BY_COERCION[meta.coercion];
  if (known === undefined) return made;
  return { ...known, ...(made.default !== undefined && { default: made.default }) };
}

function toSchema(schema: z.ZodType, entity?: string): JsonSchema {
  const made = z.toJSONSchema(schema, {
    io: 'output',
    unrepresentable: 'any',
    metadata: names,
    override: ({ jsonSchema }) => {
      // Every id and count is far below 2^53; saying so at each of them only makes noise.
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      delete jsonSchema.id;
      // A newer hub may answer with more.
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  const { $schema: _, $defs: definitions, ...plain } = made;
  // An entity by itself comes as a reference to its own definition.
  const defined = entity === undefined ? undefined : definitions?.[entity];
  return withReferences(defined ?? plain) as JsonSchema;
}

/** Points references into the document's own definitions. */
function withReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withReferences(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) =>
      key === '$ref' && typeof member === 'string'
        ? [key, member.replace(/^#\/\$defs\//, PLACE)]
        : [key, withReferences(member)],
    ),
  );
}
