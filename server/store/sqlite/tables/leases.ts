import type { Database, Statement } from 'better-sqlite3';
import type { LeaseKind, LeaseRow } from '../../../domain/rows.js';
import { threadOfLock } from '../../../domain/rules/threads.js';
import type { LeaseFilter } from '../../../domain/store.js';
import { wideColumn } from '../wide-column.js';

/** Arc's two tables under one set of names. A lock has no columns for thread and task. */
const SOURCES = {
  claim: {
    table: 'claims',
    columns: `claim_key AS key, owner_agent_id AS owner, claimed_at AS since, expires_at, released_at, thread_id,
      ${wideColumn('task_message_id')}, metadata_json`,
    put: `
      INSERT INTO claims (claim_key, thread_id, task_message_id, owner_agent_id, claimed_at, expires_at, released_at, metadata_json)
      VALUES (@key, @thread_id, @task_message_id, @owner, @since, @expires_at, @released_at, @metadata_json)
      ON CONFLICT (claim_key) DO UPDATE SET thread_id = excluded.thread_id, task_message_id = excluded.task_message_id,
        owner_agent_id = excluded.owner_agent_id, claimed_at = excluded.claimed_at, expires_at = excluded.expires_at,
        released_at = excluded.released_at, metadata_json = excluded.metadata_json`,
    key: 'claim_key',
    owner: 'owner_agent_id',
    since: 'claimed_at',
    inThread: 'thread_id = ?',
  },
  lock: {
    table: 'locks',
    columns: `file_path AS key, agent_id AS owner, locked_at AS since, expires_at, released_at, NULL AS thread_id,
      NULL AS task_message_id, metadata_json`,
    put: `
      INSERT INTO locks (file_path, agent_id, locked_at, expires_at, released_at, metadata_json)
      VALUES (@key, @owner, @since, @expires_at, @released_at, @metadata_json)
      ON CONFLICT (file_path) DO UPDATE SET agent_id = excluded.agent_id, locked_at = excluded.locked_at,
        expires_at = excluded.expires_at, released_at = excluded.released_at, metadata_json = excluded.metadata_json`,
    key: 'file_path',
    owner: 'agent_id',
    since: 'locked_at',
    // Few name one, for a path has one row however often it was locked; the value itself is compared when it is read.
    inThread: `? IS NOT NULL AND instr(metadata_json, 'thread_id') > 0`,
  },
} as const;

/** One of Arc's two tables of leases. */
class LeaseTable {
  readonly #kind: LeaseKind;
  readonly #get: Statement<[string], LeaseRow>;
  readonly #put: Statement<[LeaseRow]>;
  readonly #all: Statement<[], LeaseRow>;
  readonly #ofOwner: Statement<[string], LeaseRow>;
  readonly #ofThread: Statement<[string], LeaseRow>;
  readonly #activeAt: Statement<[string], LeaseRow>;

  constructor(db: Database, kind: LeaseKind) {
    this.#kind = kind;
    const { table, columns, put, key, owner, since, inThread } = SOURCES[kind];
    const select = (where: string) =>
      `SELECT '${kind}' AS kind, ${columns} FROM ${table} ${where} ORDER BY ${since}, rowid`;
    this.#get = db.prepare(`SELECT '${kind}' AS kind, ${columns} FROM ${table} WHERE ${key} = ?`);
    this.#put = db.prepare(put);
    this.#all = db.prepare(select(''));
    this.#ofOwner = db.prepare(select(`WHERE ${owner} = ?`));
    this.#ofThread = db.prepare(select(`WHERE ${inThread}`));
    this.#activeAt = db.prepare(select('WHERE released_at IS NULL AND expires_at >= ?'));
  }

  get(key: string): LeaseRow | undefined {
    const row = this.#get.get(key);
    return row && this.#threaded(row);
  }

  put(row: LeaseRow): LeaseRow {
    this.#put.run(row);
    return this.#threaded(row);
  }

  list({ owner, thread_id, active_at }: LeaseFilter): LeaseRow[] {
    const rows =
      thread_id !== undefined
        ? this.#ofThread.all(thread_id)
        : owner !== undefined
          ? this.#ofOwner.all(owner)
          : active_at !== undefined
            ? this.#activeAt.all(active_at)
            : this.#all.all();
    return rows
      .map((row) => this.#threaded(row))
      .filter(
        (row) =>
          (thread_id === undefined || row.thread_id === thread_id) &&
          (owner === undefined || row.owner === owner) &&
          (active_at === undefined || (row.released_at === null && row.expires_at >= active_at)),
      );
  }

  activeOf(owner: string, now: string): LeaseRow[] {
    return this.#activeAt
      .all(now)
      .filter((row) => row.owner === owner)
      .map((row) => this.#threaded(row));
  }

  #threaded(row: LeaseRow): LeaseRow {
    return this.#kind === 'lock' ? { ...row, thread_id: threadOfLock(row.metadata_json) } : row;
  }
}

export class LeaseStore {
  readonly #of: Readonly<Record<LeaseKind, LeaseTable>>;

  constructor(db: Database) {
    this.#of = { claim: new LeaseTable(db, 'claim'), lock: new LeaseTable(db, 'lock') };
  }

  get(kind: LeaseKind, key: string): LeaseRow | undefined {
    return this.#of[kind].get(key);
  }
  put(row: LeaseRow): LeaseRow {
    return this.#of[row.kind].put(row);
  }
  list(kind: LeaseKind, filter: LeaseFilter): LeaseRow[] {
    return this.#of[kind].list(filter);
  }
  onTask(taskId: number, now: string): LeaseRow[] {
    return this.#of.claim.list({ active_at: now }).filter(({ task_message_id }) => task_message_id === taskId);
  }
  activeOf(owner: string, now: string): LeaseRow[] {
    return [...this.#of.claim.activeOf(owner, now), ...this.#of.lock.activeOf(owner, now)];
  }
}
