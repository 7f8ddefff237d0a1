import type { Database, Statement } from 'better-sqlite3';
import {
  ARCP_NOUNS,
  type ArcpArtifact,
  type ArcpEnvelope,
  type ArcpIntent,
  type ArcpNoun,
  type ArcpRecord,
  type KeptEnvelope,
} from '../../../domain/arcp.js';

/** How long envelopes can be asked for again, and inbound ids are known (arcp §B.18, §B.7). */
const KEEP_MS = 86_400_000;

/** Sessions, jobs, questions and leases of ARCP, its outboxes, and what must not be done twice. */
export class ArcpStore {
  readonly #put: Readonly<Record<ArcpNoun, Statement<[ArcpRecord]>>>;
  readonly #all: Readonly<Record<ArcpNoun, Statement<[], ArcpRecord>>>;
  readonly #keep: Statement<unknown[]>;
  readonly #after: Statement<[string, number, number], KeptEnvelope>;
  readonly #byId: Statement<[string], KeptEnvelope>;
  readonly #anchor: Statement<[string, string], { seq: number }>;
  readonly #events: Statement<[string, number, number], KeptEnvelope>;
  readonly #oldestEvent: Statement<[string], { event_seq: number | null }>;
  readonly #ofJob: Statement<[string, string], KeptEnvelope>;
  readonly #inbound: Statement<unknown[]>;
  readonly #answers: Statement<[string], { id: string; answer: string }>;
  readonly #intend: Statement<[ArcpIntent]>;
  readonly #intents: Statement<[], ArcpIntent>;
  readonly #putArtifact: Statement<[ArcpArtifact]>;
  readonly #artifact: Statement<[string], ArcpArtifact>;
  readonly #artifactBytes: Statement<[string, number], { bytes: number }>;
  readonly #dropArtifact: Statement<[string]>;
  readonly #free: Statement<[string, number]>;
  readonly #bound: Statement<[string, string, number]>;
  readonly #sweeps: readonly Statement<[number]>[];

  constructor(db: Database) {
    const each = <Made>(make: (noun: ArcpNoun) => Made) =>
      Object.fromEntries(ARCP_NOUNS.map((noun) => [noun, make(noun)])) as Record<ArcpNoun, Made>;
    this.#put = each((noun) =>
      db.prepare(`
        INSERT INTO arc_hub_arcp_${noun} (id, principal, state, message_id, keep_until_ms, body)
        VALUES (@id, @principal, @state, @message_id, @keep_until_ms, @body)
        ON CONFLICT (id) DO UPDATE SET principal = excluded.principal, state = excluded.state,
          message_id = coalesce(excluded.message_id, message_id), keep_until_ms = excluded.keep_until_ms,
          body = excluded.body`),
    );
    this.#all = each((noun) => db.prepare(`SELECT '${noun}' AS noun, * FROM arc_hub_arcp_${noun} ORDER BY id`));
    this.#keep = db.prepare(`
      INSERT INTO arc_hub_arcp_outbox (session_id, event_seq, envelope_id, job_id, type, body, at_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?)`);
    this.#after = db.prepare('SELECT * FROM arc_hub_arcp_outbox WHERE session_id = ? AND seq > ? ORDER BY seq LIMIT ?');
    this.#byId = db.prepare('SELECT * FROM arc_hub_arcp_outbox WHERE envelope_id = ?');
    this.#anchor = db.prepare('SELECT seq FROM arc_hub_arcp_outbox WHERE envelope_id = ? AND session_id = ?');
    this.#events = db.prepare(`
      SELECT * FROM arc_hub_arcp_outbox WHERE session_id = ? AND event_seq > ? ORDER BY seq LIMIT ?`);
    this.#oldestEvent = db.prepare('SELECT min(event_seq) AS event_seq FROM arc_hub_arcp_outbox WHERE session_id = ?');
    this.#ofJob = db.prepare('SELECT * FROM arc_hub_arcp_outbox WHERE session_id = ? AND job_id = ? ORDER BY seq');
    this.#inbound = db.prepare('INSERT OR IGNORE INTO arc_hub_arcp_inbound VALUES (?, ?, ?, ?)');
    this.#answers = db.prepare('SELECT id, answer FROM arc_hub_arcp_inbound WHERE session_id = ?');
    this.#intend = db.prepare(`
      INSERT OR REPLACE INTO arc_hub_arcp_intents (principal, key, fingerprint, job_id, keep_until_ms)
      VALUES (@principal, @key, @fingerprint, @job_id, @keep_until_ms)`);
    this.#intents = db.prepare('SELECT * FROM arc_hub_arcp_intents');
    this.#putArtifact = db.prepare(`
      INSERT INTO arc_hub_arcp_artifacts
        (artifact_id, principal, session_id, media_type, sha256, size, expires_ms, data)
      VALUES (@artifact_id, @principal, @session_id, @media_type, @sha256, @size, @expires_ms, @data)`);
    this.#artifact = db.prepare('SELECT * FROM arc_hub_arcp_artifacts WHERE artifact_id = ?');
    this.#artifactBytes = db.prepare(`
      SELECT coalesce(sum(size), 0) AS bytes FROM arc_hub_arcp_artifacts WHERE principal = ? AND expires_ms > ?`);
    this.#dropArtifact = db.prepare('DELETE FROM arc_hub_arcp_artifacts WHERE artifact_id = ?');
    this.#free = db.prepare('DELETE FROM arc_hub_arcp_outbox WHERE session_id = ? AND event_seq <= ?');
    this.#bound = db.prepare(`
      DELETE FROM arc_hub_arcp_outbox WHERE session_id = ? AND seq <= (
        SELECT seq FROM arc_hub_arcp_outbox WHERE session_id = ? ORDER BY seq DESC LIMIT 1 OFFSET ?)`);
    this.#sweeps = [
      ...ARCP_NOUNS.map((noun) => db.prepare<[number]>(`DELETE FROM arc_hub_arcp_${noun} WHERE keep_until_ms < ?`)),
      db.prepare<[number]>('DELETE FROM arc_hub_arcp_intents WHERE keep_until_ms < ?'),
      db.prepare<[number]>('DELETE FROM arc_hub_arcp_artifacts WHERE expires_ms < ?'),
      db.prepare<[number]>(`DELETE FROM arc_hub_arcp_outbox WHERE at_ms < ? - ${KEEP_MS}`),
      db.prepare<[number]>(`DELETE FROM arc_hub_arcp_inbound WHERE at_ms < ? - ${KEEP_MS}`),
    ];
  }

  put(record: ArcpRecord): void {
    this.#put[record.noun].run(record);
  }
  keep({ session_id, event_seq, envelope_id, job_id, type, body }: ArcpEnvelope, nowMs: number): void {
    this.#keep.run(session_id, event_seq, envelope_id, job_id, type, body, nowMs);
  }
  noteInbound({ session_id, id, answer }: { session_id: string; id: string; answer: string }, nowMs: number): void {
    this.#inbound.run(session_id, id, answer, nowMs);
  }
  intend(intent: ArcpIntent): void {
    this.#intend.run(intent);
  }
  putArtifact(artifact: ArcpArtifact): void {
    this.#putArtifact.run(artifact);
  }
  dropArtifact(id: string): void {
    this.#dropArtifact.run(id);
  }
  free(sessionId: string, upToSeq: number): void {
    this.#free.run(sessionId, upToSeq);
  }
  bound(sessionId: string, rows: number): void {
    this.#bound.run(sessionId, sessionId, rows);
  }
  sweep(nowMs: number): void {
    for (const sweep of this.#sweeps) sweep.run(nowMs);
  }

  all(noun: ArcpNoun): ArcpRecord[] {
    return this.#all[noun].all();
  }
  intents(): ArcpIntent[] {
    return this.#intents.all();
  }
  answers(sessionId: string): { id: string; answer: string }[] {
    return this.#answers.all(sessionId);
  }
  after(sessionId: string, seq: number, limit: number): KeptEnvelope[] {
    return this.#after.all(sessionId, seq, limit);
  }
  envelope(envelopeId: string): KeptEnvelope | undefined {
    return this.#byId.get(envelopeId);
  }
  anchor(sessionId: string, envelopeId: string): number | undefined {
    return this.#anchor.get(envelopeId, sessionId)?.seq;
  }
  events(sessionId: string, eventSeq: number, limit: number): KeptEnvelope[] {
    return this.#events.all(sessionId, eventSeq, limit);
  }
  oldestEvent(sessionId: string): number | undefined {
    return this.#oldestEvent.get(sessionId)?.event_seq ?? undefined;
  }
  ofJob(sessionId: string, jobId: string): KeptEnvelope[] {
    return this.#ofJob.all(sessionId, jobId);
  }
  artifact(id: string): ArcpArtifact | undefined {
    return this.#artifact.get(id);
  }
  artifactBytes(principal: string, nowMs: number): number {
    return this.#artifactBytes.get(principal, nowMs)?.bytes ?? 0;
  }
}
