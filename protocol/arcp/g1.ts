/** Generation 1.0 on the wire: what a client may say, and the words that the runtime has (arcp §B). */
import { z } from 'zod';

/** Codes with whether a retry may help (arcp §B.9). */
export const G1_CODES = {
  OK: false,
  CANCELLED: false,
  UNKNOWN: false,
  INVALID_ARGUMENT: false,
  DEADLINE_EXCEEDED: true,
  NOT_FOUND: false,
  ALREADY_EXISTS: false,
  PERMISSION_DENIED: false,
  RESOURCE_EXHAUSTED: true,
  FAILED_PRECONDITION: false,
  ABORTED: true,
  OUT_OF_RANGE: false,
  UNIMPLEMENTED: false,
  INTERNAL: true,
  UNAVAILABLE: true,
  DATA_LOSS: false,
  UNAUTHENTICATED: false,
  HEARTBEAT_LOST: false,
  LEASE_EXPIRED: false,
  LEASE_REVOKED: false,
  BACKPRESSURE_OVERFLOW: false,
} as const;
export type G1Code = keyof typeof G1_CODES;

export const PRIORITIES = ['low', 'normal', 'high', 'critical'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** All that an envelope may have: published clients refuse others (arcp §B.2). */
export const G1_FIELDS = [
  'arcp',
  'id',
  'type',
  'timestamp',
  'payload',
  'source',
  'target',
  'session_id',
  'job_id',
  'stream_id',
  'subscription_id',
  'trace_id',
  'span_id',
  'parent_span_id',
  'correlation_id',
  'causation_id',
  'idempotency_key',
  'priority',
  'extensions',
] as const;

const object = z.record(z.string(), z.unknown());
const text = z.string();
const name = z.string().min(1);
const seconds = z.number().positive();
const time = z.string().refine((value) => !Number.isNaN(Date.parse(value)), { error: 'must be an RFC 3339 time' });
const texts = z.array(name);

const auth = z.object({ scheme: name, token: text.optional() });
export const G1Open = z.object({
  auth,
  client: z.object({ kind: name, version: text, fingerprint: text.optional(), principal: text.optional() }),
  capabilities: object,
});

const level = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'critical']);

/** Payloads of what a client may send once it is accepted; what is not here is not known. */
export const G1_INBOUND = {
  'session.open': object,
  'session.authenticate': z.object({
    auth: auth.optional(),
    response: text.optional(),
    challenge_id: text.optional(),
  }),
  'session.close': z.object({
    reason: text.optional(),
    dispose_jobs: z.enum(['cancel', 'detach']).optional(),
    detach_jobs: z.boolean().optional(),
    detach: z.boolean().optional(),
  }),
  ping: z.object({ nonce: z.unknown().optional() }),
  pong: object,
  ack: object,
  nack: object,
  cancel: z.object({
    target: z.enum(['job', 'stream', 'session']),
    target_id: name,
    reason: text.optional(),
    deadline_ms: z.number().nonnegative().optional(),
  }),
  interrupt: z.object({ target: z.literal('job'), target_id: name, prompt: text.optional() }),
  resume: z.object({
    after_message_id: name.optional(),
    checkpoint_id: name.optional(),
    include_open_streams: z.boolean().optional(),
  }),
  backpressure: z.object({
    desired_rate_per_second: z.number().positive().optional(),
    buffer_remaining_bytes: z.number().nonnegative().optional(),
    reason: text.optional(),
  }),
  'checkpoint.create': object,
  'checkpoint.restore': z.object({ checkpoint_id: name }),
  'tool.invoke': z.object({ tool: name, arguments: object.default({}) }),
  'job.schedule': object,
  'workflow.start': object,
  'agent.delegate': z.object({
    target: name,
    task: z.unknown().refine((task) => task !== undefined && task !== null, { error: 'is required' }),
    context: object.optional(),
  }),
  'agent.handoff': object,
  'stream.open': z.object({ kind: name }),
  'stream.chunk': z.object({ sequence: z.number().int().nonnegative() }),
  'stream.close': object,
  'stream.error': object,
  'human.input.response': z.object({
    value: z.unknown().refine((value) => value !== undefined, { error: 'is required' }),
    responded_by: text.optional(),
    responded_at: text.optional(),
  }),
  'human.choice.response': z.object({ choice_id: name, responded_by: text.optional(), responded_at: text.optional() }),
  'human.input.cancelled': z.object({ code: text.optional() }),
  'permission.grant': z.object({
    permission: name,
    resource: text.optional(),
    operation: text.optional(),
    expires_at: time.optional(),
    lease_seconds: seconds.optional(),
    granted_by: text.optional(),
  }),
  'permission.deny': z.object({ permission: name, reason: text.optional() }),
  'lease.refresh': z.object({
    lease_id: name,
    requested_seconds: z.number().min(1).optional(),
    extension_seconds: z.number().min(1).optional(),
  }),
  'lease.revoked': z.object({ lease_id: name, reason: text }),
  subscribe: z.object({
    filter: z.strictObject({
      session_id: texts.optional(),
      trace_id: texts.optional(),
      job_id: texts.optional(),
      stream_id: texts.optional(),
      types: texts.optional(),
      min_priority: z.enum(PRIORITIES).optional(),
    }),
    since: z.object({ after_message_id: name.optional(), checkpoint_id: name.optional() }).optional(),
  }),
  unsubscribe: z.object({ subscription_id: name }),
  'artifact.put': z.object({
    media_type: name,
    data: text.optional(),
    encoding: z.literal('base64').default('base64'),
    artifact_id: name.optional(),
    ttl_seconds: seconds.optional(),
    size: z.number().int().nonnegative().optional(),
    sha256: text.optional(),
  }),
  'artifact.fetch': z.object({ artifact_id: name }),
  'artifact.release': z.object({ artifact_id: name }),
  'event.emit': object,
  log: z.object({ level, message: text, attributes: object.optional() }),
  metric: z.object({
    name,
    value: z.number(),
    unit: text.optional(),
    dims: z.record(z.string(), z.string()).optional(),
  }),
  'trace.span': z.object({ name }),
} as const;
export type G1Type = keyof typeof G1_INBOUND;
export type G1Payload<Type extends G1Type> = z.output<(typeof G1_INBOUND)[Type]>;

export const isG1Type = (type: string): type is G1Type => Object.hasOwn(G1_INBOUND, type);

/** Refused whatever they hold (arcp §B.10.5, §B.10.6, §B.14). */
export const G1_NOT_OFFERED: ReadonlySet<string> = new Set([
  'job.schedule',
  'workflow.start',
  'checkpoint.create',
  'checkpoint.restore',
  'agent.handoff',
]);

const CORE_PREFIX =
  /^(session|job|tool|stream|human|permission|lease|artifact|event|trace|checkpoint|agent|workflow|subscription)\.|^subscribe/;
const EXTENSION = /^(?!x-)[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+\.v\d+$/;
export const isExtensionName = (type: string): boolean => EXTENSION.test(type) && !CORE_PREFIX.test(type);

/** Units of the reserved metrics (arcp §B.17). */
export const RESERVED_UNITS: Readonly<Record<string, string>> = {
  'tokens.used': 'tokens',
  'cost.usd': 'usd',
  'gpu.seconds': 'seconds',
  'tool.invocations': 'count',
  'latency.ms': 'ms',
  'bytes.in': 'bytes',
  'bytes.out': 'bytes',
  'errors.total': 'count',
};

const BOOLEANS = {
  streaming: true,
  durable_jobs: true,
  checkpoints: false,
  binary_streams: false,
  agent_handoff: false,
  human_input: false,
  artifacts: true,
  subscriptions: false,
  scheduled_jobs: false,
  interrupt: false,
} as const;

export interface G1Capabilities extends Record<keyof typeof BOOLEANS | 'anonymous', boolean> {
  binary_encoding: string[];
  artifact_retention: { default_seconds: number; max_seconds: number };
  heartbeat_interval_seconds: number;
  heartbeat_recovery: 'fail' | 'block';
  extensions: string[];
}

export const ARTIFACT_RETENTION = { default_seconds: 3_600, max_seconds: 86_400 } as const;
export const G1_HEARTBEAT_SEC = 30;

/**
 * The intersection of what the client asks for and what the runtime has (arcp §B.4).
 * @returns `lacking`: an extension that the client requires and the runtime has not
 */
export function negotiateG1(
  asked: Readonly<Record<string, unknown>>,
  anonymous: boolean,
): { capabilities: G1Capabilities; lacking: string | undefined } {
  const flags = Object.entries(BOOLEANS).map(([flag, ours]) => [flag, ours && asked[flag] === true]);
  const interval = Number(asked.heartbeat_interval_seconds);
  const listed = Array.isArray(asked.extensions) ? asked.extensions.map(String) : [];
  const required = Array.isArray(asked.required) ? asked.required.map(String) : [];
  return {
    capabilities: {
      ...(Object.fromEntries(flags) as Record<keyof typeof BOOLEANS, boolean>),
      anonymous: anonymous && asked.anonymous === true,
      binary_encoding: ['base64'],
      artifact_retention: { ...ARTIFACT_RETENTION },
      heartbeat_interval_seconds: interval > 0 ? Math.min(interval, G1_HEARTBEAT_SEC) : G1_HEARTBEAT_SEC,
      heartbeat_recovery: asked.heartbeat_recovery === 'block' ? 'block' : 'fail',
      extensions: [],
    },
    lacking: listed.find((name) => required.includes(name)),
  };
}

export interface G1Error {
  code: G1Code;
  message: string;
  retryable: boolean;
  details?: Record<string, unknown>;
}

export const g1Error = (code: G1Code, message: string, details?: Record<string, unknown>): G1Error => ({
  code,
  message: message === '' ? code : message,
  retryable: G1_CODES[code],
  ...(details && { details }),
});
