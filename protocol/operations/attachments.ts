import { asciiJsonChars, isJsonObject, NumberText } from '../json.js';
import type { Limits } from '../limits.js';
import { codePoints } from '../text.js';

const INLINE = new Set(['text', 'json', 'code']);
const REFERENCE = new Set(['file_ref', 'diff_ref']);

/**
 * Checks and normalises the attachments of a post: unknown keys are dropped, the content is measured (arc-v1 §3.10).
 * A text of failure goes to `fail` and ends it.
 */
export function normaliseAttachments(
  items: readonly unknown[],
  limits: Limits,
  fail: (text: string) => void,
): Record<string, unknown>[] {
  if (items.length > limits.max_attachments) {
    fail('too many attachments');
    return [];
  }
  const result: Record<string, unknown>[] = [];
  for (const item of items) {
    const outcome = isJsonObject(item) ? normalise(item, limits) : 'attachments must contain JSON objects';
    if (typeof outcome === 'string') {
      fail(outcome);
      return [];
    }
    result.push(outcome);
  }
  return result;
}

function normalise(item: Record<string, unknown>, limits: Limits): Record<string, unknown> | string {
  const type = typeof item.type === 'string' ? item.type.trim() : item.type === undefined ? '' : scalarText(item.type);
  if (INLINE.has(type)) {
    if (!Object.hasOwn(item, 'content')) return `attachment type ${type} requires content`;
    if (asciiJsonChars(item.content) > limits.max_attachment_chars) return `attachment type ${type} exceeds max size`;
    const attachment: Record<string, unknown> = { type, content: item.content };
    if (type === 'code' && present(item.language)) attachment.language = scalarText(item.language);
    return attachment;
  }
  if (!REFERENCE.has(type)) return `unsupported attachment type: ${type}`;
  const path = present(item.path) ? scalarText(item.path).trim() : '';
  if (path === '') return `attachment type ${type} requires path`;
  if (codePoints(path) > limits.max_path_chars) return `path must be ${limits.max_path_chars} characters or fewer`;
  const attachment: Record<string, unknown> = { type, path };
  if (present(item.description)) attachment.description = item.description;
  for (const key of ['start_line', 'end_line'] as const) {
    if (!present(item[key])) continue;
    const line = toInteger(item[key]);
    if (line === undefined) return `${key} must be an integer`;
    attachment[key] = line;
  }
  for (const key of ['base', 'head'] as const) if (present(item[key])) attachment[key] = item[key];
  return attachment;
}

const present = (value: unknown) => value !== undefined && value !== null;

/** Any JSON scalar as text in Arc's spelling; arrays and objects give their JSON (arc-v1 §2.5). */
export function scalarText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null) return 'None';
  if (value instanceof NumberText) return value.text;
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

const INTEGER_TEXT = /^\s*[+-]?\d+(_\d+)*\s*$/;

/** Arc's integer coercion (arc-v1 §2.5); undefined when it fails or a double cannot hold it. */
export function toInteger(value: unknown): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') {
    return INTEGER_TEXT.test(value) ? safe(Number(value.replaceAll('_', ''))) : undefined;
  }
  const number = value instanceof NumberText ? Number(value.text) : value;
  return typeof number === 'number' ? safe(Math.trunc(number)) : undefined;
}

/** As `toInteger`, up to 64 bits and beyond: the schema knows the bound. */
export function toWideInteger(value: unknown): number | bigint | undefined {
  const exact = toInteger(value);
  if (exact !== undefined) return exact;
  const text = value instanceof NumberText ? value.text : typeof value === 'string' ? value : '';
  return INTEGER_TEXT.test(text) ? BigInt(text.trim().replace(/[+_]/g, '')) : undefined;
}

const safe = (n: number) => (Number.isSafeInteger(n) ? n + 0 : undefined);
