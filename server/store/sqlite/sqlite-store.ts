import { statSync } from 'node:fs';
import type { Database, Statement } from 'better-sqlite3';
import { type Clock, type Timer, timestamp } from '../../../base/clock.js';
import type { Sharing } from '../../../base/sharing.js';
import { HubError } from '../../../protocol/index.js';
import type { Committed, StateChange } from '../../domain/changes.js';
import { type CommandName, type Commands, perform, recall, type Written } from '../../domain/commands/index.js';
import type { Sent } from '../../domain/party.js';
import type { LeaseKind, MessageRow, WriteKey } from '../../domain/rows.js';
import type {
  ArcpReads,
  AuditPage,
  LeaseFilter,
  MessagePage,
  MessageSearch,
  SearchPage,
  Store,
  TaskFilter,
  ThreadDetailRows,
} from '../../domain/store.js';
import { Tx } from '../../domain/tx.js';
import { GroupCommit } from './group-commit.js';
import { LogSize } from './log-size.js';
import { instanceId, openDatabase, realPath } from './open-database.js';
import { SearchIndex } from './search-index.js';
import { StoreFile } from './store-file.js';
import { isGuessed, type LoggedChange } from './tables/changes.js';
import { SqliteTables } from './tables/index.js';

/** How often other processes' writes are looked for while somebody waits; they are to be pushed within 100 ms. */
const WATCH_MS = 75;
/** After this long without a commit the write-ahead log is moved into the file. */
const CHECKPOINT_IDLE_MS = 1_000;
const FOREIGN_PAGE = 1_000;
/** While a large log is brought back to its size and nobody writes. */
const LOG_LOOK_MS = 100;
/** A file that has gone is noticed within a second, also while nobody writes. */
const FILE_LOOK_MS = 500;

export interface SqliteOptions {
  /** Absolute path of the file. */
  path: string;
  durability: 'full' | 'normal';
  clock: Clock;
  /** Who else may use the file (default: nobody). */
  sharing?: Sharing;
  /** Whether messages can be searched (default: they can). */
  search?: boolean;
  /** Called when looking for other writers failed, which the next look repeats. */
  onError: (cause: unknown) => void;
}

/** The embedded store: one connection on the main thread, every write through one group commit. */
export class SqliteStore implements Store {
  readonly location: string;
  readonly instance_id: string;
  readonly journal_mode: string;
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #tables: SqliteTables;
  readonly #commits: GroupCommit;
  readonly #file: StoreFile;
  readonly #logSize: LogSize;
  readonly #search: SearchIndex | undefined;
  readonly #dataVersion: Statement<[], number>;
  readonly #onError: (cause: unknown) => void;
  readonly #listeners: ((committed: Committed) => void)[] = [];

  #tx: Tx;
  #foreign: Committed = NOTHING;
  #seenVersion: number;
  #lastId: number;
  #lastSeq: number;
  #watchTimer: NodeJS.Timeout | undefined;
  #checkpoint: Timer | undefined;
  #committedMs = 0;
  #fileTimer: Timer | undefined;
  #problem: string | undefined;
  #onHealth: (problem: string | undefined) => void = () => undefined;

  constructor({ path, durability, clock, sharing = 'owner', search = true, onError }: SqliteOptions) {
    this.location = path;
    this.#clock = clock;
    this.#onError = onError;
    this.#db = openDatabase(path, durability, timestamp(clock.nowMs()), sharing);
    this.#tables = new SqliteTables(this.#db);
    this.journal_mode = String(this.#db.pragma('journal_mode', { simple: true }));
    const general = this.#tables.channels.get('general');
    this.instance_id = instanceId(realPath(path), general?.created_at ?? '');
    this.#dataVersion = this.#db.prepare<[], number>('PRAGMA data_version').pluck();
    this.#seenVersion = this.#dataVersion.get() ?? 0;
    this.#lastId = this.#tables.messages.latestId();
    this.#lastSeq = this.#tables.changes.latest(0);
    this.#tx = this.#newTx();
    this.#file = new StoreFile(path, this.journal_mode === 'wal');
    this.#logSize = new LogSize(this.#db, path, onError);
    this.#search = search ? new SearchIndex(this.#db, clock, onError) : undefined;
    this.#commits = new GroupCommit(this.#db, {
      refusal: () => this.#refusal(),
      begun: (careful) => {
        this.#tx = this.#newTx();
        this.#foreign = this.#readForeign();
        // Under a savepoint a command's messages must go and stay with the command.
        this.#tables.messages.begin(!careful);
      },
      ending: () => {
        this.#tables.messages.flush();
        const { changes } = this.#tx;
        if (!changes.every(isGuessed)) this.#tables.changes.correct(this.#lastSeq, changes);
        if (changes.length > 0) this.#lastSeq = this.#tables.changes.latest(this.#lastSeq);
      },
      committed: () => this.#publish(),
      // Positions may have run ahead of the file: take them from it again, without losing what others wrote.
      undone: () => this.#recoverPositions(),
    });
  }

  write<K extends CommandName>(
    name: K,
    input: Commands[K]['in'],
    key?: WriteKey,
  ): Promise<Written<Commands[K]['out']>> {
    return this.#commits.submit(() => perform(this.#tx, name, input, key));
  }

  async knows(key: WriteKey): Promise<boolean> {
    return recall(this.#tables.keys, key) !== undefined;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  onHealth(listener: (problem: string | undefined) => void): void {
    this.#onHealth = listener;
    this.#watchFile();
  }

  onCommit(listener: (committed: Committed) => void): void {
    this.#listeners.push(listener);
  }

  watch(on: boolean): void {
    if (on && this.#watchTimer === undefined) {
      this.#watchTimer = setInterval(() => this.#look(), WATCH_MS);
      this.#watchTimer.unref();
      this.#look();
    } else if (!on && this.#watchTimer !== undefined) {
      clearInterval(this.#watchTimer);
      this.#watchTimer = undefined;
    }
  }

  latestId(): number {
    return this.#lastId;
  }
  async channelExists(name: string) {
    return this.#tables.channels.has(name);
  }
  async taskExists(taskId: number) {
    return this.#tables.tasks.get(taskId) !== undefined;
  }
  async message(id: number) {
    return this.#tables.messages.get(id);
  }
  async messages(page: MessagePage): Promise<MessageRow[]> {
    return this.#tables.messages.page(page);
  }
  async resultsOf(requestId: number) {
    return this.#tables.messages.resultsOf(requestId);
  }
  async search(search: MessageSearch): Promise<SearchPage> {
    if (this.#search === undefined)
      throw new HubError('unavailable', 'search is switched off on this hub (--no-search)');
    return this.#search.search(search);
  }
  async latestVisibleId(agentId: string) {
    return this.#tables.messages.latestVisibleId(agentId);
  }
  async channels() {
    return this.#tables.channels.all();
  }
  async latestSessions(limit: number) {
    return this.#tables.sessions.latest(limit);
  }
  async activeSessions() {
    return this.#tables.sessions.allActive();
  }
  async activeSessionOf(agentId: string) {
    return this.#tables.sessions.activeOf(agentId);
  }
  async hasSessionsBefore(cutoff: string) {
    return this.#tables.sessions.anyBefore(cutoff);
  }
  async threads(now: string, sees?: (sent: Sent) => boolean) {
    const { threads, leases } = this.#tables;
    return threads.list(leases.list('claim', { active_at: now }), leases.list('lock', { active_at: now }), sees);
  }
  async thread(threadId: string, now: string): Promise<ThreadDetailRows | undefined> {
    const messages = this.#tables.messages.page({
      thread_id: threadId,
      all_direct: true,
      since_id: Number.MIN_SAFE_INTEGER,
      limit: -1,
    });
    const tasks = this.#tables.tasks.list({ thread_id: threadId });
    const claims = this.#tables.leases.list('claim', { thread_id: threadId });
    const locks = this.#tables.leases.list('lock', { thread_id: threadId });
    if (messages.length + tasks.length + claims.length + locks.length === 0) return undefined;
    return { thread: this.#tables.threads.get(threadId, claims, locks, now), messages, tasks, claims, locks };
  }
  async leases(kind: LeaseKind, filter: LeaseFilter) {
    return this.#tables.leases.list(kind, filter);
  }
  async lease(kind: LeaseKind, key: string) {
    return this.#tables.leases.get(kind, key);
  }
  async tasks(filter: TaskFilter) {
    return this.#tables.tasks.list(filter);
  }
  async tokens() {
    return this.#tables.tokens.all();
  }
  async audit(page: AuditPage) {
    return this.#tables.audit.page(page);
  }
  get arcp(): ArcpReads {
    const { arcp } = this.#tables;
    return {
      all: async (noun) => arcp.all(noun),
      intents: async () => arcp.intents(),
      answers: async (sessionId) => arcp.answers(sessionId),
      after: async (sessionId, seq, limit) => arcp.after(sessionId, seq, limit),
      envelope: async (envelopeId) => arcp.envelope(envelopeId),
      anchor: async (sessionId, envelopeId) => arcp.anchor(sessionId, envelopeId),
      events: async (sessionId, eventSeq, limit) => arcp.events(sessionId, eventSeq, limit),
      oldestEvent: async (sessionId) => arcp.oldestEvent(sessionId),
      ofJob: async (sessionId, jobId) => arcp.ofJob(sessionId, jobId),
      artifact: async (id) => arcp.artifact(id),
      artifactBytes: async (principal, nowMs) => arcp.artifactBytes(principal, nowMs),
    };
  }
  async cursor(agentId: string) {
    return this.#tables.cursors.get(agentId);
  }

  stats() {
    return {
      ...this.#commits.stats(),
      messages: this.#lastId,
      store_bytes: fileBytes(this.location),
      wal_bytes: fileBytes(`${this.location}-wal`),
    };
  }

  async close(): Promise<void> {
    this.watch(false);
    this.#checkpoint?.cancel();
    this.#fileTimer?.cancel();
    this.#logSize.close();
    this.#search?.close();
    await this.#commits.close();
    this.#db.close();
    this.#logSize.release();
  }

  /** Looks before a group begins, so that nothing is acknowledged that will not be there after a restart. */
  #refusal(): HubError | undefined {
    const nowMs = this.#clock.monotonicMs();
    const loss = this.#file.loss(nowMs);
    this.#tell(loss?.problem);
    if (loss === undefined) {
      this.#logSize.tend(this.#file.logBytes, nowMs);
      return undefined;
    }
    return new HubError('unavailable', `the store is lost: ${loss.problem}`, {
      reason: 'store_lost',
      retry_after_sec: 1,
    });
  }

  #watchFile(): void {
    this.#fileTimer = this.#clock.after(FILE_LOOK_MS, () => {
      this.#tell(this.#file.look()?.problem);
      // A token that was revoked by another process on the file ends its connections within a second.
      if (this.#watchTimer === undefined) this.#look();
      this.#watchFile();
    });
  }

  #tell(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#onHealth(problem);
  }

  #newTx(): Tx {
    return new Tx(this.#tables, this.#clock.nowMs());
  }

  #look(): void {
    try {
      const found = this.#readForeign();
      if (found !== NOTHING) this.#emit(found);
    } catch (cause) {
      this.#onError(cause);
    }
  }

  /** What other processes have committed since the last look; `data_version` says cheaply whether there is anything. */
  #readForeign(): Committed {
    const version = this.#dataVersion.get() ?? 0;
    if (version === this.#seenVersion) return NOTHING;
    this.#tables.messages.forget();
    const messages: MessageRow[] = [];
    for (;;) {
      const page = this.#tables.messages.after(this.#lastId, FOREIGN_PAGE);
      messages.push(...page);
      this.#lastId = page.at(-1)?.id ?? this.#lastId;
      if (page.length < FOREIGN_PAGE) break;
    }
    const logged = this.#tables.changes.after(this.#lastSeq);
    this.#lastSeq = logged.at(-1)?.seq ?? this.#lastSeq;
    this.#seenVersion = version;
    return { messages, changes: logged.flatMap((entry) => this.#describe(entry)) };
  }

  #describe({ topic, key, change }: LoggedChange): StateChange[] {
    const { channels, sessions, leases, tasks, tokens, audit } = this.#tables;
    const found = <Topic extends StateChange['topic']>(of: Topic, row: object | undefined) =>
      // The topic says which row it is.
      row === undefined ? [] : [{ topic: of, change, row } as unknown as StateChange];
    switch (topic) {
      case 'channel':
        return found(topic, channels.get(String(key)));
      case 'session':
        return found(topic, sessions.get(String(key)));
      case 'claim':
      case 'lock':
        return found(topic, leases.get(topic, String(key)));
      case 'task':
        return found(topic, tasks.get(Number(key)));
      case 'token':
        return found(topic, tokens.get(String(key)));
      case 'audit':
        return found(topic, audit.get(Number(key)));
      default:
        return [];
    }
  }

  #publish(): void {
    const { messages, changes } = this.#tx;
    const foreign = this.#foreign;
    this.#foreign = NOTHING;
    if (foreign !== NOTHING) this.#emit(foreign);
    this.#lastId = messages.at(-1)?.id ?? this.#lastId;
    if (messages.length > 0 || changes.length > 0) this.#emit({ messages, changes });
    this.#committedMs = this.#tx.nowMs;
    this.#checkpoint ??= this.#clock.after(CHECKPOINT_IDLE_MS, () => this.#checkpointWhenIdle());
  }

  #emit(committed: Committed): void {
    if (committed.messages.length > 0) this.#search?.written();
    for (const listener of this.#listeners) listener(committed);
  }

  #recoverPositions(): void {
    this.#tables.channels.forget();
    this.#tables.messages.forget();
    const foreign = this.#foreign;
    this.#foreign = NOTHING;
    // `begun` moved the positions over rows that others had committed, so those are real whatever became of ours.
    if (foreign !== NOTHING) this.#emit(foreign);
    this.#lastSeq = Math.min(this.#lastSeq, this.#tables.changes.latest(0));
  }

  #checkpointWhenIdle(): void {
    this.#checkpoint = undefined;
    const restMs = this.#committedMs + CHECKPOINT_IDLE_MS - this.#clock.nowMs();
    if (restMs > 0 || !this.#commits.idle) {
      this.#checkpoint = this.#clock.after(Math.max(1, restMs), () => this.#checkpointWhenIdle());
      return;
    }
    try {
      this.#db.pragma('wal_checkpoint(PASSIVE)');
    } catch (cause) {
      this.#onError(cause);
    }
    this.#file.look();
    this.#logSize.tend(this.#file.logBytes, this.#clock.monotonicMs(), true);
    // Nobody writes, and still the log is to come back to its size.
    if (this.#logSize.isBusy) {
      this.#checkpoint = this.#clock.after(LOG_LOOK_MS, () => this.#checkpointWhenIdle());
    }
  }
}

const NOTHING: Committed = { messages: [], changes: [] };

/** 0 for a file that cannot be looked at, which health tells of. */
function fileBytes(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
