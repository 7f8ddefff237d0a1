/** Tokens without their secrets, and the audit, each with the triggers by which other hubs on the file learn of them. */
export const tokens = `
CREATE TABLE arc_hub_tokens (
  id TEXT PRIMARY KEY, secret_sha256 TEXT NOT NULL, old_secret_sha256 TEXT, old_until TEXT,
  role TEXT NOT NULL, names_json TEXT NOT NULL, channels_json TEXT, label TEXT NOT NULL DEFAULT '',
  issued_at TEXT NOT NULL, expires_at TEXT, last_used_at TEXT, revoked_at TEXT);
CREATE TABLE arc_hub_audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT, ts TEXT NOT NULL, token_id TEXT, role TEXT NOT NULL, agent TEXT,
  address TEXT NOT NULL, door TEXT NOT NULL, operation TEXT NOT NULL, target TEXT NOT NULL, outcome TEXT NOT NULL,
  count INTEGER NOT NULL DEFAULT 1, merge_key TEXT UNIQUE);

CREATE TRIGGER arc_hub_token_insert AFTER INSERT ON arc_hub_tokens BEGIN
  INSERT INTO arc_hub_changes (topic, key, change) VALUES ('token', new.id, 'issued');
END;
CREATE TRIGGER arc_hub_token_update AFTER UPDATE OF secret_sha256, revoked_at, names_json ON arc_hub_tokens BEGIN
  INSERT INTO arc_hub_changes (topic, key, change) VALUES ('token', new.id,
    CASE WHEN new.revoked_at IS NOT NULL THEN 'revoked' ELSE 'rotated' END);
END;
CREATE TRIGGER arc_hub_audit_insert AFTER INSERT ON arc_hub_audit BEGIN
  INSERT INTO arc_hub_changes (topic, key, change) VALUES ('audit', new.id, 'added');
END;
CREATE TRIGGER arc_hub_audit_update AFTER UPDATE ON arc_hub_audit BEGIN
  INSERT INTO arc_hub_changes (topic, key, change) VALUES ('audit', new.id, 'counted');
END;
`;
