/** Deletes a storage, after stopping the hubs that serve exactly this one (arc-v1 §8.7, §12 F3). */
import { closeSync, existsSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { findByStorage, type Target } from './locate.js';
import { stopHub } from './stop.js';

export type Reset =
  | { reset: true; removed: string[] }
  | { reset: true; note: string }
  | { reset: false; error: string };

export async function resetStorage(target: Target): Promise<Reset> {
  for (let hub = await findByStorage(target); hub !== undefined; hub = await findByStorage(target)) {
    const stopped = await stopHub(hub);
    if (!stopped.stopped) return { reset: false, error: `could not stop running hub: ${stopped.error}` };
  }
  const files = ['', '-wal', '-shm'].map((suffix) => target.storage + suffix).filter((path) => existsSync(path));
  if (files.length === 0) return { reset: true, note: 'database did not exist' };
  const problem = isDatabase(target.storage) ? undefined : 'it is not a SQLite database';
  if (problem !== undefined) return { reset: false, error: `failed to remove ${target.storage}: ${problem}` };
  for (const path of files) {
    try {
      rmSync(path);
    } catch (cause) {
      return { reset: false, error: `failed to remove ${path}: ${(cause as Error).message}` };
    }
  }
  return { reset: true, removed: files.map((path) => basename(path)) };
}

/** A mistyped --storage must not cost somebody another file. What is missing or empty may go. */
function isDatabase(path: string): boolean {
  if (!existsSync(path)) return true;
  const { size } = statSync(path);
  if (size === 0) return true;
  const header = Buffer.alloc(16);
  try {
    const file = openSync(path, 'r');
    readSync(file, header);
    closeSync(file);
  } catch {
    return false;
  }
  return header.toString('latin1') === 'SQLite format 3\0';
}
