import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { makeFile, makeFolder, type Sharing } from '../../../base/sharing.js';
import { ConfigError } from '../../config.js';
import { USUAL_BYTES, USUAL_PAGES } from './log-size.js';
import { ARC_V1_SCHEMA } from './migrations/arc-v1.js';
import { MIGRATIONS } from './migrations/index.js';

/**
 * Opens the file, makes what is missing and migrates what is ours. Other hubs may have it open.
 * @throws {ConfigError} one line: a directory, not writable, no database, or made by a newer version
 */
export function openDatabase(path: string, durability: 'full' | 'normal', now: string, sharing: Sharing): Database {
  checkPath(path, sharing);
  let db: Database | undefined;
  try {
    // The log and its index get the mode of the file.
    if (!existsSync(path)) makeFile(path, sharing);
    db = new Sqlite(path, { timeout: 5_000 });
    db.pragma('journal_mode = WAL');
    db.pragma(`synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`);
    // Arc v1 declares a foreign key and never enforces it (arc-v1 §3.8).
    db.pragma('foreign_keys = OFF');
    db.pragma(`wal_autocheckpoint = ${USUAL_PAGES}`);
    // When the log begins anew, what is beyond its usual size goes.
    db.pragma(`journal_size_limit = ${USUAL_BYTES}`);
    db.pragma('cache_size = -65536');
    migrate(db, path, now);
    // From here on a busy file is waited for without blocking the event loop (`group-commit.ts`).
    db.pragma('busy_timeout = 1');
    return db;
  } catch (cause) {
    db?.close();
    if (cause instanceof ConfigError) throw cause;
    const { code, message } = cause as { code?: string; message: string };
    if (code === 'SQLITE_NOTADB') throw new ConfigError(`storage_path is not a SQLite database: ${path}`);
    if (code === 'SQLITE_READONLY' || code === 'SQLITE_CANTOPEN') {
      throw new ConfigError(`storage_path is not writable: ${path}`);
    }
    throw new ConfigError(`cannot open ${path}: ${message}`);
  }
}

function checkPath(path: string, sharing: Sharing): void {
  const folder = dirname(path);
  try {
    makeFolder(folder, sharing);
  } catch {
    throw new ConfigError(`unable to create storage directory: ${folder}`);
  }
  const existing = statSync(path, { throwIfNoEntry: false });
  if (existing?.isDirectory()) throw new ConfigError('storage_path must point to a file, not a directory');
  try {
    accessSync(existing ? path : folder, constants.W_OK);
  } catch {
    throw new ConfigError(`storage_path is not writable: ${path}`);
  }
}

function migrate(db: Database, path: string, now: string): void {
  db.transaction(() => {
    db.exec('CREATE TABLE IF NOT EXISTS arc_hub_schema (version INTEGER PRIMARY KEY)');
    const { version } = db.prepare('SELECT coalesce(max(version), 0) AS version FROM arc_hub_schema').get() as {
      version: number;
    };
    if (version > MIGRATIONS.length) {
      throw new ConfigError(
        `${path} was made by a newer Arc Hub (schema ${version}, this one knows ${MIGRATIONS.length})`,
      );
    }
    db.exec(ARC_V1_SCHEMA);
    for (const [index, sql] of MIGRATIONS.entries()) {
      if (index < version) continue;
      db.exec(sql);
      db.prepare('INSERT INTO arc_hub_schema (version) VALUES (?)').run(index + 1);
    }
    const builtIn = db.prepare(
      `INSERT INTO channels (name, created_at, created_by, metadata_json) VALUES (?, ?, 'system', '{}') ON CONFLICT DO NOTHING`,
    );
    for (const name of ['general', 'direct']) builtIn.run(name, now);
  }).immediate();
}

/** The identity of the data: path and birth of the channel `general` (arc-v1 §3.8). */
export function instanceId(realPath: string, generalCreatedAt: string): string {
  return `mh1-${createHash('sha256').update(`${realPath}|${generalCreatedAt}`, 'utf8').digest('hex').slice(0, 20)}`;
}

export const realPath = (path: string) => realpathSync(path);
