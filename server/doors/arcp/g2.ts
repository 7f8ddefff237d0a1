/** Generation 1.1: its words for what happens to a job, and what its clients may ask (arcp §C). */
import { randomBytes } from 'node:crypto';
import { ulid } from '../../../base/ulid.js';
import type { Inbound } from '../../../protocol/arcp/envelope.js';
import { textIn } from '../../../protocol/arcp/envelope.js';
import {
  FEATURES,
  type Feature,
  G2_HEARTBEAT_SEC,
  G2_INBOUND,
  G2_KINDS,
  type G2Code,
  G2Hello,
  type G2Payload,
  G2Resume,
  type G2Type,
  g2Error,
  isG2Code,
  isG2Kind,
  isG2Type,
  isVendorKind,
  parseAgentRef,
  RESUME_WINDOW_SEC,
  traceIdOf,
} from '../../../protocol/arcp/g2.js';
import { type ErrorCode, HubError, isJsonObject } from '../../../protocol/index.js';
import type { Caller } from '../../access/caller.js';
import { digest, sameDigest } from '../../access/secret.js';
import { KEEP_SESSION_MS, MAX_OUTBOX_ROWS, MAX_SESSIONS } from './desk.js';
import { isOver, type Job, type JobEnd, type JobEvent } from './job.js';
import type { ArcpSession, Draft, Encoder } from './session.js';
import { principalOf, type Speaker, type Wire } from './speaker.js';

const CANCEL_MS = 30_000;
const MAX_JOBS = 100;
const PAGE = 500;
const DEFAULT_LIST = 100;

const iso = (ms: number) => new Date(ms).toISOString();
const nameOf = ({ agent, version }: Job) => `${agent}@${version}`;

const STATUS = {
  queued: 'pending',
  running: 'running',
  completed: 'success',
  failed: 'error',
  cancelled: 'cancelled',
  timed_out: 'timed_out',
} as const;

const END_CODES = {
  executor: 'INTERNAL_ERROR',
  cancelled: 'CANCELLED',
  not_stopped: 'CANCELLED',
  timeout: 'TIMEOUT',
  silent: 'INTERNAL_ERROR',
  never_there: 'AGENT_NOT_AVAILABLE',
} as const;

function ended(end: JobEnd): [type: string, payload: object] {
  const completed_at = iso(Date.now());
  if (end.ok) return ['job.result', { final_status: 'success', result: end.value, completed_at }];
  const isCancelled = end.why === 'cancelled' || end.why === 'not_stopped';
  const final_status = isCancelled ? 'cancelled' : end.why === 'timeout' ? 'timed_out' : 'error';
  const own = end.code !== undefined && isG2Code(end.code) ? end.code : undefined;
  const details = end.code !== undefined && own === undefined ? { code: end.code } : undefined;
  return ['job.error', { final_status, ...g2Error(own ?? END_CODES[end.why], end.message, details), completed_at }];
}

/** Kind and body as the hub lets them out; undefined for a body that is not what its kind asks for (arcp §C.5.1). */
function eventOf(kind: string, body: Readonly<Record<string, unknown>>): { kind: string; body: object } | undefined {
  if (kind === 'text') {
    const message = String(body.text ?? '');
    return message === '' ? undefined : { kind: 'log', body: { level: 'info', message } };
  }
  if (isVendorKind(kind)) return { kind, body };
  if (!isG2Kind(kind)) return { kind: 'log', body: { level: 'info', message: kind, attributes: body } };
  const parsed = G2_KINDS[kind].safeParse(body);
  if (!parsed.success) return undefined;
  if (kind !== 'metric') return { kind, body: parsed.data };
  const dims = body.dims ?? body.dimensions;
  return { kind, body: { ...parsed.data, ...(dims !== undefined && { dims, dimensions: dims }) } };
}

/** Kinds that are sent only where they were negotiated; those that are not offered yet go out with nobody. */
const GATED: Readonly<Record<string, string | undefined>> = { progress: 'progress', result_chunk: 'result_chunk' };

export const g2Encoder: Encoder = {
  job(job: Job, event: JobEvent): Draft[] {
    const fields = job.trace_id === null ? {} : { trace_id: job.trace_id };
    const counted = (type: string, payload: object): Draft => ({
      type,
      payload,
      job_id: job.id,
      fields,
      counted: true,
    });
    switch (event.what) {
      case 'started':
        return [counted('job.event', { kind: 'status', ts: iso(Date.now()), body: { phase: 'running' } })];
      case 'beat':
        return [];
      case 'said': {
        const out = eventOf(event.kind, event.body);
        return out === undefined ? [] : [counted('job.event', { kind: out.kind, ts: iso(Date.now()), body: out.body })];
      }
      case 'ended': {
        const [type, payload] = ended(event.end);
        return [counted(type, payload)];
      }
    }
  },

  envelope({ state }: ArcpSession, id: string, draft: Draft, _nowMs: number, eventSeq: number | null): string {
    const { type, payload, job_id, fields } = draft;
    return JSON.stringify({
      arcp: state.version,
      id,
      type,
      session_id: state.id,
      ...(job_id !== undefined && { job_id }),
      ...(eventSeq !== null && { event_seq: eventSeq }),
      ...fields,
      payload,
    });
  },

  wants({ state }: ArcpSession, { payload }: Draft): boolean {
    const kind = isJsonObject(payload) ? textIn(payload, 'kind') : undefined;
    const gate = kind === undefined ? undefined : GATED[kind];
    return gate === undefined || (state.terms.features as string[]).includes(gate);
  },
};

const HUB_CODES: Partial<Record<ErrorCode, G2Code>> = {
  bad_request: 'INVALID_REQUEST',
  too_large: 'INVALID_REQUEST',
  forbidden: 'PERMISSION_DENIED',
  unauthorized: 'UNAUTHENTICATED',
};

interface Terms extends Record<string, unknown> {
  features: Feature[];
}

export class G2Speaker implements Speaker {
  readonly #wire: Wire;
  readonly #version: string;
  readonly #legacy: boolean;
  #session: ArcpSession | undefined;
  #heardMs: number;
  #saidMs: number;

  constructor(wire: Wire, version: string, legacy: boolean) {
    this.#wire = wire;
    this.#version = version;
    this.#legacy = legacy;
    this.#heardMs = this.#saidMs = wire.desk.hub.clock.nowMs();
  }

  get session(): ArcpSession | undefined {
    return this.#session;
  }

  async receive(envelope: Inbound): Promise<void> {
    this.#heardMs = this.#wire.desk.hub.clock.nowMs();
    const session = this.#session;
    if (session === undefined) {
      if (envelope.type === 'session.hello' || envelope.type === 'session.resume') await this.#hello(envelope);
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
      const code = HUB_CODES[error.code] ?? 'INTERNAL_ERROR';
      if (envelope.type === 'job.submit') await this.#refuseSubmit(session, envelope, code, error.message);
      else await this.#error(envelope, code, error.message);
    }
  }

  /** What cannot be read is dropped (arcp §C.9). */
  malformed(): void {}

  expelled(): void {
    this.#bare('session.error', g2Error('UNAUTHENTICATED', 'the token was revoked, renewed, or has expired'));
    this.#wire.close(1008, 'token ended');
  }

  /** A ping where nothing was said for an interval; a peer that is silent for two is given up (arcp §C.3.4). */
  tick(nowMs: number): void {
    if (!this.#has('heartbeat')) return;
    const intervalMs = G2_HEARTBEAT_SEC * 1_000;
    if (nowMs - this.#heardMs > 2 * intervalMs) {
      this.#bare('session.error', g2Error('HEARTBEAT_LOST', 'nothing was heard for two intervals'));
      this.#wire.close(1008, 'heartbeat lost');
    } else if (nowMs - this.#saidMs >= intervalMs) {
      this.#saidMs = nowMs;
      this.#bare('session.ping', { nonce: ulid(nowMs), sent_at: iso(nowMs) });
    }
  }

  #has(feature: Feature): boolean {
    return (this.#session?.state.terms as Terms | undefined)?.features.includes(feature) === true;
  }

  /** Outside the outbox, without a number. */
  #bare(type: string, payload: object): void {
    const id = `msg_${ulid(this.#wire.desk.hub.clock.nowMs())}`;
    const session_id = this.#session?.id ?? 'sess_none';
    this.#wire.send(JSON.stringify({ arcp: this.#version, id, type, session_id, payload }));
  }

  async #hello({ type, payload }: Inbound): Promise<void> {
    const refuse = (code: G2Code, message: string) => {
      this.#bare('session.error', g2Error(code, message));
      this.#wire.close(1008, 'refused');
    };
    const hello = type === 'session.hello' ? G2Hello.safeParse(payload) : undefined;
    const resumed = type === 'session.resume' ? G2Resume.safeParse(payload) : undefined;
    const parsed = hello ?? resumed;
    if (parsed === undefined || !parsed.success) {
      return refuse('INVALID_REQUEST', parsed === undefined ? 'not a handshake' : issueOf(parsed.error));
    }
    const { auth, capabilities, client } = parsed.data;
    let caller: Caller;
    try {
      if (auth?.scheme !== undefined && auth.scheme !== 'bearer' && auth.scheme !== 'none') {
        throw new HubError('unauthorized', `the scheme ${auth.scheme} is not offered`);
      }
      caller = this.#wire.authenticate(auth?.token);
      if (caller.grant === undefined && caller.remote) throw new HubError('unauthorized', 'a token is needed');
    } catch (cause) {
      return refuse('UNAUTHENTICATED', HubError.from(cause).message);
    }
    const wish = hello?.success ? hello.data.resume : resumed?.success ? resumed.data : undefined;
    const offered = this.#legacy ? [] : FEATURES.filter((each) => capabilities.features?.includes(each));
    const principal = principalOf(caller, client?.principal ?? client?.name);
    if (wish === undefined && this.#wire.desk.isFull(principal)) {
      return refuse('INTERNAL_ERROR', `a principal may have ${MAX_SESSIONS} sessions connected`);
    }
    if (wish === undefined) return this.#welcome(caller, principal, offered);
    return this.#resume(caller, principal, offered, wish, refuse);
  }

  async #welcome(caller: Caller, principal: string, features: Feature[]): Promise<void> {
    const { desk } = this.#wire;
    const nowMs = desk.hub.clock.nowMs();
    const session = desk.open({
      id: `sess_${ulid(nowMs)}`,
      generation: 'g2',
      version: this.#version,
      principal,
      terms: { features },
      next_seq: 1,
      token_sha256: null,
      detached_ms: null,
    });
    session.attach(this.#wire, '', false);
    await this.#greet(session, caller);
  }

  /** A session goes on: what its client has missed comes in the bytes that it had, then what is new (arcp §C.3.3). */
  async #resume(
    caller: Caller,
    principal: string,
    features: Feature[],
    wish: { session_id: string; resume_token: string; last_event_seq: number },
    refuse: (code: G2Code, message: string) => void,
  ): Promise<void> {
    const { desk } = this.#wire;
    const { arcp } = desk.hub.store;
    const lost = (why: string) => refuse('RESUME_WINDOW_EXPIRED', why);
    const session = desk.sessions.get(wish.session_id);
    const isTheirs =
      session?.state.generation === 'g2' &&
      session.state.principal === principal &&
      sameDigest(digest(wish.resume_token), session.state.token_sha256 ?? digest(''));
    if (!isTheirs) return lost('no such session can be resumed with this token');
    const { detached_ms } = session.state;
    if (detached_ms !== null && desk.hub.clock.nowMs() - detached_ms > RESUME_WINDOW_SEC * 1_000) {
      return lost('the resume window is over');
    }
    const { last_event_seq } = wish;
    if (last_event_seq >= session.state.next_seq) return lost('last_event_seq was never reached');
    await desk.settled();
    const oldest = (await arcp.events(session.id, last_event_seq, 1))[0]?.event_seq;
    const hasHole = last_event_seq + 1 < session.state.next_seq && oldest !== last_event_seq + 1;
    if (hasHole) return lost('events after last_event_seq are no longer kept');
    session.peer?.close(4001, 'resumed elsewhere');
    session.state.terms = { features };
    session.attach(this.#wire, '', true);
    await desk.settled();
    await this.#greet(session, caller);
    let seq = last_event_seq;
    let newest = '';
    for (;;) {
      const page = await arcp.events(session.id, seq, PAGE);
      for (const { body, event_seq, envelope_id } of page) {
        seq = event_seq ?? seq;
        newest = envelope_id;
        this.#wire.send(body);
      }
      if (page.length < PAGE) break;
    }
    const last = (await arcp.after(session.id, 0, MAX_OUTBOX_ROWS)).at(-1)?.envelope_id ?? '';
    session.attach(this.#wire, newest > last ? newest : last, true);
    await session.pump(desk.hub.store);
  }

  /** The welcome, with a resume token that no one had before; the one before it is dead. */
  async #greet(session: ArcpSession, caller: Caller): Promise<void> {
    const { desk } = this.#wire;
    const { features } = session.state.terms as Terms;
    const token = `rt_${randomBytes(32).toString('hex')}`;
    const nowMs = desk.hub.clock.nowMs();
    session.caller = caller;
    session.state.token_sha256 = digest(token);
    await desk.write({ records: [session.record(KEEP_SESSION_MS, nowMs)] });
    this.#session = session;
    this.#wire.accepted();
    const agents = desk.directory.list();
    const listed = features.includes('agent_versions')
      ? agents.map(({ name, versions }) => ({ name, versions, default: versions.at(-1) }))
      : agents.map(({ name }) => name);
    this.#bare('session.welcome', {
      session_id: session.id,
      runtime: { name: 'arc-hub', version: desk.hub.settings.version },
      resume_token: token,
      resume_window_sec: RESUME_WINDOW_SEC,
      ...(features.includes('heartbeat') && { heartbeat_interval_sec: G2_HEARTBEAT_SEC }),
      capabilities: { encodings: ['json'], ...(!this.#legacy && { features }), agents: listed },
    });
  }

  async #serve(session: ArcpSession, envelope: Inbound): Promise<void> {
    const { type, payload } = envelope;
    if (!isG2Type(type)) {
      const isOptional = isJsonObject(envelope.raw.extensions) && envelope.raw.extensions.optional === true;
      if (type.startsWith('x-vendor.') && isOptional) return;
      return this.#unasked(session, envelope, `${type} is not known`);
    }
    const parsed = G2_INBOUND[type].safeParse(payload);
    if (!parsed.success) return this.#unasked(session, envelope, issueOf(parsed.error));
    const of = <Type extends G2Type>(_type: Type) => parsed.data as G2Payload<Type>;
    switch (type) {
      case 'session.hello':
      case 'session.resume':
        return this.#error(envelope, 'INVALID_REQUEST', 'the session is open already');
      case 'session.ping': {
        const received_at = iso(this.#wire.desk.hub.clock.nowMs());
        return this.#bare('session.pong', { ping_nonce: of('session.ping').nonce, received_at });
      }
      case 'session.pong':
        return;
      case 'session.ack': {
        const upTo = Math.min(of('session.ack').last_processed_seq, session.state.next_seq - 1);
        if (this.#has('ack')) await this.#wire.desk.write({ freed: { session_id: session.id, up_to_seq: upTo } });
        return;
      }
      case 'session.close':
        this.#bare('session.closed', { reason: of('session.close').reason ?? 'closed' });
        return this.#wire.close(1000, 'closed');
      case 'session.bye':
        return this.#wire.close(1000, 'bye');
      case 'session.list_jobs':
        return this.#list(session, envelope, of('session.list_jobs'));
      case 'job.submit':
        return this.#submit(session, envelope, of('job.submit'));
      case 'job.cancel':
        return this.#cancel(session, envelope, of('job.cancel').reason ?? 'cancelled by the client');
      case 'job.subscribe':
        return this.#subscribe(session, envelope, of('job.subscribe'));
      case 'job.unsubscribe': {
        const job = this.#wire.desk.jobs.get(of('job.unsubscribe').job_id);
        if (job?.watchers[session.id] === '') this.#wire.desk.unwatch(job, session);
        return;
      }
    }
  }

  async #submit(session: ArcpSession, envelope: Inbound, wish: G2Payload<'job.submit'>): Promise<void> {
    const { desk } = this.#wire;
    const refuse = (code: G2Code, message: string, details?: object) =>
      this.#refuseSubmit(session, envelope, code, message, details);
    const open = this.#unfinished(session);
    if (open.length >= MAX_JOBS) {
      return refuse('INTERNAL_ERROR', `a session may have ${MAX_JOBS} unfinished jobs`, { permanent: true });
    }
    const ref = parseAgentRef(wish.agent);
    if (ref === undefined) return refuse('INVALID_REQUEST', 'agent must be name or name@version');
    // A lease that nobody enforces would be a promise that is not kept.
    const hasLease =
      Object.keys(wish.lease_request ?? {}).length > 0 || wish.lease_constraints?.expires_at !== undefined;
    if (hasLease) return refuse('INVALID_REQUEST', 'lease_request: this runtime grants no leases');
    const { agent, input, max_runtime_sec, idempotency_key } = wish;
    const trace_id = traceIdOf(envelope.raw.trace_id) ?? randomBytes(16).toString('hex');
    const asked = await desk.ask(
      session,
      {
        agent: ref.name,
        version: ref.version,
        input,
        content: { agent, input, max_runtime_sec },
        idempotency_key,
        trace_id,
        max_runtime_sec: max_runtime_sec ?? null,
        message_id: envelope.id,
      },
      (job) => {
        const accepted = {
          job_id: job.id,
          request_id: envelope.id,
          agent: nameOf(job),
          lease: {},
          accepted_at: iso(job.created_ms),
          trace_id: job.trace_id,
        };
        return [{ type: 'job.accepted', payload: accepted, job_id: job.id, fields: { trace_id: job.trace_id } }];
      },
    );
    if (!('refused' in asked)) return;
    switch (asked.refused) {
      case 'other_content':
        return refuse('DUPLICATE_KEY', 'idempotency_key was used with other parameters', {
          existing_job_id: asked.job_id,
        });
      case 'no_version':
        return this.#legacy
          ? refuse('AGENT_NOT_AVAILABLE', `no agent has the name ${agent}`)
          : refuse('AGENT_VERSION_NOT_AVAILABLE', `${ref.name} has no version ${ref.version}`);
      case 'no_agent':
        return refuse('AGENT_NOT_AVAILABLE', `no agent has the name ${ref.name}`);
    }
  }

  #unfinished(session: ArcpSession): Job[] {
    return [...this.#wire.desk.jobs.values()].filter((job) => !isOver(job) && job.watchers[session.id]);
  }

  /** As a session error, unless that would end other calls at the client (arcp §C.4.3). */
  async #refuseSubmit(
    session: ArcpSession,
    envelope: Inbound,
    code: G2Code,
    message: string,
    details?: object,
  ): Promise<void> {
    if (this.#unfinished(session).length === 0) return this.#error(envelope, code, message, details);
    const { desk } = this.#wire;
    const job_id = `job_${ulid(desk.hub.clock.nowMs())}`;
    const error = g2Error(code, message, { ...details, request_id: envelope.id });
    const trace_id = traceIdOf(envelope.raw.trace_id);
    const payload = { final_status: 'error', ...error, completed_at: iso(desk.hub.clock.nowMs()) };
    await desk.say(session, [
      { type: 'job.error', payload, job_id, counted: true, fields: { ...(trace_id && { trace_id }) } },
    ]);
  }

  async #cancel(session: ArcpSession, envelope: Inbound, reason: string): Promise<void> {
    const job_id = textIn(envelope.raw, 'job_id');
    if (job_id === undefined) return this.#error(envelope, 'INVALID_REQUEST', 'job_id is required');
    const job = this.#wire.desk.jobs.get(job_id);
    if (job === undefined) return this.#error(envelope, 'JOB_NOT_FOUND', `no job has the id ${job_id}`);
    const mayCancel = job.principal === session.state.principal && Boolean(job.watchers[session.id]);
    if (!mayCancel) return this.#error(envelope, 'PERMISSION_DENIED', 'only who has submitted a job may cancel it');
    if (isOver(job)) return;
    const payload = { job_id, request_id: envelope.id, reason };
    const drafts: Draft[] = this.#legacy ? [] : [{ type: 'job.cancelled', payload, job_id }];
    await this.#wire.desk.cancel(session, job, reason, CANCEL_MS, drafts);
  }

  async #subscribe(session: ArcpSession, envelope: Inbound, wish: G2Payload<'job.subscribe'>): Promise<void> {
    const { desk } = this.#wire;
    if (!this.#has('subscribe')) return this.#error(envelope, 'INVALID_REQUEST', 'subscribe was not negotiated');
    const job = desk.jobs.get(wish.job_id);
    if (job?.principal !== session.state.principal) {
      return this.#error(envelope, 'JOB_NOT_FOUND', `no job has the id ${wish.job_id}`);
    }
    await desk.settled();
    const owner = Object.entries(job.watchers).find(([, asked]) => asked !== '')?.[0] ?? '';
    const kept = wish.history ? await desk.hub.store.arcp.ofJob(owner, job.id) : [];
    const from = wish.from_event_seq ?? 0;
    const history = kept.flatMap(({ event_seq, body, type }): Draft[] => {
      if (event_seq === null || event_seq <= from) return [];
      const { payload } = JSON.parse(body) as { payload: object };
      return [{ type, payload, job_id: job.id, counted: true, fields: { trace_id: job.trace_id } }];
    });
    const wanted = history.filter((draft) => g2Encoder.wants(session, draft));
    const subscribed = {
      job_id: job.id,
      request_id: envelope.id,
      current_status: STATUS[job.state],
      agent: nameOf(job),
      lease: {},
      trace_id: job.trace_id,
      subscribed_from: session.state.next_seq - 1 + wanted.length,
      replayed: wish.history,
    };
    if (!isOver(job)) job.watchers[session.id] ??= '';
    await desk.say(session, [{ type: 'job.subscribed', payload: subscribed, job_id: job.id }, ...wanted]);
  }

  async #list(session: ArcpSession, envelope: Inbound, wish: G2Payload<'session.list_jobs'>): Promise<void> {
    if (!this.#has('list_jobs')) return this.#error(envelope, 'INVALID_REQUEST', 'list_jobs was not negotiated');
    const { filter = {}, limit = DEFAULT_LIST, cursor } = wish;
    const statuses: readonly string[] = filter.status ?? ['pending', 'running'];
    const found = [...this.#wire.desk.jobs.values()]
      .filter(
        (job) =>
          job.principal === session.state.principal &&
          statuses.includes(STATUS[job.state]) &&
          (filter.agent === undefined || filter.agent === job.agent || filter.agent === nameOf(job)) &&
          (filter.created_after === undefined || job.created_ms > Date.parse(filter.created_after)) &&
          (filter.created_before === undefined || job.created_ms < Date.parse(filter.created_before)) &&
          (cursor == null || job.id > cursor),
      )
      // Ids ascend with the time of their making.
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const jobs = await Promise.all(
      found.slice(0, limit).map(async (job) => ({
        job_id: job.id,
        agent: nameOf(job),
        status: STATUS[job.state],
        lease: {},
        parent_job_id: null,
        created_at: iso(job.created_ms),
        submitted_at: iso(job.created_ms),
        trace_id: job.trace_id,
        last_event_seq: (await this.#wire.desk.hub.store.arcp.ofJob(session.id, job.id)).at(-1)?.event_seq ?? 0,
      })),
    );
    const next_cursor = found.length > limit ? (jobs.at(-1)?.job_id ?? null) : null;
    const payload = { request_id: envelope.id, jobs, next_cursor };
    await this.#wire.desk.say(session, [{ type: 'session.jobs', payload }]);
  }

  /** Answered only where the answer ends no other call at the client (arcp §C.9). */
  async #unasked(session: ArcpSession, envelope: Inbound, message: string): Promise<void> {
    if (envelope.type === 'job.submit') return this.#refuseSubmit(session, envelope, 'INVALID_REQUEST', message);
    if (this.#unfinished(session).length > 0 && !isG2Type(envelope.type)) return;
    return this.#error(envelope, 'INVALID_REQUEST', message);
  }

  async #error({ id, raw }: Inbound, code: G2Code, message: string, details?: object): Promise<void> {
    const job_id = textIn(raw, 'job_id');
    const error = g2Error(code, message, details as Record<string, unknown> | undefined);
    const payload = { ...error, request_id: id, ...(job_id && { job_id }) };
    if (this.#session) await this.#wire.desk.say(this.#session, [{ type: 'session.error', payload }]);
  }
}

function issueOf({ issues }: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): string {
  const [issue] = issues;
  return issue === undefined ? 'invalid payload' : `payload.${issue.path.map(String).join('.')}: ${issue.message}`;
}
