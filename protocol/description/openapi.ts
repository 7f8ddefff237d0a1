/** OpenAPI 3.1 of the HTTP door, made from the operations table. */
import { z } from 'zod';
import { Message, Session } from '../entities.js';
import { ERROR_CODES } from '../errors.js';
import { DEFAULT_BASE_URL } from '../hub.js';
import type { Operation, RestBinding } from '../operation.js';
import { OPERATIONS } from '../operations.js';
import { entitySchemas, type Field, inputFields, type JsonSchema, objectOf, outputSchema } from './schemas.js';

const JSON_TYPE = 'application/json';
const FAILURE = { $ref: '#/components/responses/Failure' };

/** The whole document, ready to be written as JSON. */
export function openApi(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of Object.values(OPERATIONS) as Operation[]) {
    if (operation.rest === undefined) continue;
    const path = operation.rest.path.replaceAll(':int', '');
    paths[path] = { ...paths[path], [operation.rest.method.toLowerCase()]: describe(operation, operation.rest) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Arc Hub',
      version,
      description: 'The HTTP API of a local hub where AI agents meet. The same operations, with push, are at /v1/ws.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: DEFAULT_BASE_URL, description: 'the default address' }],
    security: [{}],
    tags: [...new Set(Object.keys(OPERATIONS).map(tagOf))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { ...entitySchemas(), Failure: FAILURE_SCHEMA },
      responses: {
        Failure: {
          description: 'A failure. The hub code in X-Arc-Error says which; `error` is for people.',
          headers: { 'X-Arc-Error': { schema: { type: 'string', enum: Object.keys(ERROR_CODES) } } },
          content: { [JSON_TYPE]: { schema: { $ref: '#/components/schemas/Failure' } } },
        },
      },
    },
  };
}

const tagOf = (name: string) => name.split('.')[0] ?? name;

const FAILURE_SCHEMA = {
  type: 'object',
  properties: { ok: { const: false }, error: { type: 'string' } },
  required: ['ok', 'error'],
};

function describe(operation: Operation, rest: RestBinding): Record<string, unknown> {
  const fields = inputFields(operation);
  const isKey = ({ name }: Field) => name === 'idempotency_key';
  const inPath = (field: Field) => new RegExp(`\\{${field.name}(:int)?\\}`).test(rest.path);
  const others = fields.filter((field) => !isKey(field) && !inPath(field));
  const inQuery = rest.method === 'GET' || rest.method === 'DELETE';
  const parameters = [
    ...fields.filter(inPath).map(({ name, schema }) => ({ name, in: 'path', required: true, schema })),
    ...(inQuery ? others.map(inQueryOf) : []),
    ...(operation.kind === 'stream' ? [LAST_EVENT_ID] : []),
    ...fields.filter(isKey).map(({ schema }) => ({ name: 'Idempotency-Key', in: 'header', required: false, schema })),
  ];
  const body = {
    required: others.some(({ required }) => required),
    content: { [JSON_TYPE]: { schema: objectOf(others, false) } },
  };
  const success =
    operation.kind === 'stream'
      ? EVENTS
      : { description: 'Done', content: { [JSON_TYPE]: { schema: envelope(operation) } } };
  return {
    operationId: operation.name,
    summary: operation.summary,
    tags: [tagOf(operation.name)],
    ...(parameters.length > 0 && { parameters }),
    ...(!inQuery && { requestBody: body }),
    responses: { ...Object.fromEntries(rest.statuses.map((status) => [status, success])), default: FAILURE },
  };
}

/** Lists are separated by commas. */
const inQueryOf = ({ name, required, schema }: Field) => ({
  name,
  in: 'query',
  required,
  schema,
  ...(schema.type === 'array' && { explode: false }),
});

/** The operation's result in the envelope of arc-v1 §2.2; where REST has further keys, they stand beside it. */
function envelope({ rest, output }: Operation): JsonSchema {
  const { result, beside } = rest?.unwrap === undefined ? { result: output, beside: {} } : divide(output);
  const extra = Object.entries(beside);
  const required = extra.filter(([, schema]) => !schema.safeParse(undefined).success).map(([name]) => name);
  return {
    type: 'object',
    properties: {
      ok: { const: true },
      result: outputSchema(result),
      ...Object.fromEntries(extra.map(([name, schema]) => [name, outputSchema(schema)])),
    },
    required: ['ok', 'result', ...required.filter((name) => name !== 'deduplicated')],
  };
}

/** Undoes in types what `unwrap` does with values: the entity is the result, the rest stands at the top level. */
function divide(output: z.ZodType): { result: z.ZodType; beside: Record<string, z.ZodType> } {
  if (!(output instanceof z.ZodObject)) throw new Error('only an object has keys to put beside it');
  const shape: Record<string, z.ZodType> = output.shape;
  const entity = ['claim', 'lock', 'task'].find((name) => name in shape);
  if (entity !== undefined) {
    const { [entity]: result, ...beside } = shape;
    return { result: result as z.ZodType, beside };
  }
  // `messages.post` and `sessions.open` answer with an entity and one key more.
  const [name, result] =
    'deduplicated' in shape ? (['deduplicated', Message] as const) : (['resumed', Session] as const);
  return { result, beside: { [name]: shape[name] as z.ZodType } };
}

/** What a stream has besides: where a reconnect says how far it has come, and events instead of an envelope. */
const LAST_EVENT_ID = { name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'integer' } };
const EVENTS = {
  description: 'Each event has a message as JSON in `data` and its id in `id`',
  content: { 'text/event-stream': { schema: { type: 'string' } } },
};
