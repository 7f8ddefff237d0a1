/**
 * Full-text search. The index follows the messages instead of being written with them: in short pieces, seldom while others
 * write, so that a post costs next to nothing more; and whoever searches has it catch up first, so that a message is found from its
 * commit on. It knows no texts, only where which word occurs; what is shown is read from the messages.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database, Statement } from 'better-sqlite3';
import type { Clock, Timer } from '../../../base/clock.js';
import type { MessageRow } from '../../domain/rows.js';
import type { Filters, Term } from '../../domain/rules/search-query.js';
import { searchedTexts } from '../../domain/rules/snippet.js';
import { indexed } from '../../domain/rules/words.js';
import type { MessageSearch, SearchPage } from '../../domain/store.js';
import { MESSAGE_COLUMNS } from './tables/messages.js';

/** A piece of work, in ms; nothing else runs meanwhile. */
const PIECE_MS = 8;
const PIECE_ROWS = 500;
/** How long after a write the index begins to follow, and how many times as long as it works it rests while others write. */
const BEGIN_MS = 100;
const BUSY_MS = 500;
const REST_WHILE_BUSY = 9;
/** A search waits no longer than this for the index to catch up. */
const CATCH_UP_MS = 1_000;
/** Most hits that are weighed against each other. */
const MAX_WEIGHED = 10_000;

export class SearchIndex {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #onError: (cause: unknown) => void;
  readonly #position: Statement<[], number>;
  readonly #latest: Statement<[], number>;
  readonly #next: Statement<[number, number], MessageRow>;
  readonly #insert: Statement<[number, string, string, string, string, string]>;
  readonly #move: Statement<[number]>;
  #timer: Timer | undefined;
  #writtenMs = 0;
  #closed = false;

  constructor(db: Database, clock: Clock, onError: (cause: unknown) => void) {
    this.#db = db;
    this.#clock = clock;
    this.#onError = onError;
    this.#position = db.prepare<[], number>('SELECT indexed_id FROM arc_hub_search_state').pluck();
    this.#latest = db.prepare<[], number>('SELECT coalesce(max(id), 0) FROM messages').pluck();
    this.#next = db.prepare(`SELECT ${MESSAGE_COLUMNS} FROM messages WHERE id > ? ORDER BY id LIMIT ?`);
    this.#insert = db.prepare(
      'INSERT INTO arc_hub_search (rowid, body, attachments, channel, thread, sender) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#move = db.prepare('UPDATE arc_hub_search_state SET indexed_id = ?');
    this.written();
  }

  /** Somebody has written: the index follows soon. */
  written(): void {
    this.#writtenMs = this.#clock.monotonicMs();
    if (this.#closed) return;
    this.#timer ??= this.#clock.after(BEGIN_MS, () => this.#work());
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  async search(search: MessageSearch): Promise<SearchPage> {
    const isWhole = await this.#caughtUp();
    const { sql, values } = compile(search);
    const rows = this.#db.prepare<unknown[], MessageRow>(sql).all(...values, search.limit + 1);
    return { rows: rows.slice(0, search.limit), more: rows.length > search.limit, isWhole };
  }

  async #caughtUp(): Promise<boolean> {
    const deadlineMs = performance.now() + CATCH_UP_MS;
    while (!this.#piece()) {
      if (performance.now() > deadlineMs) return false;
      await nextTurn();
    }
    return true;
  }

  #work(): void {
    this.#timer = undefined;
    const begunMs = this.#clock.monotonicMs();
    let isDone = true;
    try {
      isDone = this.#piece();
    } catch (cause) {
      this.#onError(cause);
    }
    if (isDone || this.#closed) return;
    const nowMs = this.#clock.monotonicMs();
    const tookMs = Math.max(1, nowMs - begunMs);
    const isBusy = nowMs - this.#writtenMs < BUSY_MS;
    this.#timer = this.#clock.after(isBusy ? tookMs * REST_WHILE_BUSY : tookMs, () => this.#work());
  }

  /** Indexes some more in a transaction of its own. @returns whether everything is in the index */
  #piece(): boolean {
    if ((this.#position.get() ?? 0) >= (this.#latest.get() ?? 0)) return true;
    try {
      this.#db.exec('BEGIN IMMEDIATE');
    } catch (cause) {
      // Another process writes just now.
      if (String((cause as { code?: string }).code).startsWith('SQLITE_BUSY')) return false;
      throw cause;
    }
    try {
      const isDone = this.#indexSome();
      this.#db.exec('COMMIT');
      return isDone;
    } catch (cause) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      throw cause;
    }
  }

  #indexSome(): boolean {
    const untilMs = performance.now() + PIECE_MS;
    let at = this.#position.get() ?? 0;
    const rows = this.#next.all(at, PIECE_ROWS);
    let count = 0;
    for (const row of rows) {
      const { body, attachments, channel, thread, sender } = searchedTexts(row);
      const [b, a, c, t, s] = [body, attachments, channel, thread, sender].map(indexed) as Five;
      this.#insert.run(row.id, b, a, c, t, s);
      at = row.id;
      count++;
      if (performance.now() > untilMs) break;
    }
    this.#move.run(at);
    return count === rows.length && rows.length < PIECE_ROWS;
  }
}

type Five = [string, string, string, string, string];

/** The statement for a search; its last value is the number of rows. */
function compile({ query, given, sight, since_id, before_id, order }: MessageSearch): {
  sql: string;
  values: unknown[];
} {
  const where: string[] = [];
  const values: unknown[] = [];
  const must = (condition: string, ...more: unknown[]) => {
    where.push(condition);
    values.push(...more);
  };
  const isMatched = query.terms.length > 0;
  if (isMatched) must('arc_hub_search MATCH ?', query.terms.map(matchOf).join(' AND '));
  const id = isMatched ? 'arc_hub_search.rowid' : 'm.id';
  if (since_id > 0) must(`${id} > ?`, since_id);
  if (before_id !== undefined) must(`${id} < ?`, before_id);
  for (const term of query.without) {
    must('m.id NOT IN (SELECT rowid FROM arc_hub_search WHERE arc_hub_search MATCH ?)', matchOf(term));
  }
  for (const filters of [given, query.filters]) {
    for (const [condition, more] of filterConditions(filters)) must(condition, ...more);
  }
  for (const [condition, more] of filterConditions(query.notFilters)) must(`NOT coalesce((${condition}), 0)`, ...more);
  if (query.after !== undefined) must('m.ts >= ?', query.after);
  if (query.before !== undefined) must('m.ts < ?', query.before);
  const { channels, parties } = sight;
  if (channels !== undefined) {
    must('(m.to_agent IS NOT NULL OR m.channel IN (SELECT value FROM json_each(?)))', JSON.stringify(channels));
  }
  for (const { whole, prefixes, except } of parties) {
    const ends = ['m.to_agent', 'm.from_agent'];
    const isOne = ends.map((end) => `${end} IN (SELECT value FROM json_each(?))`);
    const begins = ends.map(
      (end) => `(EXISTS (SELECT 1 FROM json_each(?) WHERE substr(${end}, 1, length(value)) = value)
        AND ${end} NOT IN (SELECT value FROM json_each(?)))`,
    );
    must(
      `(m.to_agent IS NULL OR ${[...isOne, ...begins].join(' OR ')})`,
      ...ends.map(() => JSON.stringify(whole)),
      ...ends.flatMap(() => [JSON.stringify(prefixes), JSON.stringify(except)]),
    );
  }
  const from = isMatched ? 'arc_hub_search JOIN messages AS m ON m.id = arc_hub_search.rowid' : 'messages AS m';
  const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`;
  if (order === 'best' && isMatched) {
    const sql = `SELECT ${MESSAGE_COLUMNS} FROM (
      SELECT m.*, bm25(arc_hub_search) AS score FROM ${from} ${condition} ORDER BY ${id} DESC LIMIT ${MAX_WEIGHED})
      ORDER BY score, id DESC LIMIT ?`;
    return { sql, values };
  }
  const columns = `SELECT ${MESSAGE_COLUMNS} FROM (SELECT m.* FROM ${from} ${condition} ORDER BY ${id} DESC LIMIT ?)`;
  return { sql: `${columns} ORDER BY id DESC`, values };
}

/** Letters and digits in quotation marks, which no text can get out of. */
const matchOf = ({ words, isPrefix }: Term) => `"${words.join(' ').replaceAll('"', ' ')}"${isPrefix ? ' *' : ''}`;

const COLUMN_OF = {
  from: 'm.from_agent',
  to: 'm.to_agent',
  in: 'm.channel',
  thread: 'm.thread_id',
  kind: 'm.kind',
} as const;

function* filterConditions(filters: Filters): Generator<readonly [string, readonly unknown[]]> {
  for (const [name, column] of Object.entries(COLUMN_OF)) {
    const wanted = filters[name as keyof typeof COLUMN_OF];
    if (wanted.length > 0) yield [`${column} IN (${wanted.map(() => '?').join(', ')})`, wanted];
  }
  if (filters.has.includes('attachment')) yield [`m.attachments_json <> '[]'`, []];
  const types = filters.has.filter((type) => type !== 'attachment');
  if (types.length === 0) return;
  const valid = `CASE WHEN json_valid(m.attachments_json) THEN m.attachments_json ELSE '[]' END`;
  yield [
    `EXISTS (SELECT 1 FROM json_each(${valid}) AS each WHERE each.type = 'object'
      AND each.value ->> 'type' IN (${types.map(() => '?').join(', ')}))`,
    types,
  ];
}
