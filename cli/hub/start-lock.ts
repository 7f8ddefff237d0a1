/**
 * One command at a time looks for the hub of a storage and starts it, so that two of them do not start two. The lock is one
 * of the system's, taken by SQLite on an empty file of its own: whoever holds it and dies gives it back.
 */
import { dirname, join } from 'node:path';
import { makeFile, makeFolder } from '../../base/sharing.js';

const LOCK_FILE = '.arc.starting';

/**
 * Waits for its turn, at most `timeoutMs`; what another is starting is there by then. Where no file can be made it goes on
 * without, and starting the hub says why.
 */
export async function takingTurns<T>(storage: string, timeoutMs: number, run: () => Promise<T>): Promise<T> {
  const { default: Sqlite } = await import('better-sqlite3');
  const path = join(dirname(storage), LOCK_FILE);
  let lock: InstanceType<typeof Sqlite> | undefined;
  try {
    makeFolder(dirname(storage), 'owner');
    makeFile(path, 'owner');
    lock = new Sqlite(path, { timeout: timeoutMs });
    lock.exec('BEGIN EXCLUSIVE');
  } catch {
    lock?.close();
    lock = undefined;
  }
  try {
    return await run();
  } finally {
    lock?.close();
  }
}
