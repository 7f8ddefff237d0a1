/** A file with a long history, made by plain SQL as any Arc v1 hub would have written it (arc-v1 §3.8). */
import Database from 'better-sqlite3';

const SCHEMA = `
  CREATE TABLE channels (name TEXT PRIMARY KEY, created_at TEXT NOT NULL, created_by TEXT,
    metadata_json TEXT NOT NULL DEFAULT '{}');
  CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, ts TEXT NOT NULL, from_agent TEXT NOT NULL,
    to_agent TEXT, channel TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    attachments_json TEXT NOT NULL DEFAULT '[]', reply_to INTEGER, thread_id TEXT,
    metadata_json TEXT NOT NULL DEFAULT '{}');
  CREATE TABLE sessions (session_id TEXT PRIMARY KEY, agent_id TEXT NOT NULL, display_name TEXT NOT NULL,
    capabilities_json TEXT NOT NULL DEFAULT '[]', metadata_json TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL, last_seen TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 1);
  CREATE TABLE claims (claim_key TEXT PRIMARY KEY, thread_id TEXT, task_message_id INTEGER,
    owner_agent_id TEXT NOT NULL, claimed_at TEXT NOT NULL, expires_at TEXT NOT NULL, released_at TEXT,
    metadata_json TEXT NOT NULL DEFAULT '{}');
  CREATE TABLE locks (file_path TEXT PRIMARY KEY, agent_id TEXT NOT NULL, locked_at TEXT NOT NULL,
    expires_at TEXT NOT NULL, released_at TEXT, metadata_json TEXT NOT NULL DEFAULT '{}');
  CREATE TABLE tasks (task_id INTEGER PRIMARY KEY, parent_task_id INTEGER, channel TEXT NOT NULL, thread_id TEXT,
    status TEXT NOT NULL DEFAULT 'open', created_at TEXT NOT NULL, completed_at TEXT,
    FOREIGN KEY (parent_task_id) REFERENCES tasks (task_id));
  CREATE INDEX ix_m_ch ON messages (channel, id);
  CREATE INDEX ix_m_to ON messages (to_agent, id);
  CREATE INDEX ix_m_th ON messages (thread_id, id);
  CREATE INDEX ix_s_ag ON sessions (agent_id);
  CREATE INDEX ix_s_ac ON sessions (active, last_seen);
  CREATE INDEX ix_c_th ON claims (thread_id);
  CREATE INDEX ix_l_ag ON locks (agent_id);
  CREATE INDEX ix_t_par ON tasks (parent_task_id);
  CREATE INDEX ix_t_st ON tasks (status);
  INSERT INTO channels VALUES ('general', '2026-01-02T03:04:05Z', 'system', '{}'),
    ('direct', '2026-01-02T03:04:05Z', 'system', '{}');`;

/** The first message of each thread is its task, every other one of which is done; the rest is talk. */
const MESSAGES = `
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @messages)
  INSERT INTO messages (ts, from_agent, to_agent, channel, kind, body, thread_id)
  SELECT '2026-01-02T03:04:05Z', 'agent-' || (i % 20), NULL, 'general',
    CASE WHEN i <= @threads THEN 'task' ELSE 'chat' END, @body,
    CASE WHEN @threads > 0 THEN 'thread-' || (i % @threads) END
  FROM n`;
const TASKS = `
  INSERT INTO tasks (task_id, channel, thread_id, status, created_at, completed_at)
  SELECT id, channel, thread_id, CASE id % 2 WHEN 0 THEN 'done' ELSE 'open' END, ts, CASE id % 2 WHEN 0 THEN ts END
  FROM messages WHERE kind = 'task'`;

export interface History {
  messages: number;
  /** The messages are dealt out over these in turn; 0 leaves them without a thread. */
  threads: number;
  body: string;
}

export function fillFile(storage: string, { messages, threads, body }: History): void {
  const db = new Database(storage);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = OFF'); // nobody needs this file after a crash
  db.exec(SCHEMA);
  db.transaction(() => {
    db.prepare(MESSAGES).run({ messages, threads, body });
    db.exec(TASKS);
  })();
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}
