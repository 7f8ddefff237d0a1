/** REST values to the types of the schema, by the coercion that each field of the table names (arc-v1 §2.5, §2.6). */
import {
  type Coercion,
  coercions,
  HubError,
  type InputSchema,
  NumberText,
  scalarText,
  toInteger,
  toWideInteger,
} from '../../../protocol/index.js';

/** The conversion of each field of an operation's input. */
export function coercionsOf(schema: unknown): ReadonlyMap<string, Coercion> {
  const fields = new Map<string, Coercion>();
  for (const [field, type] of Object.entries((schema as InputSchema).shape)) {
    const coercion = coercions.get(type as never)?.coercion;
    if (coercion !== undefined) fields.set(field, coercion);
  }
  return fields;
}

function isFalsy(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return !value;
  if (value instanceof NumberText) return Number(value.text) === 0;
  return Object.keys(value).length === 0;
}

/** @returns undefined when the value counts as absent */
export function coerce(field: string, coercion: Coercion, value: unknown): unknown {
  if (value === undefined) return undefined;
  switch (coercion) {
    case 'kind':
      return text(field, value, 'none').toLowerCase().trim();
    case 'channel':
      return isFalsy(value) ? undefined : text(field, value).trim();
    case 'falsy_list':
    case 'falsy_object':
      return isFalsy(value) ? undefined : value;
    case 'truthy':
      return value === null ? undefined : !isFalsy(value);
    case 'flag':
      return /^(true|1|yes)$/i.test(String(value));
    default:
      return value === null ? undefined : coercePresent(field, coercion, value);
  }
}

function coercePresent(field: string, coercion: Coercion, value: unknown): unknown {
  switch (coercion) {
    case 'integer':
      return field === 'since_id' ? sinceId(value) : (toInteger(value) ?? Number.NaN);
    case 'wide_integer':
      return toWideInteger(value) ?? Number.NaN;
    case 'number':
      return decimal(value);
    case 'text':
      return text(field, value).trim();
    case 'recipient':
      return text(field, value).trim() || undefined;
    case 'raw_text':
    case 'body':
      return text(field, value);
    case 'names':
      return text(field, value).split(',');
    default:
      return value;
  }
}

function text(field: string, value: unknown, ofNull = 'None'): string {
  if (value === null) return ofNull;
  if (typeof value === 'object' && !(value instanceof NumberText)) {
    throw new HubError('bad_request', `${field} must be a string`);
  }
  return scalarText(value);
}

/** An id past what a double holds is past every message, so it is lowered and not refused. */
function sinceId(value: unknown): number {
  const exact = toInteger(value);
  if (exact !== undefined) return exact;
  const digits = value instanceof NumberText ? value.text : String(value);
  if (!/^\s*[+-]?\d+(_\d+)*\s*$/.test(digits)) return Number.NaN;
  return digits.trim().startsWith('-') ? -1 : Number.MAX_SAFE_INTEGER;
}

/** Seconds of a wait: any decimal, `inf` too; not-a-number counts as none. */
function decimal(value: unknown): unknown {
  if (typeof value === 'number') return value;
  const digits = (value instanceof NumberText ? value.text : String(value)).trim();
  if (/^[+-]?nan$/i.test(digits)) return 0;
  const infinite = /^([+-]?)inf(inity)?$/i.exec(digits);
  if (infinite) return infinite[1] === '-' ? 0 : Number.MAX_SAFE_INTEGER;
  const isDecimal = /^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+)?$/i.test(digits);
  if (!isDecimal) return value;
  return Math.min(Number(digits.replaceAll('_', '')), Number.MAX_SAFE_INTEGER);
}
