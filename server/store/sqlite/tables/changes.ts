import type { Database, Statement } from 'better-sqlite3';
import type { StateChange } from '../../../domain/changes.js';

export interface LoggedChange {
  seq: number;
  topic: string;
  key: string | number;
  change: string;
}

const KEEP = 10_000;

/** What triggers noted of every writer's state changes; how this hub learns of another's on the same file. */
export class ChangeLog {
  readonly #after: Statement<[number], LoggedChange>;
  readonly #latest: Statement<[], { seq: number | null }>;
  readonly #prune: Statement<[number]>;
  readonly #undo: Statement<[number]>;
  readonly #insert: Statement<[string, string | number, string]>;

  constructor(db: Database) {
    this.#after = db.prepare('SELECT seq, topic, key, change FROM arc_hub_changes WHERE seq > ? ORDER BY seq');
    this.#latest = db.prepare('SELECT max(seq) AS seq FROM arc_hub_changes');
    this.#undo = db.prepare('DELETE FROM arc_hub_changes WHERE seq > ?');
    this.#insert = db.prepare('INSERT INTO arc_hub_changes (topic, key, change) VALUES (?, ?, ?)');
    this.#prune = db.prepare('DELETE FROM arc_hub_changes WHERE seq <= ?');
  }

  after(seq: number): LoggedChange[] {
    return this.#after.all(seq);
  }
  /** The newest number; `floor` when pruning has emptied the log. */
  latest(floor: number): number {
    return Math.max(floor, this.#latest.get()?.seq ?? 0);
  }
  /** Replaces what triggers guessed of this transaction, which holds the file, by what it really did. */
  correct(seq: number, changes: readonly StateChange[]): void {
    this.#undo.run(seq);
    for (const change of changes) this.#insert.run(change.topic, keyOf(change), change.change);
  }
  prune(): void {
    this.#prune.run(this.latest(0) - KEEP);
  }
}

/** What triggers cannot tell from a row before and after. */
const UNGUESSED: ReadonlySet<string> = new Set(['replaced', 'expired', 'recovered']);

export const isGuessed = ({ change }: StateChange) => !UNGUESSED.has(change);

function keyOf({ topic, row }: StateChange): string | number {
  switch (topic) {
    case 'channel':
      return row.name;
    case 'session':
      return row.session_id;
    case 'claim':
    case 'lock':
      return row.key;
    case 'task':
      return row.task_id;
    case 'token':
    case 'audit':
      return row.id;
  }
}
