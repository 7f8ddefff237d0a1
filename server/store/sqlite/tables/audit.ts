import type { Database, Statement } from 'better-sqlite3';
import { timestamp } from '../../../../base/clock.js';
import type { AuditRow, NewAuditRow } from '../../../domain/rows.js';
import type { AuditPage } from '../../../domain/store.js';

const KEEP_MS = 90 * 86_400_000;
const KEEP_ROWS = 100_000;

/** What was done and refused (identity §9). */
export class AuditStore {
  readonly #db: Database;
  readonly #get: Statement<[number], AuditRow>;
  readonly #add: Statement<[NewAuditRow], AuditRow>;
  readonly #prune: Statement<[number, string]>;

  constructor(db: Database) {
    this.#db = db;
    this.#get = db.prepare('SELECT * FROM arc_hub_audit WHERE id = ?');
    this.#add = db.prepare(`
      INSERT INTO arc_hub_audit (ts, token_id, role, agent, address, door, operation, target, outcome, count, merge_key)
      VALUES (@ts, @token_id, @role, @agent, @address, @door, @operation, @target, @outcome, @count, @merge_key)
      ON CONFLICT (merge_key) DO UPDATE SET count = count + excluded.count RETURNING *`);
    // Ids ascend with time, so the oldest are the first to look at.
    this.#prune = db.prepare(`
      DELETE FROM arc_hub_audit WHERE id <= (SELECT max(id) FROM arc_hub_audit) - ?
        OR id IN (SELECT id FROM (SELECT id, ts FROM arc_hub_audit ORDER BY id LIMIT 1000) WHERE ts < ?)`);
  }

  get(id: number): AuditRow | undefined {
    return this.#get.get(id);
  }
  add(row: NewAuditRow): AuditRow {
    return this.#add.get(row) as AuditRow;
  }
  prune(nowMs: number): void {
    this.#prune.run(KEEP_ROWS, timestamp(nowMs - KEEP_MS));
  }

  page({ since_id, before_id, limit, tail, since, operation }: AuditPage): AuditRow[] {
    const backwards = before_id !== undefined || (tail && since_id === 0);
    const rows = this.#db
      .prepare<unknown[], AuditRow>(
        `SELECT * FROM arc_hub_audit WHERE id > @since_id AND (@before_id IS NULL OR id < @before_id)
          AND (@since IS NULL OR ts >= @since) AND (@operation IS NULL OR operation = @operation)
        ORDER BY id ${backwards ? 'DESC' : 'ASC'} LIMIT @limit`,
      )
      .all({ since_id, before_id: before_id ?? null, since: since ?? null, operation: operation ?? null, limit });
    return backwards ? rows.reverse() : rows;
  }
}
