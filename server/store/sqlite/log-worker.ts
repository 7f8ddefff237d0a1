/** A thread that moves pages of the write-ahead log into the file, beside the writers, until it is ended (`log-size.ts`). */
import { parentPort, workerData } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';
import type { Progress } from './log-size.js';

const EVERY_MS = 50;

const { path } = workerData as { path: string };
const db = new Sqlite(path, { fileMustExist: true });
db.pragma('synchronous = FULL');
db.pragma('wal_autocheckpoint = 0');

setInterval(() => {
  const [result] = db.pragma('wal_checkpoint(PASSIVE)') as { log: number; checkpointed: number }[];
  const progress: Progress = { pages: result?.log ?? 0, moved: result?.checkpointed ?? 0 };
  parentPort?.postMessage(progress);
}, EVERY_MS);
