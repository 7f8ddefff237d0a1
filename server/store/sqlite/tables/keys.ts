import type { Database, Statement } from 'better-sqlite3';
import { HubError } from '../../../../protocol/index.js';
import type { WriteKey } from '../../../domain/store.js';

const KEEP_MS = 48 * 3_600_000;
const PRUNE_ROWS = 20_000;

/** Idempotency keys with the answers they got (websocket §7). */
export class KeyStore {
  readonly #get: Statement<[string, string], { fingerprint: string; answer: string }>;
  readonly #put: Statement<[string, string, string, string, number]>;
  readonly #prune: Statement<[number, number]>;

  constructor(db: Database) {
    this.#get = db.prepare('SELECT fingerprint, answer FROM arc_hub_keys WHERE agent_id = ? AND key = ?');
    this.#put = db.prepare(
      'INSERT INTO arc_hub_keys (agent_id, key, fingerprint, answer, created_ms) VALUES (?, ?, ?, ?, ?)',
    );
    this.#prune = db.prepare(`
      DELETE FROM arc_hub_keys WHERE created_ms < ? AND id IN (SELECT id FROM arc_hub_keys ORDER BY id LIMIT ?)`);
  }

  /** The answer that was given to this key, undefined when it is new. */
  recall(key: WriteKey): string | undefined {
    const row = this.#get.get(key.agent_id, key.key);
    if (row === undefined) return undefined;
    if (row.fingerprint === key.fingerprint) return row.answer;
    throw new HubError('conflict', 'idempotency_key was used before with other content');
  }

  remember(key: WriteKey, answer: string, nowMs: number): void {
    this.#put.run(key.agent_id, key.key, key.fingerprint, answer, nowMs);
  }

  prune(nowMs: number): void {
    this.#prune.run(nowMs - KEEP_MS, PRUNE_ROWS);
  }
}
