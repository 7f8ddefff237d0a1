import type { Database, Statement } from 'better-sqlite3';
import type { TaskRow } from '../../../domain/rows.js';
import type { TaskFilter } from '../../../domain/store.js';

/** With whom the request is from and for. */
const SELECT = `
  SELECT tasks.*, coalesce(messages.from_agent, '') AS from_agent, messages.to_agent
  FROM tasks LEFT JOIN messages ON messages.id = tasks.task_id`;

export class TaskStore {
  readonly #flush: () => void;
  readonly #db: Database;
  readonly #get: Statement<[number], TaskRow>;
  readonly #insert: Statement<[TaskRow]>;
  readonly #finish: Statement<[string, number]>;
  readonly #children: Statement<[number], { total: number; open: number }>;

  /** @param flush writes what was said in this transaction, as requests are messages */
  constructor(db: Database, flush: () => void) {
    this.#db = db;
    this.#flush = flush;
    this.#get = db.prepare(`${SELECT} WHERE task_id = ?`);
    this.#insert = db.prepare(`
      INSERT INTO tasks (task_id, parent_task_id, channel, thread_id, status, created_at, completed_at)
      VALUES (@task_id, @parent_task_id, @channel, @thread_id, @status, @created_at, @completed_at)`);
    this.#finish = db.prepare(
      `UPDATE tasks SET status = 'done', completed_at = ? WHERE task_id = ? AND status = 'open'`,
    );
    this.#children = db.prepare(
      `SELECT count(*) AS total, coalesce(sum(status = 'open'), 0) AS open FROM tasks WHERE parent_task_id = ?`,
    );
  }

  get(taskId: number): TaskRow | undefined {
    this.#flush();
    return this.#get.get(taskId);
  }
  insert(row: TaskRow): void {
    this.#insert.run(row);
  }
  finish(task: TaskRow, now: string): TaskRow {
    this.#finish.run(now, task.task_id);
    return { ...task, status: 'done', completed_at: now };
  }
  children(parentId: number): { total: number; open: number } {
    return this.#children.get(parentId) ?? { total: 0, open: 0 };
  }
  list(filter: TaskFilter): TaskRow[] {
    this.#flush();
    const where: string[] = [];
    const values: unknown[] = [];
    const equals = (column: string, value: unknown) => {
      if (value === undefined) return;
      where.push(`tasks.${column} = ?`);
      values.push(value);
    };
    equals('parent_task_id', filter.parent_id);
    equals('thread_id', filter.thread_id);
    equals('status', filter.status);
    equals('channel', filter.channel);
    const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`;
    return this.#db.prepare<unknown[], TaskRow>(`${SELECT} ${condition} ORDER BY task_id`).all(...values);
  }
}
