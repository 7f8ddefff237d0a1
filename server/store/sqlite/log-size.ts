/**
 * Brings a write-ahead log that a long reader has made large back to its usual size. While it is large its pages are moved
 * into the file by a thread of its own, beside the writers, and synced in small parts; what is left at the end is little, and
 * is moved between two groups, after which the log begins anew. It then gets shorter by a step with each new beginning, since
 * giving 300 MB back to the disk at once takes 60 ms. Left to SQLite, the first commit after the reader would do all of it.
 */
import { closeSync, fdatasync, openSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Database } from 'better-sqlite3';

/** Pages after which SQLite itself moves them, of 4 KiB by default. */
export const USUAL_PAGES = 4_000;
const PAGE_BYTES = 4_096;
export const USUAL_BYTES = USUAL_PAGES * PAGE_BYTES;
/** Larger than it gets by itself. */
const LARGE_BYTES = USUAL_BYTES * 1.5;
/** Shorter by so much at a time: 6 ms on a disk that takes 60 for 300 MB. */
const STEP_BYTES = 32 * 1_048_576;
/** Between syncs of what the thread has moved. */
const SYNC_MS = 2;
/** So few are moved without anybody noticing. */
const FEW_PAGES = 250;
/** Between attempts, while readers come and go. */
const AGAIN_MS = 200;
/** After the thread has failed; until then SQLite does as it would have done. */
const PAUSE_MS = 10_000;

export interface Progress {
  /** Pages in the log, and how many of them are in the file. */
  readonly pages: number;
  readonly moved: number;
}

export class LogSize {
  readonly #db: Database;
  readonly #path: string;
  readonly #onError: (cause: unknown) => void;
  #worker: Worker | undefined;
  /** The database, for the thread to sync. */
  #file: number | undefined;
  #triedMs = Number.NEGATIVE_INFINITY;
  #failed = false;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #progress: Progress | undefined;

  constructor(db: Database, path: string, onError: (cause: unknown) => void) {
    this.#db = db;
    this.#path = path;
    this.#onError = onError;
  }

  /** Whether the log is being brought back, so that `tend` is to be called though nobody writes. */
  get isBusy(): boolean {
    return this.#worker !== undefined;
  }

  /**
   * Called between groups, outside any transaction.
   * @param idle nobody writes, so nobody waits however long it takes
   */
  tend(logBytes: number, nowMs: number, idle = false): void {
    if (this.#failed) {
      this.#failed = false;
      this.#pausedUntilMs = nowMs + PAUSE_MS;
    }
    if (this.#worker === undefined) {
      if (logBytes > LARGE_BYTES && nowMs >= this.#pausedUntilMs) this.#begin();
      return;
    }
    const { pages, moved } = this.#progress ?? { pages: Number.POSITIVE_INFINITY, moved: 0 };
    if (pages - moved > FEW_PAGES || nowMs - this.#triedMs < AGAIN_MS) return;
    this.#triedMs = nowMs;
    try {
      if (idle) {
        const [result] = this.#db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
        if (result?.busy === 0) this.#end();
      } else if (logBytes <= LARGE_BYTES) this.#end();
      else {
        // Taken up by the first commit of the log that begins anew.
        this.#db.pragma(`journal_size_limit = ${Math.max(USUAL_BYTES, logBytes - STEP_BYTES)}`);
        this.#db.pragma('wal_checkpoint(RESTART)');
      }
    } catch (cause) {
      this.#onError(cause);
    }
  }

  close(): void {
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  /** Once the database is closed: before that it would drop the locks that SQLite has on the file. */
  release(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #begin(): void {
    this.#db.pragma('wal_autocheckpoint = 0');
    this.#db.pragma('journal_size_limit = -1');
    this.#progress = undefined;
    this.#file ??= openSync(this.#path, 'r+');
    const worker = new Worker(new URL('./log-worker.js', import.meta.url), {
      workerData: { path: this.#path },
    });
    this.#worker = worker;
    this.#syncOften(worker);
    worker.unref();
    worker.on('message', (progress: Progress) => {
      this.#progress = progress;
    });
    worker.on('error', (cause) => {
      this.#onError(cause);
      this.#failed = true;
      if (this.#worker === worker) this.#end();
    });
  }

  /** In small parts, or the sync of a group would wait behind all that the thread has moved. */
  #syncOften(worker: Worker): void {
    if (this.#worker !== worker || this.#file === undefined) return;
    fdatasync(this.#file, () => setTimeout(() => this.#syncOften(worker), SYNC_MS).unref());
  }

  #end(): void {
    this.close();
    this.#db.pragma(`wal_autocheckpoint = ${USUAL_PAGES}`);
    this.#db.pragma(`journal_size_limit = ${USUAL_BYTES}`);
  }
}
