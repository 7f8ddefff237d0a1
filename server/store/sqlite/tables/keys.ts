import type { Database, Statement } from 'better-sqlite3';
import type { WriteKey } from '../../../domain/rows.js';

const KEEP_MS = 48 * 3_600_000;
const PRUNE_ROWS = 20_000;

/** Idempotency keys with the answers they got (websocket §7). */
export class KeyStore {
  readonly #get: Statement<[string, string], { fingerprint: string; answer: string }>;
  readonly #insert: Statement<[string, string, string, string, number]>;
  readonly #prune: Statement<[number, number]>;

  constructor(db: Database) {
    this.#get = db.prepare('SELECT fingerprint, answer FROM arc_hub_keys WHERE agent_id = ? AND key = ?');
    // By position: names cost a look-up each, on every write.
    this.#insert = db.prepare(
      'INSERT INTO arc_hub_keys (agent_id, key, fingerprint, answer, created_ms) VALUES (?, ?, ?, ?, ?)',
    );
    this.#prune = db.prepare(`
      DELETE FROM arc_hub_keys WHERE created_ms < ? AND id IN (SELECT id FROM arc_hub_keys ORDER BY id LIMIT ?)`);
  }

  get(agentId: string, key: string): { fingerprint: string; answer: string } | undefined {
    return this.#get.get(agentId, key);
  }
  insert({ agent_id, key, fingerprint }: WriteKey, answer: string, nowMs: number): void {
    this.#insert.run(agent_id, key, fingerprint, answer, nowMs);
  }
  prune(nowMs: number): void {
    this.#prune.run(nowMs - KEEP_MS, PRUNE_ROWS);
  }
}
