/** A lease row changed: what that means, told from the row before and after. */
const leaseTriggers = (table: string, topic: string, key: string, owner: string, taken: string) => `
CREATE TRIGGER arc_hub_${topic}_insert AFTER INSERT ON ${table} BEGIN
  INSERT INTO arc_hub_changes (topic, key, change) VALUES ('${topic}', new.${key}, 'acquired');
END;
CREATE TRIGGER arc_hub_${topic}_update AFTER UPDATE ON ${table} BEGIN
  INSERT INTO arc_hub_changes (topic, key, change) VALUES ('${topic}', new.${key}, CASE
    WHEN new.released_at IS NOT NULL AND old.released_at IS NULL THEN 'released'
    WHEN new.${owner} <> old.${owner} OR new.${taken} <> old.${taken} OR old.released_at IS NOT NULL THEN 'acquired'
    ELSE 'refreshed' END);
END;
`;

/** Counters of threads, the log of changes, cursors and idempotency keys, with the triggers that keep them. */
export const hub = `
CREATE TABLE arc_hub_threads (
  thread_id TEXT PRIMARY KEY, first_message_id INTEGER, latest_message_id INTEGER, latest_artifact_id INTEGER,
  root_task_id INTEGER, first_task_id INTEGER,
  message_count INTEGER NOT NULL DEFAULT 0, total_task_count INTEGER NOT NULL DEFAULT 0,
  open_task_count INTEGER NOT NULL DEFAULT 0);
CREATE TABLE arc_hub_changes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, key, change TEXT NOT NULL);
CREATE TABLE arc_hub_cursors (agent_id TEXT PRIMARY KEY, since_id INTEGER NOT NULL);
CREATE TABLE arc_hub_keys (
  id INTEGER PRIMARY KEY, agent_id TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL,
  answer TEXT NOT NULL, created_ms INTEGER NOT NULL, UNIQUE (agent_id, key));

CREATE INDEX arc_hub_ix_claims ON claims (expires_at) WHERE released_at IS NULL;
CREATE INDEX arc_hub_ix_locks ON locks (expires_at) WHERE released_at IS NULL;
CREATE INDEX arc_hub_ix_tasks ON tasks (thread_id);
CREATE INDEX arc_hub_ix_results ON messages (reply_to) WHERE kind = 'task_result';

INSERT INTO arc_hub_threads (thread_id, first_message_id, latest_message_id, latest_artifact_id, message_count)
  SELECT thread_id, min(id), max(id), max(CASE WHEN kind = 'artifact' THEN id END), count(*)
  FROM messages WHERE thread_id IS NOT NULL GROUP BY thread_id;
INSERT INTO arc_hub_threads (thread_id, root_task_id, first_task_id, total_task_count, open_task_count)
  SELECT thread_id, min(CASE WHEN parent_task_id IS NULL THEN task_id END), min(task_id), count(*), sum(status = 'open')
  FROM tasks WHERE thread_id IS NOT NULL GROUP BY thread_id
  ON CONFLICT (thread_id) DO UPDATE SET root_task_id = excluded.root_task_id, first_task_id = excluded.first_task_id,
    total_task_count = excluded.total_task_count, open_task_count = excluded.open_task_count;
INSERT OR IGNORE INTO arc_hub_threads (thread_id) SELECT DISTINCT thread_id FROM claims WHERE thread_id IS NOT NULL;

CREATE TRIGGER arc_hub_message_thread AFTER INSERT ON messages WHEN new.thread_id IS NOT NULL BEGIN
  INSERT INTO arc_hub_threads (thread_id, first_message_id, latest_message_id, latest_artifact_id, message_count)
  VALUES (new.thread_id, new.id, new.id, CASE WHEN new.kind = 'artifact' THEN new.id END, 1)
  ON CONFLICT (thread_id) DO UPDATE SET
    first_message_id = coalesce(first_message_id, excluded.first_message_id),
    latest_message_id = excluded.latest_message_id,
    latest_artifact_id = coalesce(excluded.latest_artifact_id, latest_artifact_id),
    message_count = message_count + 1;
END;
CREATE TRIGGER arc_hub_task_thread AFTER INSERT ON tasks WHEN new.thread_id IS NOT NULL BEGIN
  INSERT INTO arc_hub_threads (thread_id, root_task_id, first_task_id, total_task_count, open_task_count)
  VALUES (new.thread_id, CASE WHEN new.parent_task_id IS NULL THEN new.task_id END, new.task_id, 1, new.status = 'open')
  ON CONFLICT (thread_id) DO UPDATE SET
    root_task_id = min(coalesce(root_task_id, excluded.root_task_id), coalesce(excluded.root_task_id, root_task_id)),
    first_task_id = min(coalesce(first_task_id, excluded.first_task_id), excluded.first_task_id),
    total_task_count = total_task_count + 1,
    open_task_count = open_task_count + excluded.open_task_count;
END;
CREATE TRIGGER arc_hub_task_status AFTER UPDATE OF status ON tasks
  WHEN new.thread_id IS NOT NULL AND new.status <> old.status BEGIN
  UPDATE arc_hub_threads SET open_task_count = open_task_count + (new.status = 'open') - (old.status = 'open')
  WHERE thread_id = new.thread_id;
END;
CREATE TRIGGER arc_hub_claim_thread AFTER INSERT ON claims WHEN new.thread_id IS NOT NULL BEGIN
  INSERT INTO arc_hub_threads (thread_id) VALUES (new.thread_id) ON CONFLICT (thread_id) DO NOTHING;
END;
CREATE TRIGGER arc_hub_claim_rethread AFTER UPDATE OF thread_id ON claims WHEN new.thread_id IS NOT NULL BEGIN
  INSERT INTO arc_hub_threads (thread_id) VALUES (new.thread_id) ON CONFLICT (thread_id) DO NOTHING;
END;

CREATE TRIGGER arc_hub_channel_insert AFTER INSERT ON channels BEGIN
  INSERT INTO arc_hub_changes (topic, key, change) VALUES ('channel', new.name, 'created');
END;
CREATE TRIGGER arc_hub_session_insert AFTER INSERT ON sessions WHEN new.active BEGIN
  INSERT INTO arc_hub_changes (topic, key, change) VALUES ('session', new.session_id, 'opened');
END;
CREATE TRIGGER arc_hub_session_update AFTER UPDATE OF active, display_name ON sessions
  WHEN new.active IS NOT old.active OR (new.active AND new.display_name IS NOT old.display_name) BEGIN
  INSERT INTO arc_hub_changes (topic, key, change) VALUES ('session', new.session_id, CASE
    WHEN old.active AND NOT new.active THEN 'closed' WHEN new.active AND NOT old.active THEN 'opened'
    ELSE 'renamed' END);
END;
CREATE TRIGGER arc_hub_task_insert AFTER INSERT ON tasks BEGIN
  INSERT INTO arc_hub_changes (topic, key, change) VALUES ('task', new.task_id, 'created');
END;
CREATE TRIGGER arc_hub_task_update AFTER UPDATE OF status ON tasks WHEN new.status = 'done' AND old.status <> 'done' BEGIN
  INSERT INTO arc_hub_changes (topic, key, change) VALUES ('task', new.task_id, 'done');
END;
${leaseTriggers('claims', 'claim', 'claim_key', 'owner_agent_id', 'claimed_at')}
${leaseTriggers('locks', 'lock', 'file_path', 'agent_id', 'locked_at')}
`;
