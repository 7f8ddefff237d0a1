/**
 * The table of jobs and sessions that both generations share (arcp §D). It holds them in memory and writes every change
 * through, one write for each message that comes in; what the store has not, no client is told.
 */
import { hash } from 'node:crypto';
import type { Timer } from '../../../base/clock.js';
import { ulid } from '../../../base/ulid.js';
import { HubError, stringify } from '../../../protocol/index.js';
import type { ArcpEnvelope, ArcpIntent, ArcpRecord, ArcpWrite } from '../../domain/arcp.js';
import type { Batch } from '../../domain/feed.js';
import type { Hub, HubLog } from '../../domain/hub.js';
import type { MessageRow } from '../../domain/rows.js';
import { storedValue } from '../../json.js';
import type { Dispatcher } from '../../operations/dispatch.js';
import { Directory } from './directory.js';
import { isOver, type Job, type JobEnd, type JobEvent, jobOf, jobRecord, KEEP_JOB_MS } from './job.js';
import { ArcpSession, type Draft, type Encoder, type SessionState } from './session.js';

export const KEEP_SESSION_MS = 86_400_000;
export const MAX_OUTBOX_ROWS = 100_000;
/** Connected sessions of one principal. */
export const MAX_SESSIONS = 50;
/** Messages of a session whose repetition is recognised. */
const MAX_ANSWERED = 10_000;
/** How long a job waits for an agent that is away (arcp §D.3). */
const WAIT_FOR_AGENT_MS = 600_000;
const TICK_MS = 250;
const SWEEP_MS = 60_000;

export interface Wish {
  /** Name of the agent as the client gave it, without a version. */
  readonly agent: string;
  readonly version: string | undefined;
  readonly input: unknown;
  /** All of the wish that a repeat must agree with. */
  readonly content: unknown;
  readonly idempotency_key: string | undefined;
  readonly trace_id: string | null;
  readonly max_runtime_sec: number | null;
  readonly message_id: string;
}

export type Refused = 'no_agent' | 'no_version' | 'other_content';
export type Asked =
  | { readonly refused: Refused; readonly job_id?: string }
  | { readonly job: Job; readonly repeated: boolean };

export class Desk {
  readonly hub: Hub;
  readonly directory: Directory;
  readonly jobs = new Map<string, Job>();
  readonly sessions = new Map<string, ArcpSession>();
  readonly #dispatcher: Dispatcher;
  readonly #log: HubLog;
  readonly #intents = new Map<string, ArcpIntent>();
  readonly #encoders: Readonly<Record<'g1' | 'g2', Encoder>>;
  /** Since when each running job has had no beat told of, and how many were. */
  readonly #beats = new Map<string, { atMs: number; sequence: number; missed: number }>();
  #writes: Promise<unknown> = Promise.resolve();
  #tick: Timer | undefined;
  #sweptMs = 0;

  constructor(hub: Hub, dispatcher: Dispatcher, encoders: Readonly<Record<'g1' | 'g2', Encoder>>, log: HubLog) {
    this.hub = hub;
    this.directory = new Directory(hub);
    this.#dispatcher = dispatcher;
    this.#encoders = encoders;
    this.#log = log;
  }

  /** Takes up what an earlier hub has left, and what executors have said since. */
  async start(): Promise<void> {
    const { arcp } = this.hub.store;
    await this.directory.load();
    for (const record of await arcp.all('sessions')) {
      const state = JSON.parse(record.body) as SessionState;
      state.detached_ms ??= this.hub.clock.nowMs();
      const session = new ArcpSession(state, this.#encoders[state.generation]);
      this.sessions.set(state.id, session);
      for (const { id, answer } of await arcp.answers(state.id)) session.answered.set(id, answer);
      // Numbers that were given, whatever the row says.
      const events = await arcp.events(state.id, state.next_seq - 1, MAX_OUTBOX_ROWS);
      state.next_seq = Math.max(state.next_seq, (events.at(-1)?.event_seq ?? 0) + 1);
    }
    for (const record of await arcp.all('jobs')) this.jobs.set(record.id, jobOf(record));
    for (const intent of await arcp.intents()) this.#intents.set(`${intent.principal}\n${intent.key}`, intent);
    this.hub.feed.listen((batch) => this.#follow(batch));
    for (const job of this.jobs.values()) {
      if (isOver(job)) continue;
      const page = { thread_id: job.id, all_direct: true, since_id: job.cursor, limit: -1 };
      this.#take(await this.hub.store.messages(page));
    }
    this.#watchTime();
  }

  async stop(): Promise<void> {
    this.#tick?.cancel();
    await this.#writes.catch(() => undefined);
  }

  /** Resolves when all that was emitted is in the store. */
  settled(): Promise<unknown> {
    return this.#writes;
  }

  /** Whether a principal has as many sessions as it may (arcp §C.11); one that nobody is connected to makes room. */
  isFull(principal: string): boolean {
    const open = [...this.sessions.values()].filter(({ state, peer }) => state.principal === principal && peer);
    return open.length >= MAX_SESSIONS;
  }

  open(state: SessionState): ArcpSession {
    const session = new ArcpSession(state, this.#encoders[state.generation]);
    this.sessions.set(state.id, session);
    return session;
  }

  /** Says something to one session, with whatever else is to be written. */
  say(session: ArcpSession, drafts: readonly Draft[], more: ArcpWrite = {}): Promise<void> {
    const nowMs = this.hub.clock.nowMs();
    const envelopes = drafts.map((draft) => session.envelope(draft, nowMs));
    return this.write({ ...more, envelopes: [...envelopes, ...(more.envelopes ?? [])] });
  }

  /** Nobody is told before it is durable. A write that fails ends the sockets: their clients come back and resume. */
  write(write: ArcpWrite): Promise<void> {
    const done = this.hub.write('arcp', write).then(({ outcome }) => {
      const job = write.request && this.jobs.get(write.request.job_id);
      if (job !== undefined) job.request_id = outcome.request_id;
      for (const envelope of write.envelopes ?? []) this.sessions.get(envelope.session_id)?.committed(envelope);
    });
    this.#writes = done;
    return done.catch((cause) => {
      this.#log.error({ err: cause }, 'ARCP could not be written');
      for (const { peer } of this.sessions.values()) peer?.close(1013, 'try again later');
      throw cause;
    });
  }

  /**
   * Asks an agent for something as the principal of the session (arcp §D.1). The caller has drafted nothing yet: `accept`
   * words the acceptance, which is written with the request.
   *
   * @throws {HubError} what the hub says of the post: not allowed, too large, too many
   */
  async ask(session: ArcpSession, wish: Wish, accept: (job: Job) => Draft[]): Promise<Asked> {
    const { principal } = session.state;
    const nowMs = this.hub.clock.nowMs();
    const fingerprint = hash('sha256', stringify(sorted(wish.content)), 'base64url');
    const intent = wish.idempotency_key && this.#intents.get(`${principal}\n${wish.idempotency_key}`);
    const earlier = intent ? this.jobs.get(intent.job_id) : undefined;
    if (intent && earlier !== undefined && intent.keep_until_ms > nowMs) {
      if (intent.fingerprint !== fingerprint) return { refused: 'other_content', job_id: earlier.id };
      earlier.watchers[session.id] = wish.message_id;
      const ended: Draft[] =
        earlier.end === null ? [] : session.encoder.job(earlier, { what: 'ended', end: earlier.end }, wish.message_id);
      await this.answer(session, wish.message_id, [...accept(earlier), ...ended], {
        records: [jobRecord(earlier, nowMs)],
      });
      return { job: earlier, repeated: true };
    }
    const agent = await this.directory.find(wish.agent);
    if (agent === undefined) return { refused: 'no_agent' };
    const version = wish.version ?? agent.versions.at(-1) ?? '1';
    if (!agent.versions.includes(version)) return { refused: 'no_version' };
    const job: Job = {
      id: `job_${ulid(nowMs)}`,
      principal,
      executor: agent.agent_id,
      agent: this.directory.aliasOf(agent.agent_id),
      version,
      created_ms: nowMs,
      trace_id: wish.trace_id,
      max_runtime_sec: wish.max_runtime_sec,
      watchers: { [session.id]: wish.message_id },
      state: agent.live ? 'running' : 'queued',
      request_id: null,
      cursor: 0,
      stream: null,
      cancel: null,
      end: null,
    };
    const message = this.#dispatcher.admitPost(
      {
        from_agent: principal,
        to_agent: job.executor,
        kind: 'task_request',
        thread_id: job.id,
        body: typeof wish.input === 'string' && wish.input !== '' ? wish.input : stringify(wish.input ?? {}),
        metadata: { arcp: { job_id: job.id, tool: wish.agent, agent: job.agent, version, trace_id: job.trace_id } },
      },
      callOf(session),
    );
    this.jobs.set(job.id, job);
    const started = agent.live ? session.encoder.job(job, { what: 'started' }, wish.message_id) : [];
    const kept = wish.idempotency_key && {
      principal,
      key: wish.idempotency_key,
      fingerprint,
      job_id: job.id,
      keep_until_ms: nowMs + KEEP_JOB_MS,
    };
    if (kept) this.#intents.set(`${principal}\n${kept.key}`, kept);
    try {
      await this.answer(session, wish.message_id, [...accept(job), ...started], {
        request: { job_id: job.id, message },
        records: [jobRecord(job, nowMs)],
        ...(kept && { intent: kept }),
      });
    } catch (cause) {
      this.jobs.delete(job.id);
      if (kept) this.#intents.delete(`${principal}\n${kept.key}`);
      throw cause;
    }
    return { job, repeated: false };
  }

  /** Asks the executor to stop, and ends the job when it has not by then. */
  async cancel(
    session: ArcpSession,
    job: Job,
    reason: string,
    waitMs: number,
    drafts: readonly Draft[],
  ): Promise<void> {
    const nowMs = this.hub.clock.nowMs();
    job.cancel ??= { by_ms: nowMs + waitMs, reason };
    const post = this.#dispatcher.admitPost(
      {
        from_agent: job.principal,
        to_agent: job.executor,
        kind: 'notice',
        thread_id: job.id,
        reply_to: job.request_id ?? undefined,
        body: reason,
        metadata: { arcp: { cancel: { job_id: job.id, reason } } },
      },
      callOf(session),
    );
    await this.say(session, drafts, { posts: [post], records: [jobRecord(job, nowMs)] });
  }

  /** What one session is told of its jobs, another is told from now on. @returns what is to be written of it */
  handOver(from: ArcpSession, to: ArcpSession): ArcpRecord[] {
    const nowMs = this.hub.clock.nowMs();
    const jobs = [...this.jobs.values()].filter((job) => job.watchers[from.id] !== undefined);
    for (const job of jobs) {
      job.watchers[to.id] = job.watchers[from.id] as string;
      delete job.watchers[from.id];
    }
    return jobs.map((job) => jobRecord(job, nowMs));
  }

  unwatch(job: Job, session: ArcpSession): void {
    delete job.watchers[session.id];
    void this.write({ records: [jobRecord(job, this.hub.clock.nowMs())] }).catch(() => undefined);
  }

  /** Ends a job for all who watch it. */
  end(job: Job, end: JobEnd): void {
    const envelopes = this.#ended(job, end);
    if (envelopes.length === 0) return;
    void this.write({ envelopes, records: [jobRecord(job, this.hub.clock.nowMs())] }).catch(() => undefined);
  }

  #ended(job: Job, end: JobEnd): ArcpEnvelope[] {
    if (isOver(job)) return [];
    job.end = end;
    job.state = end.ok ? 'completed' : STATES[end.why];
    this.#beats.delete(job.id);
    return this.#tell(job, { what: 'ended', end });
  }

  /** The first answer to a message, kept so that the message can be repeated without a second effect. */
  answer(session: ArcpSession, messageId: string, drafts: readonly Draft[], more: ArcpWrite): Promise<void> {
    const nowMs = this.hub.clock.nowMs();
    const envelopes = drafts.map((draft) => session.envelope(draft, nowMs));
    const answer = envelopes[0]?.envelope_id ?? '';
    session.answered.set(messageId, answer);
    if (session.answered.size > MAX_ANSWERED) {
      for (const oldest of session.answered.keys()) {
        session.answered.delete(oldest);
        break;
      }
    }
    return this.write({ ...more, envelopes, inbound: { session_id: session.id, id: messageId, answer } });
  }

  #tell(job: Job, event: JobEvent): ArcpEnvelope[] {
    const nowMs = this.hub.clock.nowMs();
    return Object.entries(job.watchers).flatMap(([id, asked]) => {
      const session = this.sessions.get(id);
      return session === undefined
        ? []
        : session.encoder
            .job(job, event, asked)
            .filter((draft) => session.encoder.wants(session, draft))
            .map((draft) => session.envelope(draft, nowMs));
    });
  }

  #follow({ messages, changes }: Batch): void {
    for (const change of changes) {
      if (change.topic !== 'session') continue;
      if (this.directory.take(change.row)) this.#came(change.row.agent_id);
    }
    if (this.jobs.size > 0) this.#take(messages.map(({ row }) => row));
  }

  #came(agentId: string): void {
    const nowMs = this.hub.clock.nowMs();
    for (const job of this.jobs.values()) {
      if (job.executor !== agentId || job.state !== 'queued') continue;
      job.state = 'running';
      const envelopes = this.#tell(job, { what: 'started' });
      void this.write({ envelopes, records: [jobRecord(job, nowMs)] }).catch(() => undefined);
    }
  }

  /** What executors have said in the threads of their jobs. */
  #take(rows: readonly MessageRow[]): void {
    const touched = new Map<string, Job>();
    const envelopes: ArcpEnvelope[] = [];
    for (const row of rows) {
      const job = row.thread_id === null ? undefined : this.jobs.get(row.thread_id);
      if (job === undefined || isOver(job) || row.from_agent !== job.executor || row.id <= job.cursor) continue;
      if (job.state === 'queued') {
        job.state = 'running';
        envelopes.push(...this.#tell(job, { what: 'started' }));
      }
      job.cursor = row.id;
      touched.set(job.id, job);
      envelopes.push(...this.#heard(job, row));
    }
    if (touched.size === 0) return;
    const nowMs = this.hub.clock.nowMs();
    const records = [...touched.values()].map((job) => jobRecord(job, nowMs));
    void this.write({ envelopes, records }).catch(() => undefined);
  }

  #heard(job: Job, row: MessageRow): ArcpEnvelope[] {
    const metadata = storedValue(row.metadata_json, '{}') as { arcp?: unknown };
    const arcp = (typeof metadata.arcp === 'object' && metadata.arcp !== null ? metadata.arcp : {}) as ExecutorWord;
    if (row.kind === 'task_result') return this.#ended(job, endOf(job, row, arcp));
    const isEvent = typeof arcp.kind === 'string' && typeof arcp.body === 'object' && arcp.body !== null;
    const [kind, body] = isEvent ? [String(arcp.kind), arcp.body as object] : ['text', { text: row.body }];
    return this.#tell(job, { what: 'said', kind, body: { ...body } });
  }

  #watchTime(): void {
    this.#tick = this.hub.clock.after(TICK_MS, () => {
      this.#look(this.hub.clock.nowMs());
      this.#watchTime();
    });
  }

  #look(nowMs: number): void {
    for (const job of this.jobs.values()) {
      if (isOver(job)) {
        if (nowMs - job.created_ms > 2 * KEEP_JOB_MS) this.jobs.delete(job.id);
      } else if (job.cancel !== null && nowMs >= job.cancel.by_ms) {
        this.end(job, { ok: false, why: 'not_stopped', code: undefined, message: 'the executor did not stop in time' });
      } else if (job.max_runtime_sec !== null && nowMs >= job.created_ms + job.max_runtime_sec * 1_000) {
        const message = `the job took longer than ${job.max_runtime_sec} s`;
        this.end(job, { ok: false, why: 'timeout', code: undefined, message });
      } else if (job.state === 'queued' && nowMs - job.created_ms > WAIT_FOR_AGENT_MS) {
        this.end(job, { ok: false, why: 'never_there', code: undefined, message: `${job.agent} did not come` });
      } else if (job.state === 'running') this.#beat(job, nowMs);
    }
    for (const session of this.sessions.values()) this.#endOld(session, nowMs);
    if (nowMs - this.#sweptMs < SWEEP_MS) return;
    this.#sweptMs = nowMs;
    void this.write({ sweep_ms: nowMs }).catch(() => undefined);
    for (const { id } of this.sessions.values()) {
      void this.write({ bound: { session_id: id, rows: MAX_OUTBOX_ROWS } }).catch(() => undefined);
    }
  }

  /** Presence of the executor, told as heartbeats of its job (arcp §B.10.2); two that are missed fail it. */
  #beat(job: Job, nowMs: number): void {
    const seconds = Object.keys(job.watchers).map((id) =>
      Number(this.sessions.get(id)?.state.terms.heartbeat_sec ?? 0),
    );
    const interval_ms = 1_000 * Math.min(...seconds.filter((each) => each > 0));
    if (!Number.isFinite(interval_ms)) return;
    const beat = this.#beats.get(job.id) ?? { atMs: nowMs, sequence: 0, missed: 0 };
    this.#beats.set(job.id, beat);
    if (nowMs - beat.atMs < interval_ms) return;
    beat.atMs = nowMs;
    if (this.directory.isLive(job.executor)) {
      beat.missed = 0;
      const envelopes = this.#tell(job, { what: 'beat', sequence: beat.sequence++, interval_ms });
      void this.write({ envelopes }).catch(() => undefined);
    } else if (++beat.missed >= 2) {
      this.end(job, { ok: false, why: 'silent', code: undefined, message: `${job.agent} is gone` });
    }
  }

  #endOld(session: ArcpSession, nowMs: number): void {
    const { detached_ms } = session.state;
    if (detached_ms !== null && nowMs - detached_ms > KEEP_SESSION_MS) this.sessions.delete(session.id);
  }
}

interface ExecutorWord {
  kind?: unknown;
  body?: unknown;
  error?: { code?: unknown; message?: unknown };
  cancelled?: unknown;
}

const STATES = {
  executor: 'failed',
  cancelled: 'cancelled',
  not_stopped: 'failed',
  timeout: 'timed_out',
  silent: 'failed',
  never_there: 'failed',
} as const;

function endOf(job: Job, row: MessageRow, { error, cancelled }: ExecutorWord): JobEnd {
  if (cancelled === true || (job.cancel !== null && error !== undefined)) {
    return { ok: false, why: 'cancelled', code: undefined, message: job.cancel?.reason ?? row.body };
  }
  if (error !== undefined && error !== null) {
    const code = typeof error.code === 'string' ? error.code : undefined;
    return { ok: false, why: 'executor', code, message: String(error.message ?? row.body) };
  }
  try {
    return { ok: true, value: JSON.parse(row.body) as unknown };
  } catch {
    return { ok: true, value: row.body };
  }
}

function callOf({ caller }: ArcpSession) {
  if (caller === undefined) throw new HubError('unauthorized', 'the session has nobody behind it');
  return { caller, signal: new AbortController().signal };
}

/** With its keys in one order, so that the same content is the same text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}
