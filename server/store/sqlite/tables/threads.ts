import type { Database, Statement } from 'better-sqlite3';
import type { Sent } from '../../../domain/party.js';
import type { LeaseRow, ThreadRow } from '../../../domain/rows.js';
import { isActive } from '../../../domain/rules/leases.js';
import type { ThreadWithLeases } from '../../../domain/store.js';

/** The channel of a thread: that of its root task, else of its first message, else of its first task (arc-v1 §3.7). */
const SUMMARY = `
  SELECT t.thread_id,
    coalesce((SELECT channel FROM tasks WHERE task_id = t.root_task_id),
             (SELECT channel FROM messages WHERE id = t.first_message_id),
             (SELECT channel FROM tasks WHERE task_id = t.first_task_id)) AS channel,
    t.root_task_id, t.latest_message_id,
    (SELECT ts FROM messages WHERE id = t.latest_message_id) AS latest_message_ts,
    t.latest_artifact_id, t.message_count, t.total_task_count, t.open_task_count
  FROM arc_hub_threads AS t`;

export class ThreadStore {
  readonly #flush: () => void;
  readonly #all: Statement<[], ThreadRow>;
  readonly #get: Statement<[string], ThreadRow>;
  readonly #sent: Statement<[string], Sent>;

  /** @param flush writes what was said in this transaction: the summary counts what is in the table */
  constructor(db: Database, flush: () => void) {
    this.#flush = flush;
    this.#all = db.prepare(`${SUMMARY}
      WHERE t.message_count > 0 OR t.total_task_count > 0 OR EXISTS (SELECT 1 FROM claims WHERE thread_id = t.thread_id)
      ORDER BY coalesce(t.latest_message_id, -1) DESC, t.thread_id DESC`);
    this.#get = db.prepare(`${SUMMARY} WHERE t.thread_id = ?`);
    this.#sent = db.prepare('SELECT from_agent, to_agent, channel FROM messages WHERE thread_id = ? ORDER BY id');
  }

  list(
    activeClaims: readonly LeaseRow[],
    activeLocks: readonly LeaseRow[],
    sees?: (sent: Sent) => boolean,
  ): ThreadWithLeases[] {
    const claims = countThreads(activeClaims);
    const locks = countThreads(activeLocks);
    const all = this.#all.all();
    const seen = sees === undefined ? all : all.filter(({ thread_id }) => this.isOpenTo(thread_id, sees));
    return seen.map((thread) => ({
      ...thread,
      active_claim_count: claims.get(thread.thread_id) ?? 0,
      active_lock_count: locks.get(thread.thread_id) ?? 0,
    }));
  }

  /** The summary even of a thread that only leases know. */
  get(threadId: string, claims: readonly LeaseRow[], locks: readonly LeaseRow[], now: string): ThreadWithLeases {
    return {
      ...(this.#get.get(threadId) ?? emptyThread(threadId)),
      active_claim_count: claims.filter((claim) => isActive(claim, now)).length,
      active_lock_count: locks.filter((lock) => isActive(lock, now)).length,
    };
  }

  /** Reads as far as the first message that the reader may see, which mostly is the first. */
  isOpenTo(threadId: string, sees: (sent: Sent) => boolean): boolean {
    this.#flush();
    let isEmpty = true;
    for (const sent of this.#sent.iterate(threadId)) {
      // What the hub itself says in a thread is said to those who are in it.
      if (sent.from_agent !== 'system' && sees(sent)) return true;
      isEmpty = false;
    }
    return isEmpty;
  }

  channelOf(threadId: string): string | null {
    this.#flush();
    return this.#get.get(threadId)?.channel ?? null;
  }
}

function countThreads(leases: readonly LeaseRow[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { thread_id } of leases) if (thread_id !== null) counts.set(thread_id, (counts.get(thread_id) ?? 0) + 1);
  return counts;
}

const emptyThread = (thread_id: string): ThreadRow => ({
  thread_id,
  channel: null,
  root_task_id: null,
  latest_message_id: null,
  latest_message_ts: null,
  latest_artifact_id: null,
  message_count: 0,
  total_task_count: 0,
  open_task_count: 0,
});
