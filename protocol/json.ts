/** A number whose text would not survive a double, such as `1.0` or 2^60: it travels as its text (arc-v1 §2.4). */
export class NumberText {
  constructor(readonly text: string) {}
}

/** JSON that is already text; `stringify` splices it in unchanged. */
export class JsonText {
  constructor(readonly text: string) {}
}

export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberText);
}

/** As JSON.stringify, with `NumberText` and `JsonText` written as their text; undefined members are left out. */
export function stringify(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (value instanceof JsonText || value instanceof NumberText) return value.text;
  if (Array.isArray(value)) {
    let text = '[';
    for (let i = 0; i < value.length; i++) text += i === 0 ? stringify(value[i]) : `,${stringify(value[i])}`;
    return `${text}]`;
  }
  let text = '';
  for (const key of Object.keys(value)) {
    const member = (value as JsonObject)[key];
    if (member === undefined) continue;
    text += `${text === '' ? '{' : ','}${JSON.stringify(key)}:${stringify(member)}`;
  }
  return text === '' ? '{}' : `${text}}`;
}

/** The value that `stringify` would write, as `JSON.parse` would read it. */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof JsonText || value instanceof NumberText) return JSON.parse(value.text);
  if (Array.isArray(value)) return value.map(plain);
  const object: JsonObject = {};
  for (const [key, member] of Object.entries(value)) if (member !== undefined) object[key] = plain(member);
  return object;
}

/**
 * Characters of `value` as ASCII-only JSON with `", "` and `": "` separators, the measure of an attachment
 * (arc-v1 §3.10): every UTF-16 unit outside U+0020…U+007E counts 6 unless it has a short escape, which counts 2.
 */
export function asciiJsonChars(value: unknown): number {
  if (typeof value === 'string') return asciiStringChars(value);
  if (value instanceof NumberText) return value.text.length;
  if (typeof value !== 'object' || value === null) return (JSON.stringify(value) ?? 'null').length;
  let chars = 2;
  if (Array.isArray(value)) {
    for (const item of value) chars += asciiJsonChars(item);
    return chars + Math.max(0, value.length - 1) * 2;
  }
  const keys = Object.keys(value);
  for (const key of keys) chars += asciiStringChars(key) + 2 + asciiJsonChars((value as JsonObject)[key]);
  return chars + Math.max(0, keys.length - 1) * 2;
}

function asciiStringChars(text: string): number {
  let chars = 2;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const short = unit === 0x22 || unit === 0x5c || (unit >= 0x08 && unit <= 0x0d && unit !== 0x0b);
    chars += short ? 2 : unit < 0x20 || unit > 0x7e ? 6 : 1;
  }
  return chars;
}

export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : unit >= 0xd800 && unit <= 0xdfff ? 2 : 3;
  }
  return bytes;
}
