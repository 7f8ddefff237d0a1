/** Reads a request file, whatever it may be: a stranger wrote it (arc-v1 §7.2). */
import { hash } from 'node:crypto';
import { isJsonObject } from '../protocol/index.js';
import { codeOf, type FileStat, type Folder } from './folder.js';
import { memberText, REQUEST_SUFFIX, type RelayRequest } from './spool.js';

/** What says nothing about the file: it is read later. */
const OUR_TROUBLE = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'ESTALE', 'ETIMEDOUT']);

const utf8 = new TextDecoder('utf-8', { fatal: true });

export type Reading =
  | { is: 'request'; request: RelayRequest; stat: FileStat }
  /** No request, and none that will become one by itself. */
  | { is: 'unusable'; reason: string; stat: FileStat }
  /** May be a request that is still being written. */
  | { is: 'unready'; reason: string; stat: FileStat }
  | { is: 'gone' };

/** @throws when the machine or the mount, and not the file, keeps it from being read */
export async function readRequest(
  folder: Folder,
  name: string,
  from: { folderName: string; maxBytes: number },
): Promise<Reading> {
  let stat: FileStat | undefined;
  try {
    // A device is not even opened: that alone can have effects.
    stat = await folder.stat(name);
    if (!stat.isFile()) return { is: 'unusable', reason: 'request must be a regular file', stat };
    return await folder.read(name, async (file): Promise<Reading> => {
      stat = file.stat;
      if (!stat.isFile()) return { is: 'unusable', reason: 'request must be a regular file', stat };
      // The other link may be any file of this file system, which nobody meant to have read.
      if (stat.nlink > 1n) return { is: 'unready', reason: 'request file must have one link only', stat };
      if (stat.size > from.maxBytes) return { is: 'unusable', reason: 'request file exceeds max size', stat };
      return parse(await file.bytes(Number(stat.size)), name, from.folderName, stat);
    });
  } catch (cause) {
    const code = codeOf(cause);
    if (code === 'ENOENT') return { is: 'gone' };
    if (stat === undefined || OUR_TROUBLE.has(code)) throw cause;
    if (code === 'ELOOP' || code === 'ENXIO') return { is: 'unusable', reason: 'request must be a regular file', stat };
    return { is: 'unready', reason: `request file cannot be read (${code || 'unknown cause'})`, stat };
  }
}

function parse(bytes: Buffer, name: string, folderName: string, stat: FileStat): Reading {
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(bytes);
    value = JSON.parse(text);
  } catch {
    // The parser's own words would quote the file.
    return { is: 'unready', reason: 'malformed JSON', stat };
  }
  const unusable = (reason: string): Reading => ({ is: 'unusable', reason, stat });
  if (!isJsonObject(value)) return unusable('request envelope must be a JSON object');
  const method = asText(value.method).toUpperCase();
  if (method === '') return unusable('request envelope missing method');
  const path = typeof value.path === 'string' ? value.path : '';
  if (!path.startsWith('/')) return unusable("request path must start with '/'");
  const hasBody = value.body !== undefined && value.body !== null;
  if (hasBody && !isJsonObject(value.body)) return unusable('request body must be a JSON object when provided');
  const key = value.idempotency_key;
  return {
    is: 'request',
    stat,
    request: {
      request_id: asText(value.request_id) || name.slice(0, -REQUEST_SUFFIX.length),
      agent_id: asText(value.agent_id) || folderName,
      method,
      path,
      body: hasBody ? memberText(text, 'body') : undefined,
      // One that is no good is for the hub to refuse.
      idempotency_key: typeof key === 'string' ? key : undefined,
    },
  };
}

const asText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value).trim() : '';

/** What makes a file this very request, since names are reused: a rename keeps both numbers. */
export interface Identity {
  ino: string;
  mtime_ns: string;
}

export const identityOf = ({ ino, mtimeNs }: FileStat): Identity => ({ ino: String(ino), mtime_ns: String(mtimeNs) });

/** The key under which the hub does this request once, however often it is asked (websocket §7). */
export function keyOf(folderName: string, name: string, { ino, mtime_ns }: Identity): string {
  return `relay-${hash('sha256', JSON.stringify([folderName, name, ino, mtime_ns]), 'base64url')}`;
}
