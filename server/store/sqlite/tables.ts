import type { Database } from 'better-sqlite3';
import { ChangeLog } from './tables/changes.js';
import { ChannelStore } from './tables/channels.js';
import { CursorStore } from './tables/cursors.js';
import { KeyStore } from './tables/keys.js';
import { ClaimStore, LockStore } from './tables/leases.js';
import { MessageStore } from './tables/messages.js';
import { SessionStore } from './tables/sessions.js';
import { TaskStore } from './tables/tasks.js';
import { ThreadStore } from './tables/threads.js';

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
