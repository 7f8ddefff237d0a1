/**
 * Group commit: all commands that arrive in one turn of the event loop share one transaction and one sync, and are answered
 * after the commit. One that fails undoes only itself. A refusal (`HubError`) comes before a command's first write, so it
 * leaves nothing to undo; after any other failure the transaction is rolled back and the group runs again with a savepoint
 * around each command. Savepoints around all of them, always, cost 2 µs of a post. A file that another process has locked
 * is tried again later, without blocking the event loop.
 */
import type { Database } from 'better-sqlite3';
import { HubError } from '../../../protocol/index.js';

const MAX_BATCH = 2_000;
const RETRY_MS = 10;
const GIVE_UP_MS = 10_000;
const CLOSING_GIVE_UP_MS = 1_000;
const SAMPLES = 1_024;

interface Entry {
  run: () => unknown;
  resolve: (value: unknown) => void;
  reject: (cause: unknown) => void;
  outcome?: unknown;
  failure?: unknown;
  failed: boolean;
}

export interface CommitHooks {
  /** Before a transaction: why nothing can be written now, which is what everybody in the queue is answered. */
  refusal(): HubError | undefined;
  /** Inside the transaction, before the first command; `careful` when each command has a savepoint. */
  begun(careful: boolean): void;
  /** Inside the transaction, after the last command. */
  ending(): void;
  /** After a durable commit, before anybody is answered. */
  committed(): void;
  /** The transaction was rolled back. */
  undone(): void;
}

export class GroupCommit {
  readonly #db: Database;
  readonly #hooks: CommitHooks;
  readonly #statements;
  #queue: Entry[] = [];
  #scheduled = false;
  #busySinceMs: number | undefined;
  /** Set while a locked file is waited for: until then nobody tries, so that the wait blocks nothing. */
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  #count = 0;
  #commands = 0;
  #largest = 0;
  readonly #durations: number[] = [];

  constructor(db: Database, hooks: CommitHooks) {
    this.#db = db;
    this.#hooks = hooks;
    this.#statements = {
      begin: db.prepare('BEGIN IMMEDIATE'),
      commit: db.prepare('COMMIT'),
      rollback: db.prepare('ROLLBACK'),
      savepoint: db.prepare('SAVEPOINT command'),
      release: db.prepare('RELEASE command'),
      undo: db.prepare('ROLLBACK TO command'),
    };
  }

  /** Queues `run`; it must be synchronous. Resolves with its value once the commit is durable. */
  submit<T>(run: () => T): Promise<T> {
    if (this.#closed) return Promise.reject(new HubError('unavailable', 'hub is shutting down'));
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ run, resolve: resolve as (value: unknown) => void, reject, failed: false });
      this.#schedule();
    });
  }

  get idle(): boolean {
    return this.#queue.length === 0;
  }

  /** Commits what is queued, waiting for a locked file no longer than usual; refuses what comes later. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#queue.length > 0) {
      this.#flush();
      if (this.#queue.length > 0) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  stats() {
    const sorted = [...this.#durations].sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return {
      commits: this.#count,
      batch_mean: this.#count === 0 ? 0 : this.#commands / this.#count,
      batch_max: this.#largest,
      commit_p50_ms: at(0.5),
      commit_p99_ms: at(0.99),
    };
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#queue.length === 0 || this.#retry !== undefined || !this.#begin()) return;
    const batch = this.#queue.length <= MAX_BATCH ? this.#queue : this.#queue.slice(0, MAX_BATCH);
    this.#queue = this.#queue.length <= MAX_BATCH ? [] : this.#queue.slice(MAX_BATCH);
    const startedMs = performance.now();
    try {
      this.#commit(batch);
    } catch (cause) {
      const error = storeFailure(cause);
      for (const entry of batch) entry.reject(error);
      if (this.#queue.length > 0) this.#schedule();
      return;
    }
    this.#measure(batch.length, performance.now() - startedMs);
    this.#hooks.committed();
    for (const entry of batch) {
      if (entry.failed) entry.reject(entry.failure);
      else entry.resolve(entry.outcome);
    }
    if (this.#queue.length > 0) this.#schedule();
  }

  #commit(batch: readonly Entry[]): void {
    try {
      this.#hooks.begun(false);
      for (const entry of batch) this.#run(entry);
      this.#end();
      return;
    } catch (cause) {
      this.#undo();
      // A full or failing disk will not be better a moment later.
      if (storeFailure(cause) !== cause) throw cause;
    }
    this.#statements.begin.run();
    try {
      this.#hooks.begun(true);
      for (const entry of batch) this.#runInSavepoint(entry);
      this.#end();
    } catch (cause) {
      this.#undo();
      throw cause;
    }
  }

  #end(): void {
    this.#hooks.ending();
    this.#statements.commit.run();
  }

  #undo(): void {
    if (this.#db.inTransaction) this.#statements.rollback.run();
    this.#hooks.undone();
  }

  #begin(): boolean {
    const refusal = this.#hooks.refusal();
    if (refusal !== undefined) {
      const batch = this.#queue;
      this.#queue = [];
      for (const entry of batch) entry.reject(refusal);
      return false;
    }
    try {
      this.#statements.begin.run();
      this.#busySinceMs = undefined;
      return true;
    } catch (cause) {
      const nowMs = performance.now();
      this.#busySinceMs ??= nowMs;
      if (isBusy(cause) && nowMs - this.#busySinceMs < (this.#closed ? CLOSING_GIVE_UP_MS : GIVE_UP_MS)) {
        this.#retry = setTimeout(() => {
          this.#retry = undefined;
          this.#flush();
        }, RETRY_MS);
        return false;
      }
      this.#busySinceMs = undefined;
      const batch = this.#queue;
      this.#queue = [];
      const error = storeFailure(cause);
      for (const entry of batch) entry.reject(error);
      return false;
    }
  }

  #run(entry: Entry): void {
    entry.failed = false;
    try {
      entry.outcome = entry.run();
    } catch (cause) {
      if (!(cause instanceof HubError)) throw cause;
      entry.failed = true;
      entry.failure = cause;
    }
  }

  #runInSavepoint(entry: Entry): void {
    entry.failed = false;
    this.#statements.savepoint.run();
    try {
      entry.outcome = entry.run();
    } catch (cause) {
      // A full disk ends the whole transaction, not just this command.
      if (!this.#db.inTransaction) throw cause;
      this.#statements.undo.run();
      entry.failed = true;
      entry.failure = cause instanceof HubError ? cause : storeFailure(cause);
    }
    this.#statements.release.run();
  }

  #measure(commands: number, ms: number): void {
    this.#durations[this.#count % SAMPLES] = ms;
    this.#count++;
    this.#commands += commands;
    this.#largest = Math.max(this.#largest, commands);
  }
}

const codeOf = (cause: unknown) => String((cause as { code?: unknown } | null)?.code ?? '');
const isBusy = (cause: unknown) => codeOf(cause).startsWith('SQLITE_BUSY');

/** A write that the file refused: nothing of it is stored. */
function storeFailure(cause: unknown): unknown {
  const code = codeOf(cause);
  if (/^SQLITE_(BUSY|FULL|READONLY|IOERR|LOCKED)/.test(code)) {
    return new HubError('unavailable', `store cannot write now (${code}); nothing was written`, undefined, { cause });
  }
  return cause;
}
