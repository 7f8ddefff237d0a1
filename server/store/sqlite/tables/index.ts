import type { Database } from 'better-sqlite3';
import type { Tables } from '../../../domain/tables.js';
import { ArcpStore } from './arcp.js';
import { AuditStore } from './audit.js';
import { ChangeLog } from './changes.js';
import { ChannelStore } from './channels.js';
import { CursorStore } from './cursors.js';
import { KeyStore } from './keys.js';
import { LeaseStore } from './leases.js';
import { MessageStore } from './messages.js';
import { SessionStore } from './sessions.js';
import { TaskStore } from './tasks.js';
import { ThreadStore } from './threads.js';
import { TokenStore } from './tokens.js';

/** Every table with its prepared statements: more than the commands' port asks, for reads. */
export class SqliteTables implements Tables {
  readonly channels: ChannelStore;
  readonly sessions: SessionStore;
  readonly messages: MessageStore;
  readonly leases: LeaseStore;
  readonly tasks: TaskStore;
  readonly threads: ThreadStore;
  readonly cursors: CursorStore;
  readonly keys: KeyStore;
  readonly tokens: TokenStore;
  readonly audit: AuditStore;
  readonly changes: ChangeLog;
  readonly arcp: ArcpStore;

  constructor(db: Database) {
    this.channels = new ChannelStore(db);
    this.sessions = new SessionStore(db);
    this.messages = new MessageStore(db);
    this.leases = new LeaseStore(db);
    this.tasks = new TaskStore(db, () => this.messages.flush());
    this.threads = new ThreadStore(db, () => this.messages.flush());
    this.cursors = new CursorStore(db);
    this.keys = new KeyStore(db);
    this.tokens = new TokenStore(db);
    this.audit = new AuditStore(db);
    this.changes = new ChangeLog(db);
    this.arcp = new ArcpStore(db);
  }
}
