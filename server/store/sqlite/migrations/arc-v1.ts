/** Arc v1's six tables and nine indexes, exactly as other hubs make them (arc-v1 §3.8). */
export const ARC_V1_SCHEMA = `
CREATE TABLE IF NOT EXISTS channels (
  name TEXT PRIMARY KEY, created_at TEXT NOT NULL, created_by TEXT, metadata_json TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT, ts TEXT NOT NULL, from_agent TEXT NOT NULL, to_agent TEXT,
  channel TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, attachments_json TEXT NOT NULL DEFAULT '[]',
  reply_to INTEGER, thread_id TEXT, metadata_json TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS sessions (
  session_id TEXT PRIMARY KEY, agent_id TEXT NOT NULL, display_name TEXT NOT NULL,
  capabilities_json TEXT NOT NULL DEFAULT '[]', metadata_json TEXT NOT NULL DEFAULT '{}',
  created_at TEXT NOT NULL, last_seen TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS claims (
  claim_key TEXT PRIMARY KEY, thread_id TEXT, task_message_id INTEGER, owner_agent_id TEXT NOT NULL,
  claimed_at TEXT NOT NULL, expires_at TEXT NOT NULL, released_at TEXT, metadata_json TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS locks (
  file_path TEXT PRIMARY KEY, agent_id TEXT NOT NULL, locked_at TEXT NOT NULL, expires_at TEXT NOT NULL,
  released_at TEXT, metadata_json TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS tasks (
  task_id INTEGER PRIMARY KEY, parent_task_id INTEGER, channel TEXT NOT NULL, thread_id TEXT,
  status TEXT NOT NULL DEFAULT 'open', created_at TEXT NOT NULL, completed_at TEXT,
  FOREIGN KEY (parent_task_id) REFERENCES tasks (task_id));
CREATE INDEX IF NOT EXISTS ix_m_ch ON messages (channel, id);
CREATE INDEX IF NOT EXISTS ix_m_to ON messages (to_agent, id);
CREATE INDEX IF NOT EXISTS ix_m_th ON messages (thread_id, id);
CREATE INDEX IF NOT EXISTS ix_s_ag ON sessions (agent_id);
CREATE INDEX IF NOT EXISTS ix_s_ac ON sessions (active, last_seen);
CREATE INDEX IF NOT EXISTS ix_c_th ON claims (thread_id);
CREATE INDEX IF NOT EXISTS ix_l_ag ON locks (agent_id);
CREATE INDEX IF NOT EXISTS ix_t_par ON tasks (parent_task_id);
CREATE INDEX IF NOT EXISTS ix_t_st ON tasks (status);
`;
