import { timestamp } from '../../base/clock.js';
import type { StateChange } from './changes.js';
import type { MessageRow, NewMessage } from './rows.js';
import type { Tables } from './tables.js';

/** What one transaction is doing: the tables, one reading of the clock, and the effects collected so far. */
export class Tx {
  readonly now: string;
  readonly messages: MessageRow[] = [];
  readonly changes: StateChange[] = [];

  constructor(
    readonly tables: Tables,
    readonly nowMs: number,
  ) {
    this.now = timestamp(nowMs);
  }

  say(message: NewMessage): MessageRow {
    const row = this.tables.messages.insert(message);
    this.messages.push(row);
    return row;
  }

  changed(change: StateChange): void {
    this.changes.push(change);
  }

  /** Runs one command; the effects of one that fails are forgotten. */
  attempt<Out>(run: () => Out): Out {
    const [messages, changes] = [this.messages.length, this.changes.length];
    try {
      return run();
    } catch (cause) {
      this.messages.length = messages;
      this.changes.length = changes;
      throw cause;
    }
  }
}
