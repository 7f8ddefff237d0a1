import type { Database } from 'better-sqlite3';
import { ChangeLog } from './change-log.js';
import { ChannelStore } from './channel-store.js';
import { CursorStore } from './cursor-store.js';
import { KeyStore } from './key-store.js';
import { ClaimStore, LockStore } from './lease-store.js';
import { MessageStore } from './message-store.js';
import { SessionStore } from './session-store.js';
import { TaskStore } from './task-store.js';
import { ThreadStore } from './thread-store.js';

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
