import type { Database, Statement } from 'better-sqlite3';
import type { ChannelRow } from '../domain/rows.js';
import { ChangeLog } from './change-log.js';
import { KeyStore } from './key-store.js';
import { ClaimStore, LockStore } from './lease-store.js';
import { MessageStore } from './message-store.js';
import { SessionStore } from './session-store.js';
import { TaskStore } from './task-store.js';
import { ThreadStore } from './thread-store.js';

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

/** Every table with its prepared statements. */
export class Tables {
  readonly channels: ChannelStore;
  readonly sessions: SessionStore;
  readonly messages: MessageStore;
  readonly claims: ClaimStore;
  readonly locks: LockStore;
  readonly tasks: TaskStore;
  readonly threads: ThreadStore;
  readonly cursors: CursorStore;
  readonly keys: KeyStore;
  readonly changes: ChangeLog;

  constructor(db: Database) {
    this.channels = new ChannelStore(db);
    this.sessions = new SessionStore(db);
    this.messages = new MessageStore(db);
    this.claims = new ClaimStore(db);
    this.locks = new LockStore(db);
    this.tasks = new TaskStore(db);
    this.threads = new ThreadStore(db);
    this.cursors = new CursorStore(db);
    this.keys = new KeyStore(db);
    this.changes = new ChangeLog(db);
  }
}
