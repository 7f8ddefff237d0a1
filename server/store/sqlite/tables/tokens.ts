import type { Database, Statement } from 'better-sqlite3';
import type { TokenRow } from '../../../domain/rows.js';

export class TokenStore {
  readonly #get: Statement<[string], TokenRow>;
  readonly #all: Statement<[], TokenRow>;
  readonly #insert: Statement<[TokenRow]>;
  readonly #update: Statement<[TokenRow]>;
  readonly #used: Statement<[string, string, string]>;

  constructor(db: Database) {
    this.#get = db.prepare('SELECT * FROM arc_hub_tokens WHERE id = ?');
    this.#all = db.prepare('SELECT * FROM arc_hub_tokens ORDER BY issued_at, rowid');
    this.#insert = db.prepare(`
      INSERT INTO arc_hub_tokens (id, secret_sha256, old_secret_sha256, old_until, role, names_json, channels_json, label,
        issued_at, expires_at, last_used_at, revoked_at)
      VALUES (@id, @secret_sha256, @old_secret_sha256, @old_until, @role, @names_json, @channels_json, @label,
        @issued_at, @expires_at, @last_used_at, @revoked_at)`);
    this.#update = db.prepare(`
      UPDATE arc_hub_tokens SET secret_sha256 = @secret_sha256, old_secret_sha256 = @old_secret_sha256,
        old_until = @old_until, names_json = @names_json, revoked_at = @revoked_at WHERE id = @id`);
    this.#used = db.prepare(
      'UPDATE arc_hub_tokens SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)',
    );
  }

  get(id: string): TokenRow | undefined {
    return this.#get.get(id);
  }
  all(): TokenRow[] {
    return this.#all.all();
  }
  insert(row: TokenRow): void {
    this.#insert.run(row);
  }
  update(row: TokenRow): void {
    this.#update.run(row);
  }
  used(id: string, at: string): void {
    this.#used.run(at, id, at);
  }
}
