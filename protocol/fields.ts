/** Builders for the fields of the operations table: one spelling, one text and one coercion for each kind of field. */
import { z } from 'zod';
import { isJsonObject, stringify, utf8Bytes } from './json.js';
import { DEFAULT_LIMIT, DEFAULT_TTL_SEC, type Limits, MIN_TTL_SEC } from './limits.js';
import { type Coercion, coercions } from './operation.js';
import { codePoints } from './text.js';

// A message that starts with "must" is a predicate: `describeIssue` puts the field's name in front of it.

/** Marks `schema` with the conversion that REST applies before parsing. */
export function rest<S extends z.ZodType>(coercion: Coercion, schema: S): S {
  coercions.add(schema, { coercion });
  return schema;
}

const atMost = (max: number) => (text: string) => text.length <= max || codePoints(text) <= max;

/** Text of at most `max` code points. */
export const chars = (max: number) =>
  z.string().refine(atMost(max), { error: `must be ${max} characters or fewer`, abort: true });

/** Trimmed text that must not be empty; absent or blank is `<field> is required`. */
export const requiredText = (max: number) =>
  rest(
    'text',
    z
      .string()
      .trim()
      .refine((text) => text !== '', { error: 'is required', abort: true })
      .refine(atMost(max), { error: `must be ${max} characters or fewer` }),
  );

/** Trimmed text that may be empty or absent. */
export const optionalText = (max: number) => rest('text', chars(max).trim().optional());

/** The agent that a query is for; never trimmed. */
export const queryAgent = (limits: Limits) => {
  const missing = 'agent_id query parameter is required';
  return rest(
    'raw_text',
    z
      .string({ error: (issue) => (issue.input === undefined ? missing : undefined) })
      .refine((agent) => agent !== '', { error: missing, abort: true })
      .refine(atMost(limits.max_name_chars), { error: `must be ${limits.max_name_chars} characters or fewer` }),
  );
};

/** Text of a query: never trimmed; an empty value counts as absent (arc-v1 §2.6). */
export const queryText = (max: number) => rest('raw_text', chars(max).optional());

const number = () => z.number({ error: (issue) => (issue.input === undefined ? undefined : 'must be an integer') });

/** An integer that a double holds exactly; larger ones are refused (arc-v1 §2.5). */
export const integer = () => number().refine(Number.isSafeInteger, { error: 'must be an integer', abort: true });

const INT64 = 1n << 63n;

const NO_INTEGER = { error: 'must be an integer' };

/** An integer that the store holds exactly: up to 64 bits, as a bigint beyond 2^53 (arc-v1 §2.5). */
export const optionalInteger = () =>
  rest(
    'wide_integer',
    z
      .union(
        [
          z.number().refine(Number.isSafeInteger, NO_INTEGER),
          z.bigint().refine((n) => n >= -INT64 && n < INT64, NO_INTEGER),
        ],
        NO_INTEGER,
      )
      .optional(),
  );

/** `since_id`: rows above it; anything past the cap of ids means "nothing newer" (arc-v1 §2.6). */
export const sinceId = () =>
  rest(
    'integer',
    number()
      .refine((id) => Number.isInteger(id), { error: 'must be an integer', abort: true })
      .refine((id) => id >= 0, { error: 'must be >= 0' })
      .transform((id) => Math.min(id, Number.MAX_SAFE_INTEGER))
      .default(0),
  );

export const beforeId = () =>
  rest(
    'integer',
    integer()
      .refine((id) => id >= 1, { error: 'must be at least 1' })
      .optional(),
  );

export const limitField = (limits: Limits) =>
  rest(
    'integer',
    number()
      .refine((n) => Number.isInteger(n), { error: 'must be an integer', abort: true })
      .refine((n) => n >= 1, { error: 'must be at least 1' })
      .transform((n) => Math.min(n, limits.max_query_limit))
      .default(Math.min(DEFAULT_LIMIT, limits.max_query_limit)),
  );

/** Seconds to wait: clamped to 0…`max`; negative counts as 0. */
export const waitSeconds = (max: number) =>
  rest(
    'number',
    z
      .number()
      .transform((sec) => Math.min(Math.max(0, sec), max))
      .default(0),
  );

export const ttlField = (limits: Limits) =>
  rest(
    'integer',
    integer()
      .refine((ttl) => ttl >= MIN_TTL_SEC, { error: `must be at least ${MIN_TTL_SEC}` })
      .refine((ttl) => ttl <= limits.max_ttl_sec, { error: `must be <= ${limits.max_ttl_sec}` })
      .default(DEFAULT_TTL_SEC),
  );

const jsonObject = (limits: Limits) =>
  z
    .custom<Record<string, unknown>>(isJsonObject, { error: 'must be a JSON object', abort: true })
    .refine((value) => utf8Bytes(stringify(value)) <= limits.max_metadata_bytes, {
      error: `must be ${limits.max_metadata_bytes} bytes or fewer as JSON`,
    });

export const metadataField = (limits: Limits, coercion: 'object' | 'falsy_object' = 'object') =>
  rest(coercion, jsonObject(limits).optional());

export const bodyFlag = () => rest('truthy', z.boolean().default(false));
export const queryFlag = () => rest('flag', z.boolean().default(false));

/** Present on every writing operation; REST takes it from the header `Idempotency-Key` (websocket §7). */
export const idempotencyKey = (limits: Limits) =>
  z
    .string()
    .refine((key) => key !== '', { error: 'must not be empty', abort: true })
    .refine(atMost(limits.max_idempotency_key_chars), {
      error: `must be ${limits.max_idempotency_key_chars} characters or fewer`,
    })
    .optional();
