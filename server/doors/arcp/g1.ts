/** Generation 1.0: its words for what happens to a job, and what its clients may ask (arcp §B). */
import { ulid } from '../../../base/ulid.js';
import type { Inbound } from '../../../protocol/arcp/envelope.js';
import { textIn } from '../../../protocol/arcp/envelope.js';
import {
  G1_CODES,
  G1_INBOUND,
  G1_NOT_OFFERED,
  type G1Code,
  G1Open,
  type G1Payload,
  type G1Type,
  g1Error,
  isExtensionName,
  isG1Type,
  negotiateG1,
  RESERVED_UNITS,
} from '../../../protocol/arcp/g1.js';
import { type ErrorCode, HubError, isJsonObject } from '../../../protocol/index.js';
import type { Caller } from '../../access/caller.js';
import { artifactFor, artifactOf, isRefused, refOf } from './artifacts.js';
import { KEEP_SESSION_MS, MAX_OUTBOX_ROWS, MAX_SESSIONS } from './desk.js';
import { isOver, type Job, type JobEnd, type JobEvent } from './job.js';
import type { ArcpSession, Draft, Encoder } from './session.js';
import { principalOf, type Speaker, type Wire } from './speaker.js';

const CANCEL_MS = 5_000;
const MAX_CANCEL_MS = 60_000;
const PAGE = 500;

const iso = (ms: number) => new Date(ms).toISOString();

const END_CODES = {
  executor: 'ABORTED',
  cancelled: 'CANCELLED',
  not_stopped: 'ABORTED',
  timeout: 'DEADLINE_EXCEEDED',
  silent: 'HEARTBEAT_LOST',
  never_there: 'UNAVAILABLE',
} as const;

/** Success, failure and cancellation, each in both of the vocabularies that clients wait for (arcp §B.6). */
function ended(end: JobEnd): [type: string, payload: object][] {
  if (end.ok) {
    const isVoid = end.value === null;
    return [
      ['tool.result', isVoid ? {} : { value: end.value }],
      ['job.completed', isVoid ? {} : { result: end.value }],
    ];
  }
  if (end.why === 'cancelled') {
    return [['job.cancelled', { reason: end.message, source: 'client', code: 'CANCELLED' }]];
  }
  const own = end.code !== undefined && Object.hasOwn(G1_CODES, end.code) ? (end.code as G1Code) : undefined;
  const details = end.code !== undefined && own === undefined ? { code: end.code } : undefined;
  const error = g1Error(own ?? END_CODES[end.why], end.message, details);
  return [
    ['tool.error', error],
    ['job.failed', error],
  ];
}

export const g1Encoder: Encoder = {
  job(job: Job, event: JobEvent, asked: string): Draft[] {
    const fields = { correlation_id: asked, causation_id: asked, ...(job.trace_id && { trace_id: job.trace_id }) };
    const draft = (type: string, payload: unknown, more: object = {}): Draft => ({
      type,
      payload,
      job_id: job.id,
      fields: { ...fields, ...more },
    });
    switch (event.what) {
      case 'started':
        return [draft('job.started', { job_id: job.id, started_at: iso(Date.now()) })];
      case 'beat': {
        const { sequence, interval_ms } = event;
        return [draft('job.heartbeat', { sequence, deadline_ms: 2 * interval_ms, state: job.state })];
      }
      case 'said':
        return said(job, event.kind, event.body, draft);
      case 'ended': {
        const close =
          job.stream && draft('stream.close', { total_chunks: job.stream.next }, { stream_id: job.stream.id });
        const terminal = ended(event.end).map(([type, payload]) => draft(type, payload, { priority: 'critical' }));
        return [...(close ? [close] : []), ...terminal];
      }
    }
  },

  wants: () => true,

  envelope({ state }: ArcpSession, id: string, { type, payload, job_id, fields }: Draft, nowMs: number): string {
    return JSON.stringify({
      arcp: state.version,
      id,
      type,
      timestamp: iso(nowMs),
      session_id: state.id,
      ...(job_id !== undefined && { job_id }),
      ...fields,
      payload,
    });
  },
};

type MakeDraft = (type: string, payload: unknown, more?: object) => Draft;

/** What an executor has said, in the message that 1.0 has for it (arcp §D.4); text goes into one stream a job. */
function said(job: Job, kind: string, body: Readonly<Record<string, unknown>>, draft: MakeDraft): Draft[] {
  switch (kind) {
    case 'progress': {
      const { current, total, message } = body;
      const isShare = typeof current === 'number' && typeof total === 'number' && total > 0;
      const percent = isShare ? Math.min(100, Math.max(0, (100 * current) / total)) : undefined;
      return [draft('job.progress', { percent, message, current, total })];
    }
    case 'log':
      return [draft('log', body)];
    case 'metric': {
      const unit = typeof body.unit === 'string' ? body.unit : (RESERVED_UNITS[String(body.name)] ?? 'count');
      return [draft('metric', { name: body.name, value: body.value, unit, dims: body.dims ?? body.dimensions ?? {} })];
    }
    case 'text':
      return textChunk(job, String(body.text ?? ''), draft);
    default:
      return [draft('event.emit', { name: kind, kind, attrs: body, data: body })];
  }
}

function textChunk(job: Job, text: string, draft: MakeDraft): Draft[] {
  const isFirst = job.stream === null;
  job.stream ??= { id: `str_${ulid(Date.now())}`, next: 0 };
  const { id } = job.stream;
  const open = draft(
    'stream.open',
    { kind: 'text', content_type: 'text/plain', related_job_id: job.id },
    { stream_id: id },
  );
  const chunk = draft('stream.chunk', { sequence: job.stream.next++, data: text, content: text }, { stream_id: id });
  return isFirst ? [open, chunk] : [chunk];
}

const HUB_CODES: Partial<Record<ErrorCode, G1Code>> = {
  bad_request: 'INVALID_ARGUMENT',
  too_large: 'RESOURCE_EXHAUSTED',
  rate_limited: 'RESOURCE_EXHAUSTED',
  forbidden: 'PERMISSION_DENIED',
  unauthorized: 'UNAUTHENTICATED',
  not_found: 'NOT_FOUND',
  unavailable: 'UNAVAILABLE',
};

export class G1Speaker implements Speaker {
  readonly #wire: Wire;
  readonly #version: string;
  #session: ArcpSession | undefined;

  constructor(wire: Wire, version: string) {
    this.#wire = wire;
    this.#version = version;
  }

  get session(): ArcpSession | undefined {
    return this.#session;
  }

  async receive(envelope: Inbound): Promise<void> {
    const session = this.#session;
    if (session === undefined) {
      if (envelope.type === 'session.open') await this.#open(envelope);
      else this.#bare('session.unauthenticated', unauthenticated, envelope.id);
      return;
    }
    const answer = session.answered.get(envelope.id);
    if (answer !== undefined) {
      const kept = await this.#wire.desk.hub.store.arcp.envelope(answer);
      if (kept !== undefined) this.#wire.send(kept.body);
      return;
    }
    try {
      await this.#serve(session, envelope);
    } catch (cause) {
      const error = HubError.from(cause);
      const { retry_after_sec } = error.details ?? {};
      const details = retry_after_sec === undefined ? undefined : { retry_after_seconds: retry_after_sec };
      await this.#nack(envelope, HUB_CODES[error.code] ?? 'INTERNAL', error.message, details);
    }
  }

  malformed(id: string): void {
    if (this.#session === undefined) return;
    const error = g1Error('INVALID_ARGUMENT', 'not an envelope: arcp, id, type and payload are needed');
    const draft = { type: 'nack', payload: { ...error, ack_for: id }, fields: { correlation_id: id } };
    void this.#wire.desk.say(this.#session, [draft]).catch(() => undefined);
  }

  expelled(): void {
    this.#evict('UNAUTHENTICATED', 'the token was revoked, renewed, or has expired');
  }

  tick(): void {}

  /** Outside the outbox: the handshake is no part of what is resumed. */
  #bare(type: string, payload: object, correlationId: string, fields: object = {}): void {
    const nowMs = this.#wire.desk.hub.clock.nowMs();
    const head = { arcp: this.#version, id: `msg_${ulid(nowMs)}`, type, timestamp: iso(nowMs) };
    this.#wire.send(JSON.stringify({ ...head, ...fields, correlation_id: correlationId, payload }));
  }

  async #open({ id, payload, raw }: Inbound): Promise<void> {
    const { desk } = this.#wire;
    const reject = (code: G1Code, message: string) => {
      this.#bare('session.rejected', g1Error(code, message), id);
      this.#wire.close(1000, 'rejected');
    };
    const parsed = G1Open.safeParse(payload);
    if (!parsed.success) return reject('INVALID_ARGUMENT', issueOf(parsed.error));
    const { auth, client, capabilities: asked } = parsed.data;
    if (auth.scheme !== 'bearer' && auth.scheme !== 'none') {
      return reject('UNIMPLEMENTED', `the scheme ${auth.scheme} is not offered`);
    }
    let caller: Caller;
    try {
      if (auth.scheme === 'none' && asked.anonymous !== true)
        throw new HubError('unauthorized', 'anonymous was not asked for');
      caller = this.#wire.authenticate(auth.scheme === 'bearer' ? auth.token : undefined);
      if (auth.scheme === 'none' && caller.remote) throw new HubError('unauthorized', 'a token is needed');
    } catch (cause) {
      return reject('UNAUTHENTICATED', HubError.from(cause).message);
    }
    const { capabilities, lacking } = negotiateG1(asked, auth.scheme === 'none');
    if (lacking !== undefined) return reject('UNIMPLEMENTED', `the extension ${lacking} is not offered`);
    if (desk.isFull(principalOf(caller, client.principal))) {
      return reject('RESOURCE_EXHAUSTED', `a principal may have ${MAX_SESSIONS} sessions connected`);
    }
    const nowMs = desk.hub.clock.nowMs();
    const session = desk.open({
      id: this.#formerId(raw, principalOf(caller, client.principal)) ?? `sess_${ulid(nowMs)}`,
      generation: 'g1',
      version: this.#version,
      principal: principalOf(caller, client.principal),
      terms: { capabilities, heartbeat_sec: capabilities.heartbeat_interval_seconds },
      next_seq: 1,
      token_sha256: null,
      detached_ms: null,
    });
    session.caller = caller;
    session.attach(this.#wire, '', false);
    await desk.write({ records: [session.record(KEEP_SESSION_MS, nowMs)] });
    this.#session = session;
    this.#wire.accepted();
    const accepted = {
      session_id: session.id,
      runtime: { kind: 'arc-hub', version: desk.hub.settings.version },
      capabilities,
      lease: { expires_at: iso(nowMs + KEEP_SESSION_MS) },
    };
    this.#bare('session.accepted', accepted, id, { session_id: session.id });
  }

  /** The session that a client names as its own in the handshake goes on under its id (arcp §B.18). */
  #formerId(raw: Inbound['raw'], principal: string): string | undefined {
    const former = this.#wire.desk.sessions.get(textIn(raw, 'session_id') ?? '');
    if (former?.state.principal !== principal || former.state.generation !== 'g1') return undefined;
    former.peer?.close(4001, 'replaced');
    return former.id;
  }

  async #serve(session: ArcpSession, envelope: Inbound): Promise<void> {
    const { type, payload } = envelope;
    if (!isG1Type(type)) {
      const isOptional = isJsonObject(envelope.raw.extensions) && envelope.raw.extensions.optional === true;
      if (isExtensionName(type) && isOptional) return;
      return this.#nack(envelope, 'UNIMPLEMENTED', `${type} is not known`);
    }
    const parsed = G1_INBOUND[type].safeParse(payload);
    if (!parsed.success) return this.#nack(envelope, 'INVALID_ARGUMENT', issueOf(parsed.error));
    const of = <Type extends G1Type>(_type: Type) => parsed.data as G1Payload<Type>;
    switch (type) {
      case 'ack':
      case 'nack':
      case 'pong':
        return;
      case 'ping':
        return this.#reply(envelope, 'pong', {
          ...(payload.nonce !== undefined && { nonce: payload.nonce }),
          ...this.#received(envelope),
        });
      case 'session.open':
        return this.#nack(envelope, 'FAILED_PRECONDITION', 'the session is open already');
      case 'session.close':
        return this.#close(session, of('session.close'));
      case 'tool.invoke': {
        const { tool, arguments: input } = of('tool.invoke');
        return this.#invoke(session, envelope, tool, input);
      }
      case 'agent.delegate': {
        const { target, task, context } = of('agent.delegate');
        return this.#invoke(session, envelope, target, { task, ...(context && { context }) }, context?.trace_id);
      }
      case 'cancel':
        return this.#cancel(session, envelope, of('cancel'));
      case 'resume':
        return this.#resume(session, envelope, of('resume'));
      case 'artifact.put':
        return this.#putArtifact(session, envelope, of('artifact.put'));
      case 'artifact.fetch':
        return this.#fetchArtifact(session, envelope, of('artifact.fetch'));
      case 'artifact.release':
        return this.#releaseArtifact(session, envelope, of('artifact.release'));
      default: {
        const why = G1_NOT_OFFERED.has(type) ? `${type} is not offered` : `${type} is not offered by this runtime`;
        return this.#nack(envelope, 'UNIMPLEMENTED', why);
      }
    }
  }

  async #invoke(session: ArcpSession, envelope: Inbound, tool: string, input: unknown, trace?: unknown): Promise<void> {
    const { raw, id } = envelope;
    const trace_id = (typeof trace === 'string' ? trace : textIn(raw, 'trace_id')) ?? null;
    const asked = await this.#wire.desk.ask(
      session,
      {
        agent: tool,
        version: undefined,
        input,
        content: { tool, input },
        idempotency_key: textIn(raw, 'idempotency_key'),
        trace_id,
        max_runtime_sec: null,
        message_id: id,
      },
      (job) => {
        const accepted = {
          job_id: job.id,
          accepted_at: iso(job.created_ms),
          state: 'accepted',
          queued: job.state === 'queued',
        };
        const fields = { correlation_id: id, causation_id: id, ...(job.trace_id && { trace_id: job.trace_id }) };
        return [{ type: 'job.accepted', payload: accepted, job_id: job.id, fields }];
      },
    );
    if (!('refused' in asked)) return;
    if (asked.refused === 'other_content') {
      const details = { job_id: asked.job_id };
      return this.#nack(
        envelope,
        'ALREADY_EXISTS',
        'idempotency_key was used with another tool or other arguments',
        details,
      );
    }
    return this.#nack(envelope, 'NOT_FOUND', `no agent has the name ${tool}`);
  }

  async #cancel(session: ArcpSession, envelope: Inbound, wish: G1Payload<'cancel'>): Promise<void> {
    const { target, target_id, reason = 'cancelled by the client', deadline_ms = CANCEL_MS } = wish;
    if (target === 'session') {
      if (target_id !== session.id) return this.#nack(envelope, 'PERMISSION_DENIED', 'target_id is another session');
      await this.#reply(envelope, 'cancel.accepted', { target, target_id });
      return this.#evict('CANCELLED', reason);
    }
    const refuse = (why: string, code: G1Code) =>
      this.#reply(envelope, 'cancel.refused', { target, target_id, reason: why, code, message: why });
    const job = target === 'job' ? this.#wire.desk.jobs.get(target_id) : undefined;
    if (job === undefined || job.principal !== session.state.principal) return refuse('not_found', 'NOT_FOUND');
    if (isOver(job)) return refuse('already_terminal', 'FAILED_PRECONDITION');
    const accepted = this.#draft(envelope, 'cancel.accepted', { target, target_id });
    await this.#wire.desk.cancel(session, job, reason, Math.min(deadline_ms, MAX_CANCEL_MS), [accepted]);
  }

  async #putArtifact(session: ArcpSession, envelope: Inbound, wish: G1Payload<'artifact.put'>): Promise<void> {
    const { desk } = this.#wire;
    const owner = { id: session.id, principal: session.state.principal };
    const made = await artifactOf(wish, owner, desk.hub.store.arcp, desk.hub.clock.nowMs());
    if (isRefused(made)) return this.#nack(envelope, made.code, made.message);
    const ref = this.#draft(envelope, 'artifact.ref', refOf(made));
    await desk.answer(session, envelope.id, [ref], { artifact: made });
  }

  /** Not through the outbox, which would keep the bytes a second time: a client that has lost the answer asks again. */
  async #fetchArtifact(session: ArcpSession, envelope: Inbound, wish: G1Payload<'artifact.fetch'>): Promise<void> {
    const found = await this.#artifact(session, wish.artifact_id);
    if (found === undefined) return this.#nack(envelope, 'NOT_FOUND', `there is no artifact ${wish.artifact_id}`);
    const payload = { ...refOf(found), encoding: 'base64', data: found.data.toString('base64') };
    this.#bare('artifact.put', payload, envelope.id, { session_id: session.id });
  }

  async #releaseArtifact(session: ArcpSession, envelope: Inbound, wish: G1Payload<'artifact.release'>): Promise<void> {
    const found = await this.#artifact(session, wish.artifact_id);
    if (found === undefined) return this.#nack(envelope, 'NOT_FOUND', `there is no artifact ${wish.artifact_id}`);
    const ack = this.#draft(envelope, 'ack', this.#received(envelope));
    await this.#wire.desk.answer(session, envelope.id, [ack], { release: found.artifact_id });
  }

  #artifact({ state }: ArcpSession, artifactId: string) {
    const { store, clock } = this.#wire.desk.hub;
    return artifactFor(artifactId, state.principal, store.arcp, clock.nowMs());
  }

  /** Replays what the client has missed of a session, as it was sent, and takes over its jobs (arcp §B.18). */
  async #resume(session: ArcpSession, envelope: Inbound, wish: G1Payload<'resume'>): Promise<void> {
    const { desk } = this.#wire;
    const { arcp } = desk.hub.store;
    if (wish.checkpoint_id !== undefined) return this.#nack(envelope, 'UNIMPLEMENTED', 'checkpoints are not offered');
    const formerId = textIn(envelope.raw, 'session_id') ?? session.id;
    const former = desk.sessions.get(formerId);
    if (former === undefined) return this.#nack(envelope, 'DATA_LOSS', `nothing is kept of the session ${formerId}`);
    if (former.state.principal !== session.state.principal) {
      return this.#nack(envelope, 'PERMISSION_DENIED', 'session_id is of another principal');
    }
    await desk.settled();
    const { after_message_id } = wish;
    const anchor = after_message_id === undefined ? 0 : await arcp.anchor(formerId, after_message_id);
    if (anchor === undefined) return this.#nack(envelope, 'DATA_LOSS', 'after_message_id is not, or no longer, kept');
    // From here on its jobs speak to this session, which says nothing until all that is older has gone out.
    session.attach(this.#wire, '', true);
    let place = anchor;
    const records = former === session ? [] : desk.handOver(former, session);
    await desk.settled();
    const last = (await arcp.after(session.id, 0, MAX_OUTBOX_ROWS)).at(-1);
    for (;;) {
      const page = await arcp.after(formerId, place, PAGE);
      for (const { body, job_id, seq } of page) {
        place = seq;
        const isAskedFor = envelope.raw.job_id === undefined || envelope.raw.job_id === job_id;
        if (isAskedFor) this.#wire.send(body);
      }
      if (page.length < PAGE) break;
    }
    session.attach(this.#wire, last?.envelope_id ?? '', true);
    await desk.say(session, [this.#draft(envelope, 'ack', this.#received(envelope))], { records });
    await session.pump(desk.hub.store, formerId === session.id ? place : (last?.seq ?? 0));
  }

  async #close(session: ArcpSession, wish: G1Payload<'session.close'>): Promise<void> {
    const { desk } = this.#wire;
    const detaches = wish.dispose_jobs === 'detach' || wish.detach_jobs === true || wish.detach === true;
    const own = [...desk.jobs.values()].filter((job) => !isOver(job) && job.watchers[session.id] !== undefined);
    if (!detaches) {
      const reason = wish.reason ?? 'the session was closed';
      for (const job of own) {
        await desk.cancel(session, job, reason, CANCEL_MS, []);
        desk.end(job, { ok: false, why: 'cancelled', code: undefined, message: reason });
      }
      await desk.settled();
    }
    this.#wire.close(1000, 'closed');
  }

  #evict(reason: G1Code, message: string): void {
    const session = this.#session;
    if (session === undefined) return;
    const payload = { reason, code: reason, message, allow_resume: true };
    this.#bare('session.evicted', payload, session.id, { session_id: session.id });
    this.#wire.close(1000, 'evicted');
  }

  #received = ({ id }: Inbound) => ({ ack_for: id, received_at: iso(this.#wire.desk.hub.clock.nowMs()) });

  #draft({ id }: Inbound, type: string, payload: object): Draft {
    return { type, payload, fields: { correlation_id: id, causation_id: id } };
  }

  async #reply(envelope: Inbound, type: string, payload: object): Promise<void> {
    if (this.#session) await this.#wire.desk.say(this.#session, [this.#draft(envelope, type, payload)]);
  }

  #nack(envelope: Inbound, code: G1Code, message: string, details?: Record<string, unknown>): Promise<void> {
    return this.#reply(envelope, 'nack', { ...g1Error(code, message, details), ack_for: envelope.id });
  }
}

const unauthenticated = {
  code: 'UNAUTHENTICATED',
  message: 'session.open comes first',
  reason: 'session.open comes first',
};

function issueOf({ issues }: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): string {
  const [issue] = issues;
  return issue === undefined ? 'invalid payload' : `payload.${issue.path.map(String).join('.')}: ${issue.message}`;
}
