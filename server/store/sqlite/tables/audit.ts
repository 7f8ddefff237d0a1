import type { Database, Statement } from 'better-sqlite3';
import { timestamp } from '../../../../base/clock.js';
import type { AuditRow, NewAuditRow } from '../../../domain/rows.js';
import type { AuditPage } from '../../../domain/store.js';

const KEEP_MS = 90 * 86_400_000;
/** Of what operators have done, and as much of all else: nobody but they pushes out anything of theirs. */
const KEEP_EACH = 50_000;
/** Lines between two looks for what is too old. */
const PRUNE_EVERY = 500;

/** What was done and refused (identity §9). */
export class AuditStore {
  readonly #db: Database;
  readonly #get: Statement<[number], AuditRow>;
  readonly #add: Statement<[NewAuditRow], AuditRow>;
  readonly #pruneOld: Statement<[string]>;
  readonly #pruneKinds: readonly Statement<[number]>[];
  #sincePruned = PRUNE_EVERY;

  constructor(db: Database) {
    this.#db = db;
    this.#get = db.prepare('SELECT * FROM arc_hub_audit WHERE id = ?');
    this.#add = db.prepare(`
      INSERT INTO arc_hub_audit (ts, token_id, role, agent, address, door, operation, target, outcome, count, merge_key)
      VALUES (@ts, @token_id, @role, @agent, @address, @door, @operation, @target, @outcome, @count, @merge_key)
      ON CONFLICT (merge_key) DO UPDATE SET count = count + excluded.count RETURNING *`);
    // Ids ascend with time, so the oldest are the first to look at.
    this.#pruneOld = db.prepare(`
      DELETE FROM arc_hub_audit
      WHERE id IN (SELECT id FROM (SELECT id, ts FROM arc_hub_audit ORDER BY id LIMIT 1000) WHERE ts < ?)`);
    // What operators do has no merge key.
    this.#pruneKinds = ['merge_key IS NULL', 'merge_key IS NOT NULL'].map((kind) =>
      db.prepare(`
        DELETE FROM arc_hub_audit WHERE ${kind} AND id <=
          (SELECT id FROM arc_hub_audit WHERE ${kind} ORDER BY id DESC LIMIT 1 OFFSET ?)`),
    );
  }

  get(id: number): AuditRow | undefined {
    return this.#get.get(id);
  }
  add(row: NewAuditRow): AuditRow {
    this.#sincePruned++;
    return this.#add.get(row) as AuditRow;
  }
  prune(nowMs: number): void {
    if (this.#sincePruned < PRUNE_EVERY) return;
    this.#sincePruned = 0;
    this.#pruneOld.run(timestamp(nowMs - KEEP_MS));
    for (const statement of this.#pruneKinds) statement.run(KEEP_EACH);
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
