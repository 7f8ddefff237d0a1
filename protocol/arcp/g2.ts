/** Generation 1.1 on the wire: what a client may say, and the words that the runtime has (arcp §C). */
import { z } from 'zod';

/** Codes with whether a retry may help (arcp §C.9). */
export const G2_CODES = {
  PERMISSION_DENIED: false,
  LEASE_SUBSET_VIOLATION: false,
  JOB_NOT_FOUND: false,
  DUPLICATE_KEY: false,
  AGENT_NOT_AVAILABLE: false,
  AGENT_VERSION_NOT_AVAILABLE: false,
  CANCELLED: false,
  TIMEOUT: true,
  RESUME_WINDOW_EXPIRED: false,
  HEARTBEAT_LOST: false,
  LEASE_EXPIRED: false,
  BUDGET_EXHAUSTED: false,
  INVALID_REQUEST: false,
  UNAUTHENTICATED: false,
  INTERNAL_ERROR: true,
} as const;
export type G2Code = keyof typeof G2_CODES;

export const isG2Code = (code: string): code is G2Code => Object.hasOwn(G2_CODES, code);

/** What this runtime offers of the flags of generation 1.1. */
export const FEATURES = ['heartbeat', 'ack', 'list_jobs', 'subscribe', 'progress', 'agent_versions'] as const;
export type Feature = (typeof FEATURES)[number];

export const G2_STATUSES = ['pending', 'running', 'success', 'error', 'cancelled', 'timed_out'] as const;

export const RESUME_WINDOW_SEC = 600;
export const G2_HEARTBEAT_SEC = 30;

const name = z.string().min(1);
const text = z.string();
const object = z.record(z.string(), z.unknown());
const seq = z.number().int().nonnegative();
const time = z.string().refine((value) => !Number.isNaN(Date.parse(value)), { error: 'must be an ISO 8601 time' });

const bearer = z.object({ scheme: text.optional(), token: text.optional() });
const client = z.object({ name, version: text, fingerprint: text.optional(), principal: text.optional() });
const capabilities = z.object({ encodings: z.array(text).optional(), features: z.array(text).optional() });
const resume = { session_id: name, resume_token: name, last_event_seq: seq };

export const G2Hello = z.object({
  client,
  auth: bearer.optional(),
  capabilities: capabilities.default({}),
  resume: z.object(resume).optional(),
});
export const G2Resume = z.object({
  ...resume,
  client: client.optional(),
  auth: bearer.optional(),
  capabilities: capabilities.default({}),
});

export const Lease = z.record(z.string(), z.array(text));
export type Lease = z.output<typeof Lease>;

/** Payloads of what a client may send once it is welcome; what is not here is not known. */
export const G2_INBOUND = {
  'session.hello': object,
  'session.resume': object,
  'session.ping': z.object({ nonce: text, sent_at: text.optional() }),
  'session.pong': object,
  'session.ack': z.object({ last_processed_seq: seq }),
  'session.list_jobs': z.object({
    filter: z
      .object({
        status: z.array(z.enum(G2_STATUSES)).optional(),
        agent: name.optional(),
        created_after: time.optional(),
        created_before: time.optional(),
      })
      .optional(),
    limit: z.number().int().min(1).max(1_000).optional(),
    cursor: text.nullish(),
  }),
  'session.close': z.object({ reason: text.optional() }),
  'session.bye': z.object({ reason: text.optional() }),
  'job.submit': z.object({
    agent: name,
    input: z.unknown().optional(),
    lease_request: Lease.optional(),
    lease_constraints: z.object({ expires_at: text.optional() }).optional(),
    idempotency_key: z.string().min(1).max(256).optional(),
    max_runtime_sec: z.number().int().min(1).max(86_400).optional(),
    parent_job_id: name.optional(),
    delegate_id: name.optional(),
  }),
  'job.cancel': z.object({ reason: text.optional() }),
  'job.subscribe': z.object({ job_id: name, from_event_seq: seq.optional(), history: z.boolean().default(false) }),
  'job.unsubscribe': z.object({ job_id: name }),
} as const;
export type G2Type = keyof typeof G2_INBOUND;
export type G2Payload<Type extends G2Type> = z.output<(typeof G2_INBOUND)[Type]>;

export const isG2Type = (type: string): type is G2Type => Object.hasOwn(G2_INBOUND, type);

const level = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'critical']);
const outcome = z.object({ code: text, message: text }).loose();

/** Bodies of `job.event` by kind (arcp §C.5.1). */
export const G2_KINDS = {
  log: z.object({ level, message: name, attributes: object.optional() }).loose(),
  thought: z.object({ text }).loose(),
  tool_call: z.object({ tool: name, args: object.default({}), call_id: name }).loose(),
  tool_result: z.object({ call_id: name, result: z.unknown().optional(), error: outcome.optional() }).loose(),
  status: z.object({ phase: name, message: text.optional() }).loose(),
  metric: z.object({ name, value: z.number(), unit: text.optional() }).loose(),
  artifact_ref: z.object({ uri: name, content_type: name }).loose(),
  delegate: z
    .object({
      delegate_id: name,
      agent: name,
      input: z.unknown().optional(),
      lease_request: Lease.optional(),
      lease_constraints: z.object({ expires_at: text.optional() }).optional(),
    })
    .loose(),
  progress: z
    .object({ current: z.number().nonnegative(), total: z.number().positive().optional() })
    .loose()
    .refine(({ current, total }) => total === undefined || current <= total, { error: 'current must be <= total' }),
  result_chunk: z
    .object({
      result_id: name,
      chunk_seq: seq,
      data: text,
      encoding: z.enum(['utf8', 'base64']).default('utf8'),
      more: z.boolean(),
    })
    .loose(),
} as const;
export type G2Kind = keyof typeof G2_KINDS;
export const isG2Kind = (kind: string): kind is G2Kind => Object.hasOwn(G2_KINDS, kind);
export const isVendorKind = (kind: string): boolean => /^x-vendor\.[^.]+\..+/.test(kind);

const NAME = /^[a-z0-9][a-z0-9._-]*$/;
const VERSION = /^[a-zA-Z0-9.+_-]+$/;

/** `name` or `name@version`; undefined for what is neither (arcp §C.4.2). */
export function parseAgentRef(ref: string): { name: string; version: string | undefined } | undefined {
  const [name = '', version, ...more] = ref.split('@');
  if (!NAME.test(name) || more.length > 0 || (version !== undefined && !VERSION.test(version))) return undefined;
  return { name, version };
}

/** 32 hex digits out of a trace id or a traceparent; undefined for anything else (arcp §C.8). */
export function traceIdOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const id = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(value)?.[1] ?? value;
  return /^[0-9a-f]{32}$/.test(id) && !/^0+$/.test(id) ? id : undefined;
}

export interface G2Error {
  code: G2Code;
  message: string;
  retryable: boolean;
  details?: Record<string, unknown>;
}

export const g2Error = (code: G2Code, message: string, details?: Record<string, unknown>): G2Error => ({
  code,
  message: message === '' ? code : message,
  retryable: G2_CODES[code],
  ...(details && { details }),
});
