import type { Database, Statement } from 'better-sqlite3';
import type { SessionRow } from '../../../domain/rows.js';

export class SessionStore {
  readonly #insert: Statement<[SessionRow]>;
  readonly #newestOf: Statement<[string], SessionRow>;
  readonly #byId: Statement<[string], SessionRow>;
  readonly #active: Statement<[], SessionRow>;
  readonly #close: Statement<[string], SessionRow>;
  readonly #closeAllOf: Statement<[string]>;
  readonly #rename: Statement<[string, string, string]>;
  readonly #touch: Statement<[string, string, string]>;
  readonly #setSeen: Statement<[string, string]>;
  readonly #clampSeen: Statement<[string, string]>;
  readonly #expire: Statement<[string], SessionRow>;
  readonly #latest: Statement<[number], SessionRow>;
  readonly #anyBefore: Statement<[string]>;

  constructor(db: Database) {
    this.#insert = db.prepare(`
      INSERT INTO sessions (session_id, agent_id, display_name, capabilities_json, metadata_json, created_at, last_seen, active)
      VALUES (@session_id, @agent_id, @display_name, @capabilities_json, @metadata_json, @created_at, @last_seen, @active)`);
    this.#newestOf = db.prepare(
      'SELECT * FROM sessions WHERE agent_id = ? AND +active = 1 ORDER BY created_at DESC, rowid DESC LIMIT 1',
    );
    this.#byId = db.prepare('SELECT * FROM sessions WHERE session_id = ?');
    // Two hubs racing may have left two active rows of one agent: only the newest counts.
    this.#active = db.prepare(`
      SELECT * FROM sessions AS s WHERE active = 1 AND NOT EXISTS (
        SELECT 1 FROM sessions AS n WHERE n.agent_id = s.agent_id AND +n.active = 1
          AND (n.created_at > s.created_at OR (n.created_at = s.created_at AND n.rowid > s.rowid)))
      ORDER BY agent_id`);
    this.#close = db.prepare('UPDATE sessions SET active = 0 WHERE session_id = ? AND active = 1 RETURNING *');
    this.#closeAllOf = db.prepare('UPDATE sessions SET active = 0 WHERE agent_id = ? AND +active = 1');
    this.#rename = db.prepare('UPDATE sessions SET display_name = ?, last_seen = ? WHERE agent_id = ? AND +active = 1');
    this.#touch = db.prepare('UPDATE sessions SET last_seen = ? WHERE agent_id = ? AND +active = 1 AND last_seen < ?');
    this.#setSeen = db.prepare('UPDATE sessions SET last_seen = ? WHERE agent_id = ? AND +active = 1');
    this.#clampSeen = db.prepare('UPDATE sessions SET last_seen = ? WHERE active = 1 AND last_seen > ?');
    this.#expire = db.prepare('UPDATE sessions SET active = 0 WHERE active = 1 AND last_seen < ? RETURNING *');
    this.#latest = db.prepare(`
      SELECT s.* FROM sessions s JOIN (SELECT max(rowid) AS newest FROM sessions GROUP BY agent_id) n ON s.rowid = n.newest
      ORDER BY s.rowid DESC LIMIT ?`);
    this.#anyBefore = db.prepare('SELECT 1 FROM sessions WHERE active = 1 AND last_seen < ? LIMIT 1');
  }

  insert(row: SessionRow): void {
    this.#insert.run(row);
  }
  activeOf(agentId: string): SessionRow | undefined {
    return this.#newestOf.get(agentId);
  }
  get(sessionId: string): SessionRow | undefined {
    return this.#byId.get(sessionId);
  }
  /** The newest of each agent, newest first. */
  latest(limit: number): SessionRow[] {
    return this.#latest.all(limit);
  }
  allActive(): SessionRow[] {
    return this.#active.all();
  }
  close(sessionId: string): SessionRow | undefined {
    return this.#close.get(sessionId);
  }
  closeAllOf(agentId: string): void {
    this.#closeAllOf.run(agentId);
  }
  rename(agentId: string, displayName: string, now: string): void {
    this.#rename.run(displayName, now, agentId);
  }
  /** Only active rows, only forward: a touch never revives (arc-v1 §4). */
  touch(agentId: string, seen: string): void {
    this.#touch.run(seen, agentId, seen);
  }
  setSeen(agentId: string, seen: string): void {
    this.#setSeen.run(seen, agentId);
  }
  clampSeen(now: string): void {
    this.#clampSeen.run(now, now);
  }
  expire(cutoff: string): SessionRow[] {
    return this.#expire.all(cutoff);
  }
  anyBefore(cutoff: string): boolean {
    return this.#anyBefore.get(cutoff) !== undefined;
  }
}
