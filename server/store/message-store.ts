import type { Database, Statement } from 'better-sqlite3';
import { HubError } from '../../protocol/index.js';
import type { MessageRow, NewMessage } from '../domain/rows.js';
import type { MessagePage } from '../domain/store.js';
import { wideColumn } from './wide-column.js';

const COLUMNS = `id, ts, from_agent, to_agent, channel, kind, body, attachments_json,
  ${wideColumn('reply_to')}, thread_id, metadata_json`;

export class MessageStore {
  readonly #db: Database;
  readonly #insert: Statement<unknown[]>;
  readonly #byId: Statement<[number], MessageRow>;
  readonly #after: Statement<[number, number], MessageRow>;
  readonly #latest: Statement<[], { id: number | null }>;
  readonly #result: Statement<[number, string], MessageRow>;
  readonly #latestVisible: Statement<[string], { id: number }>;
  readonly #pages = new Map<string, Statement<unknown[], MessageRow>>();

  constructor(db: Database) {
    this.#db = db;
    this.#insert = db.prepare(`
      INSERT INTO messages (ts, from_agent, to_agent, channel, kind, body, attachments_json, reply_to, thread_id, metadata_json)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#byId = db.prepare(`SELECT ${COLUMNS} FROM messages WHERE id = ?`);
    this.#after = db.prepare(`SELECT ${COLUMNS} FROM messages WHERE id > ? ORDER BY id LIMIT ?`);
    this.#latest = db.prepare('SELECT max(id) AS id FROM messages');
    this.#result = db.prepare(`
      SELECT ${COLUMNS} FROM messages
      WHERE reply_to = ? AND kind = 'task_result' AND (+to_agent IS NULL OR +to_agent = ?) ORDER BY id LIMIT 1`);
    this.#latestVisible = db.prepare(`
      SELECT max(coalesce((SELECT max(id) FROM messages WHERE to_agent IS NULL), 0),
                 coalesce((SELECT max(id) FROM messages WHERE to_agent = ?), 0)) AS id`);
  }

  insert(m: NewMessage): MessageRow {
    const id = Number(
      this.#insert.run(
        m.ts,
        m.from_agent,
        m.to_agent,
        m.channel,
        m.kind,
        m.body,
        m.attachments_json,
        m.reply_to,
        m.thread_id,
        m.metadata_json,
      ).lastInsertRowid,
    );
    if (id > Number.MAX_SAFE_INTEGER) throw new HubError('internal', 'message ids are used up');
    return { id, ...m };
  }

  get(id: number): MessageRow | undefined {
    return this.#byId.get(id);
  }

  /** Every message above `id`, whoever it is for. */
  after(id: number, limit: number): MessageRow[] {
    return this.#after.all(id, limit);
  }

  latestId(): number {
    return this.#latest.get()?.id ?? 0;
  }

  resultOf(requestId: number, agentId: string): MessageRow | undefined {
    return this.#result.get(requestId, agentId);
  }

  latestVisibleId(agentId: string): number {
    return this.#latestVisible.get(agentId)?.id ?? 0;
  }

  page(page: MessagePage): MessageRow[] {
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
    if (page.exclude_from !== undefined) {
      where.push('from_agent <> ?');
      values.push(page.exclude_from);
    }
    if (page.before_id !== undefined) {
      where.push('id < ?');
      values.push(page.before_id);
    }
    const backwards = page.before_id !== undefined || (page.tail === true && page.since_id === 0);
    const sql = `SELECT ${COLUMNS} FROM messages WHERE ${where.join(' AND ')} ORDER BY id ${backwards ? 'DESC' : 'ASC'} LIMIT ?`;
    let statement = this.#pages.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare<unknown[], MessageRow>(sql);
      this.#pages.set(sql, statement);
    }
    const rows = statement.all(...values, page.limit);
    return backwards ? rows.reverse() : rows;
  }
}
