import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { type Clock, rest } from '../../base/clock.js';

const LOOK_MS = 200;

/**
 * Hands on each whole line that is added to `path` from now on, also when the file is new, set aside or begun anew.
 * Looks five times a second until `signal` is aborted.
 */
export async function followLines(
  path: string,
  onLine: (line: string) => void,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const begin = statSync(path, { throwIfNoEntry: false });
  let [file, at, torn] = [begin?.ino, begin?.size ?? 0, Buffer.alloc(0)];
  while (!signal.aborted) {
    const now = statSync(path, { throwIfNoEntry: false });
    if (now !== undefined && (now.ino !== file || now.size < at)) [file, at, torn] = [now.ino, 0, Buffer.alloc(0)];
    if (now !== undefined && now.size > at) {
      const chunk = readFrom(path, at, now.size - at);
      at += chunk.length;
      const text = Buffer.concat([torn, chunk]);
      const end = text.lastIndexOf(10) + 1;
      torn = Buffer.from(text.subarray(end));
      for (const line of text.toString('utf8', 0, end).split('\n')) if (line !== '') onLine(line);
    }
    await rest(clock, LOOK_MS, signal);
  }
}

function readFrom(path: string, position: number, bytes: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(bytes);
    return buffer.subarray(0, readSync(file, buffer, 0, bytes, position));
  } finally {
    closeSync(file);
  }
}
