/** YAML that people write: read against a schema, with file and line of what is wrong, and edited with its comments kept. */
import { readFileSync, realpathSync } from 'node:fs';
import { type Document, isCollection, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { writePrivateFile } from '../../base/private-file.js';
import { DispatchError } from '../errors.js';
import { nearest } from '../nearest.js';

const MAX_BYTES = 1_048_576;

export type Warn = (text: string) => void;

interface Parsed {
  readonly path: string;
  readonly doc: Document;
  readonly lines: LineCounter;
}

/** Undefined for a file that does not exist. @throws {DispatchError} `config`: unreadable, or too large */
export function readText(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length > MAX_BYTES) throw new DispatchError('config', `${path} is larger than ${MAX_BYTES} bytes`);
    return text;
  } catch (cause) {
    if (cause instanceof DispatchError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new DispatchError('config', `${path} cannot be read: ${(cause as Error).message}`);
  }
}

/** @throws {DispatchError} `config`, as `FILE:LINE: what is wrong` */
export function parseYaml(path: string, text: string): Parsed {
  const lines = new LineCounter();
  // Identifiers of Discord are larger than a double can hold, and people forget the quotes.
  const doc = parseDocument(text, { lineCounter: lines, intAsBigInt: true, prettyErrors: false });
  const [error] = doc.errors;
  if (error !== undefined) {
    throw new DispatchError('config', `${path}:${lines.linePos(error.pos[0]).line}: not valid YAML: ${error.message}`);
  }
  if (doc.contents !== null && !isMap(doc.contents)) {
    throw new DispatchError('config', `${path}:1: expected keys with values, such as "name: value"`);
  }
  return { path, doc, lines };
}

/**
 * The values of a file by its schema. A key without a value counts as absent.
 *
 * @param warn gets a line for each key that the schema does not know
 * @throws {DispatchError} `config`, as `FILE:LINE: key: what was expected`
 */
export function readYaml<T extends z.ZodType>(path: string, text: string, schema: T, warn: Warn): z.output<T> {
  const parsed = parseYaml(path, text);
  const value = plain(parsed.doc.toJS({ maxAliasCount: 100 })) ?? {};
  const result = schema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    const keys = (issue?.path ?? []).map(String);
    const name = keys.length === 0 ? '' : `${keys.join('.')}: `;
    throw new DispatchError('config', `${path}:${lineOf(parsed, keys)}: ${name}${issue?.message ?? 'not valid'}`);
  }
  for (const { keys, known } of unknownKeys(value, schema)) {
    const near = nearest(keys.at(-1) ?? '', known);
    const meant = near === undefined ? '' : `; did you mean ${near}?`;
    warn(`${path}:${lineOf(parsed, keys)}: unknown key ${keys.join('.')} is ignored${meant}`);
  }
  return result.data;
}

/** Numbers as numbers where they fit, and no key whose value is empty. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== null)
      .map(([key, each]) => [key, plain(each)]),
  );
}

/** The line of the key itself, or of what is nearest above it. */
function lineOf({ doc, lines }: Parsed, keys: readonly string[]): number {
  for (let depth = keys.length; depth > 0; depth--) {
    const holder: unknown = depth === 1 ? doc.contents : doc.getIn(keys.slice(0, depth - 1), true);
    if (isMap(holder)) {
      const pair = holder.items.find(({ key }) => isScalar(key) && String(key.value) === keys[depth - 1]);
      if (isScalar(pair?.key) && pair.key.range) return lines.linePos(pair.key.range[0]).line;
    } else if (isCollection(holder)) {
      const item = holder.get(Number(keys[depth - 1]), true);
      if (isScalar(item) && item.range) return lines.linePos(item.range[0]).line;
    }
  }
  return 1;
}

function unknownKeys(
  value: unknown,
  schema: z.ZodType,
  above: readonly string[] = [],
): { keys: string[]; known: string[] }[] {
  const inner = unwrapped(schema);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  if (inner instanceof z.ZodRecord) {
    return Object.entries(value).flatMap(([key, each]) =>
      unknownKeys(each, inner.valueType as z.ZodType, [...above, key]),
    );
  }
  if (!(inner instanceof z.ZodObject)) return [];
  const shape = inner.shape as Record<string, z.ZodType>;
  return Object.entries(value).flatMap(([key, each]) => {
    const keys = [...above, key];
    const known = shape[key];
    return known === undefined ? [{ keys, known: Object.keys(shape) }] : unknownKeys(each, known, keys);
  });
}

/** What a schema is about, without its default and its transformations. */
export function unwrapped(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return unwrapped(schema.unwrap() as z.ZodType);
  }
  return schema instanceof z.ZodPipe ? unwrapped(schema.in as z.ZodType) : schema;
}

/**
 * Changes a file in one step, comments kept; what it would be is read by `check` before, so that a bad change changes nothing.
 *
 * @param fallback the text to begin with where there is no file
 */
export function editYaml(
  path: string,
  fallback: string,
  change: (doc: Document) => void,
  check: (text: string) => void,
): void {
  const { doc } = parseYaml(path, readText(path) ?? fallback);
  change(doc);
  const text = doc.toString({ lineWidth: 0 });
  check(text);
  writeYaml(path, text);
}

/** Replaces the file; one that is a link stays a link. */
export function writeYaml(path: string, text: string): void {
  let target = path;
  try {
    target = realpathSync(path);
  } catch {
    // A new file.
  }
  writePrivateFile(target, text);
}
