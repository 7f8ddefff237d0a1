import type { Database, Statement } from 'better-sqlite3';

/** How far each agent has acknowledged (websocket §5). */
export class CursorStore {
  readonly #get: Statement<[string], { since_id: number }>;
  readonly #advance: Statement<[string, number]>;

  constructor(db: Database) {
    this.#get = db.prepare('SELECT since_id FROM arc_hub_cursors WHERE agent_id = ?');
    this.#advance = db.prepare(`
      INSERT INTO arc_hub_cursors (agent_id, since_id) VALUES (?, ?)
      ON CONFLICT (agent_id) DO UPDATE SET since_id = max(since_id, excluded.since_id)`);
  }

  get(agentId: string): number | undefined {
    return this.#get.get(agentId)?.since_id;
  }
  /** Only forward. */
  advance(agentId: string, sinceId: number): number {
    this.#advance.run(agentId, sinceId);
    return this.get(agentId) ?? sinceId;
  }
}
