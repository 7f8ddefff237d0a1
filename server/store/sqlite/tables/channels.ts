import type { Database, Statement } from 'better-sqlite3';
import type { ChannelRow } from '../../../domain/rows.js';

const MAX_KNOWN = 10_000;

export class ChannelStore {
  readonly #known = new Set<string>();
  readonly #get: Statement<[string], ChannelRow>;
  readonly #insert: Statement<[ChannelRow]>;
  readonly #all: Statement<[], ChannelRow>;

  constructor(db: Database) {
    this.#get = db.prepare('SELECT * FROM channels WHERE name = ?');
    this.#insert = db.prepare(
      'INSERT INTO channels (name, created_at, created_by, metadata_json) VALUES (@name, @created_at, @created_by, @metadata_json)',
    );
    this.#all = db.prepare('SELECT * FROM channels ORDER BY name');
  }

  get(name: string): ChannelRow | undefined {
    return this.#get.get(name);
  }
  /** Whether it exists. Asked for every post; channels are never deleted, so a yes is remembered. */
  has(name: string): boolean {
    if (this.#known.has(name)) return true;
    const exists = this.get(name) !== undefined;
    if (exists && this.#known.size < MAX_KNOWN) this.#known.add(name);
    return exists;
  }
  /** A transaction was undone: what it created is not there. */
  forget(): void {
    this.#known.clear();
  }
  insert(row: ChannelRow): void {
    this.#insert.run(row);
  }
  all(): ChannelRow[] {
    return this.#all.all();
  }
}
