import type { IncomingMessage } from 'node:http';
import { HubError } from '../../../protocol/index.js';
import { parseBody } from '../rest/body.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads and parses the body of a POST or PUT in the order of arc-v1 §2.4. The content type is never looked at.
 * @throws {HubError} `too_large`, `parse_error`, `bad_request`
 */
export async function readBody(
  req: IncomingMessage,
  capBytes: number,
  maxDepth: number,
): Promise<Record<string, unknown>> {
  const declared = Number(req.headers['content-length'] ?? 0);
  if (declared > capBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Not destroyed by a refusal: the answer goes out on the same socket.
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > capBytes) throw tooLarge();
    chunks.push(chunk);
  }
  if (bytes === 0) return {};
  return parseBody(decode(chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks)), maxDepth);
}

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new HubError('parse_error', 'request body must be valid UTF-8');
  }
}

const tooLarge = () => new HubError('too_large', 'request body exceeds max size');
