import type { Database, Statement } from 'better-sqlite3';

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

  constructor(db: Database) {
    this.#after = db.prepare('SELECT seq, topic, key, change FROM arc_hub_changes WHERE seq > ? ORDER BY seq');
    this.#latest = db.prepare('SELECT max(seq) AS seq FROM arc_hub_changes');
    this.#prune = db.prepare('DELETE FROM arc_hub_changes WHERE seq <= ?');
  }

  after(seq: number): LoggedChange[] {
    return this.#after.all(seq);
  }
  /** The newest number; `floor` when pruning has emptied the log. */
  latest(floor: number): number {
    return Math.max(floor, this.#latest.get()?.seq ?? 0);
  }
  prune(latest: number): void {
    this.#prune.run(latest - KEEP);
  }
}
