import type { Database, Statement } from 'better-sqlite3';
import type { ClaimRow, LockRow } from '../../../domain/rows.js';
import { wideColumn } from '../wide-column.js';

const CLAIM = `claim_key, thread_id, ${wideColumn('task_message_id')}, owner_agent_id, claimed_at, expires_at, released_at, metadata_json`;

export class ClaimStore {
  readonly #get: Statement<[string], ClaimRow>;
  readonly #put: Statement<[ClaimRow]>;
  readonly #all: Statement<[], ClaimRow>;
  readonly #ofThread: Statement<[string], ClaimRow>;
  readonly #activeAt: Statement<[string], ClaimRow>;

  constructor(db: Database) {
    this.#get = db.prepare(`SELECT ${CLAIM} FROM claims WHERE claim_key = ?`);
    this.#put = db.prepare(`
      INSERT INTO claims (claim_key, thread_id, task_message_id, owner_agent_id, claimed_at, expires_at, released_at, metadata_json)
      VALUES (@claim_key, @thread_id, @task_message_id, @owner_agent_id, @claimed_at, @expires_at, @released_at, @metadata_json)
      ON CONFLICT (claim_key) DO UPDATE SET thread_id = excluded.thread_id, task_message_id = excluded.task_message_id,
        owner_agent_id = excluded.owner_agent_id, claimed_at = excluded.claimed_at, expires_at = excluded.expires_at,
        released_at = excluded.released_at, metadata_json = excluded.metadata_json`);
    this.#all = db.prepare(`SELECT ${CLAIM} FROM claims ORDER BY claimed_at, rowid`);
    this.#ofThread = db.prepare(`SELECT ${CLAIM} FROM claims WHERE thread_id = ? ORDER BY claimed_at, rowid`);
    this.#activeAt = db.prepare(
      `SELECT ${CLAIM} FROM claims WHERE released_at IS NULL AND expires_at >= ? ORDER BY claimed_at, rowid`,
    );
  }

  get(key: string): ClaimRow | undefined {
    return this.#get.get(key);
  }
  put(row: ClaimRow): ClaimRow {
    this.#put.run(row);
    return row;
  }
  list(filter: { thread_id?: string | undefined; active_at?: string | undefined }): ClaimRow[] {
    const { thread_id, active_at } = filter;
    if (thread_id === undefined) return active_at === undefined ? this.#all.all() : this.#activeAt.all(active_at);
    const rows = this.#ofThread.all(thread_id);
    return active_at === undefined ? rows : rows.filter((r) => r.released_at === null && r.expires_at >= active_at);
  }
  activeOf(owner: string, now: string): ClaimRow[] {
    return this.#activeAt.all(now).filter((row) => row.owner_agent_id === owner);
  }
}

export class LockStore {
  readonly #get: Statement<[string], LockRow>;
  readonly #put: Statement<[LockRow]>;
  readonly #all: Statement<[], LockRow>;
  readonly #ofAgent: Statement<[string], LockRow>;
  readonly #naming: Statement<[], LockRow>;
  readonly #activeAt: Statement<[string], LockRow>;

  constructor(db: Database) {
    this.#get = db.prepare('SELECT * FROM locks WHERE file_path = ?');
    this.#put = db.prepare(`
      INSERT INTO locks (file_path, agent_id, locked_at, expires_at, released_at, metadata_json)
      VALUES (@file_path, @agent_id, @locked_at, @expires_at, @released_at, @metadata_json)
      ON CONFLICT (file_path) DO UPDATE SET agent_id = excluded.agent_id, locked_at = excluded.locked_at,
        expires_at = excluded.expires_at, released_at = excluded.released_at, metadata_json = excluded.metadata_json`);
    this.#all = db.prepare('SELECT * FROM locks ORDER BY locked_at, rowid');
    this.#ofAgent = db.prepare('SELECT * FROM locks WHERE agent_id = ? ORDER BY locked_at, rowid');
    this.#naming = db.prepare(
      `SELECT * FROM locks WHERE instr(metadata_json, 'thread_id') > 0 ORDER BY locked_at, rowid`,
    );
    this.#activeAt = db.prepare(
      'SELECT * FROM locks WHERE released_at IS NULL AND expires_at >= ? ORDER BY locked_at, rowid',
    );
  }

  get(path: string): LockRow | undefined {
    return this.#get.get(path);
  }
  put(row: LockRow): LockRow {
    this.#put.run(row);
    return row;
  }
  list(filter: { agent_id?: string | undefined; active_at?: string | undefined }): LockRow[] {
    const { agent_id, active_at } = filter;
    if (agent_id === undefined) return active_at === undefined ? this.#all.all() : this.#activeAt.all(active_at);
    const rows = this.#ofAgent.all(agent_id);
    return active_at === undefined ? rows : rows.filter((r) => r.released_at === null && r.expires_at >= active_at);
  }
  activeOf(agent: string, now: string): LockRow[] {
    return this.#activeAt.all(now).filter((row) => row.agent_id === agent);
  }
  /** Locks whose metadata may name a thread: few, for a path has one row however often it was locked. */
  namingThreads(): LockRow[] {
    return this.#naming.all();
  }
}
