import { ARCP_NOUNS } from '../../../domain/arcp.js';

const records = (noun: string) => `
CREATE TABLE arc_hub_arcp_${noun} (
  id TEXT PRIMARY KEY, principal TEXT NOT NULL, state TEXT NOT NULL, message_id INTEGER,
  keep_until_ms INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX arc_hub_arcp_${noun}_end ON arc_hub_arcp_${noun} (keep_until_ms);`;

/** What ARCP's sessions, jobs, questions, leases and artifacts are kept in, and the outbox of each session (arcp §D.2). */
export const arcp = `${ARCP_NOUNS.map(records).join('')}
CREATE TABLE arc_hub_arcp_outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, event_seq INTEGER, envelope_id TEXT NOT NULL,
  job_id TEXT, type TEXT NOT NULL, body TEXT NOT NULL, at_ms INTEGER NOT NULL);
CREATE INDEX arc_hub_arcp_outbox_session ON arc_hub_arcp_outbox (session_id, seq);
CREATE INDEX arc_hub_arcp_outbox_envelope ON arc_hub_arcp_outbox (envelope_id);
CREATE INDEX arc_hub_arcp_outbox_at ON arc_hub_arcp_outbox (at_ms);
CREATE TABLE arc_hub_arcp_inbound (
  session_id TEXT NOT NULL, id TEXT NOT NULL, answer TEXT NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY (session_id, id));
CREATE TABLE arc_hub_arcp_intents (
  principal TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, job_id TEXT NOT NULL,
  keep_until_ms INTEGER NOT NULL, PRIMARY KEY (principal, key));
CREATE TABLE arc_hub_arcp_artifacts (
  artifact_id TEXT PRIMARY KEY, principal TEXT NOT NULL, session_id TEXT NOT NULL, media_type TEXT NOT NULL,
  sha256 TEXT NOT NULL, size INTEGER NOT NULL, expires_ms INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX arc_hub_arcp_artifacts_principal ON arc_hub_arcp_artifacts (principal);
`;
