/** A file of this machine as attachments: where it is, for who can open it, and what it says, for who cannot. */
import { readFile, stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { type Attachment, HubError } from '../../protocol/index.js';

/** More than a hub takes by default; the hub says no to what is more than it takes. */
const MAX_BYTES = 4 * 1024 * 1024;

/** @param file a path, or lines of it as `path:10` or `path:10-20` */
export async function attachFile(file: string, folder = process.cwd()): Promise<Attachment[]> {
  const [, name = file, first, last = first] = /^(.+?)(?::(\d+)(?:-(\d+))?)?$/.exec(file) ?? [];
  const path = resolve(folder, name);
  const text = await textOf(path).catch((cause: NodeJS.ErrnoException) => {
    throw new HubError('not_found', `cannot read ${path}: ${cause.code ?? cause.message}`);
  });
  const lines = first === undefined ? {} : { start_line: Number(first), end_line: Number(last) };
  const reference = { type: 'file_ref', path, ...lines };
  // What is no text says nothing here.
  if (text.includes('\0')) return [reference];
  const language = extname(path).slice(1).toLowerCase();
  if (first === undefined && language === 'json') return [reference, jsonOf(text) ?? { type: 'text', content: text }];
  const rows = text.split('\n');
  const content = first === undefined ? text : rows.slice(Number(first) - 1, Number(last)).join('\n');
  if (content === '') throw new HubError('bad_request', `${path} has nothing there; it has ${rows.length} lines`);
  return [reference, language === '' ? { type: 'text', content } : { type: 'code', language, content }];
}

async function textOf(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > MAX_BYTES) throw new Error(`it has ${size} bytes; no message holds that`);
  return readFile(path, 'utf8');
}

function jsonOf(text: string): Attachment | undefined {
  try {
    return { type: 'json', content: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
