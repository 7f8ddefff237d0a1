import type { Database, Statement } from 'better-sqlite3';
import { HubError } from '../../../../protocol/index.js';
import type { MessageRow, NewMessage } from '../../../domain/rows.js';
import type { MessagePage } from '../../../domain/store.js';
import { wideColumn } from '../wide-column.js';

export const MESSAGE_COLUMNS = `id, ts, from_agent, to_agent, channel, kind, body, attachments_json,
  ${wideColumn('reply_to')}, thread_id, metadata_json`;

/** Rows of one INSERT statement, largest first. Sixteen in one cost half of what they cost by themselves. */
const ROWS_AT_ONCE = [16, 4, 1] as const;

export class MessageStore {
  readonly #db: Database;
  readonly #inserts: readonly (readonly [number, Statement<unknown[]>])[];
  readonly #usedId: Statement<[], number | bigint>;
  readonly #byId: Statement<[number], MessageRow>;
  readonly #after: Statement<[number, number], MessageRow>;
  readonly #latest: Statement<[], { id: number | null }>;
  readonly #results: Statement<[number], MessageRow>;
  readonly #latestVisible: Statement<[string], { id: number }>;
  readonly #pages = new Map<string, Statement<unknown[], MessageRow>>();
  /** Rows of this transaction that the table does not have yet. Whatever reads the table writes them first. */
  #pending: MessageRow[] = [];
  #joining = false;
  /** The last id that was given, if it is known. */
  #lastId: number | undefined;

  constructor(db: Database) {
    this.#db = db;
    this.#inserts = ROWS_AT_ONCE.map((rows) => [
      rows,
      db.prepare(`
        INSERT INTO messages
          (id, ts, from_agent, to_agent, channel, kind, body, attachments_json, reply_to, thread_id, metadata_json)
        VALUES ${Array(rows).fill('(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').join(', ')}`),
    ]);
    // As AUTOINCREMENT does: no id is given twice, not even one whose message somebody has deleted.
    this.#usedId = db
      .prepare<[], number | bigint>(`
        SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'messages'), 0),
                   coalesce((SELECT max(id) FROM messages), 0))`)
      .pluck();
    this.#byId = db.prepare(`SELECT ${MESSAGE_COLUMNS} FROM messages WHERE id = ?`);
    this.#after = db.prepare(`SELECT ${MESSAGE_COLUMNS} FROM messages WHERE id > ? ORDER BY id LIMIT ?`);
    this.#latest = db.prepare('SELECT max(id) AS id FROM messages');
    this.#results = db.prepare(
      `SELECT ${MESSAGE_COLUMNS} FROM messages WHERE reply_to = ? AND kind = 'task_result' ORDER BY id`,
    );
    this.#latestVisible = db.prepare(`
      SELECT max(coalesce((SELECT max(id) FROM messages WHERE to_agent IS NULL), 0),
                 coalesce((SELECT max(id) FROM messages WHERE to_agent = ?), 0)) AS id`);
  }

  /**
   * A transaction begins.
   *
   * @param joining whether messages may be written together, when `flush` is called or the table is read
   */
  begin(joining: boolean): void {
    this.#joining = joining;
    this.#lastId ??= Number(this.#usedId.get() ?? 0);
  }

  /** A transaction was undone, or others have written: what is remembered of the table may not be so. */
  forget(): void {
    this.#pending = [];
    this.#lastId = undefined;
  }

  /** Only within a transaction that `begin` was told of. */
  insert(message: NewMessage): MessageRow {
    const id = (this.#lastId ?? Number.NaN) + 1;
    if (!Number.isSafeInteger(id)) throw new HubError('internal', 'message ids are used up');
    this.#lastId = id;
    const row = { id, ...message };
    this.#pending.push(row);
    if (!this.#joining) this.flush();
    return row;
  }

  flush(): void {
    const rows = this.#pending;
    if (rows.length === 0) return;
    // First, so that a row that the file refuses is not tried again with the next command's.
    this.#pending = [];
    let at = 0;
    for (const [count, statement] of this.#inserts) {
      for (; at + count <= rows.length; at += count) statement.run(valuesOf(rows, at, at + count));
    }
  }

  get(id: number): MessageRow | undefined {
    this.flush();
    return this.#byId.get(id);
  }

  /** Every message above `id`, whoever it is for. */
  after(id: number, limit: number): MessageRow[] {
    this.flush();
    return this.#after.all(id, limit);
  }

  latestId(): number {
    this.flush();
    return this.#latest.get()?.id ?? 0;
  }

  resultsOf(requestId: number): MessageRow[] {
    this.flush();
    return this.#results.all(requestId);
  }

  latestVisibleId(agentId: string): number {
    this.flush();
    return this.#latestVisible.get(agentId)?.id ?? 0;
  }

  page(page: MessagePage): MessageRow[] {
    this.flush();
    const where: string[] = ['id > ?'];
    const values: unknown[] = [page.since_id];
    // A unary plus keeps a condition from choosing the index: rows must come in id order, from the narrowest index.
    let indexed = false;
    const equals = (column: string, value: string | undefined) => {
      if (value === undefined) return;
      where.push(`${indexed ? '+' : ''}${column} = ?`);
      values.push(value);
      indexed = true;
    };
    equals('to_agent', page.inbox_of);
    equals('thread_id', page.thread_id);
    equals('channel', page.channel);
    if (page.inbox_of === undefined && page.all_direct !== true) {
      if (page.viewer === undefined) where.push('+to_agent IS NULL');
      else {
        where.push('(+to_agent IS NULL OR +to_agent = ?)');
        values.push(page.viewer);
      }
    }
    if (page.channels !== undefined) {
      where.push(`(+to_agent IS NOT NULL OR +channel IN (SELECT value FROM json_each(?)))`);
      values.push(JSON.stringify(page.channels));
    }
    if (page.exclude_from !== undefined) {
      where.push('from_agent <> ?');
      values.push(page.exclude_from);
    }
    if (page.before_id !== undefined) {
      where.push('id < ?');
      values.push(page.before_id);
    }
    const backwards = page.before_id !== undefined || (page.tail === true && page.since_id === 0);
    const sql = `SELECT ${MESSAGE_COLUMNS} FROM messages WHERE ${where.join(' AND ')} ORDER BY id ${backwards ? 'DESC' : 'ASC'} LIMIT ?`;
    let statement = this.#pages.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare<unknown[], MessageRow>(sql);
      this.#pages.set(sql, statement);
    }
    const rows = statement.all(...values, page.limit);
    return backwards ? rows.reverse() : rows;
  }
}

function valuesOf(rows: readonly MessageRow[], from: number, to: number): unknown[] {
  const values: unknown[] = [];
  for (let i = from; i < to; i++) {
    const row = rows[i] as MessageRow;
    values.push(row.id, row.ts, row.from_agent, row.to_agent, row.channel, row.kind, row.body, row.attachments_json);
    values.push(row.reply_to, row.thread_id, row.metadata_json);
  }
  return values;
}
