import { z } from 'zod';
import { Message } from '../entities.js';
import {
  beforeId,
  chars,
  idempotencyKey,
  limitField,
  metadataField,
  optionalInteger,
  queryAgent,
  queryFlag,
  queryText,
  rest,
  sinceId,
  waitSeconds,
} from '../fields.js';
import { DEFAULT_CHANNEL, DIRECT_CHANNEL, MESSAGE_KINDS } from '../hub.js';
import type { Limits } from '../limits.js';
import { operation } from '../operation.js';
import { codePoints } from '../text.js';
import { normaliseAttachments } from './attachments.js';

const attachmentsField = (limits: Limits) =>
  rest(
    'falsy_list',
    z
      .array(z.unknown())
      .transform((items, ctx) =>
        normaliseAttachments(items, limits, (text) =>
          ctx.addIssue({ code: 'custom', message: text, input: items, continue: false }),
        ),
      )
      .optional(),
  );

const KIND_SET: ReadonlySet<string> = new Set(MESSAGE_KINDS);

const kindField = () =>
  rest(
    'kind',
    z
      .string()
      .superRefine((kind, ctx) => {
        if (!KIND_SET.has(kind)) ctx.addIssue({ code: 'custom', message: `unsupported kind: ${kind}`, input: kind });
      })
      .transform((kind) => kind as (typeof MESSAGE_KINDS)[number])
      .default('chat'),
  );

const channelField = (limits: Limits) =>
  rest(
    'channel',
    chars(limits.max_name_chars)
      .trim()
      .refine((channel) => channel !== '', { error: 'channel must be non-empty' })
      .optional(),
  );

const recipientField = (limits: Limits) =>
  rest(
    'recipient',
    chars(limits.max_name_chars)
      .trim()
      .transform((agent) => agent || undefined)
      .optional(),
  );

const senderField = (limits: Limits) =>
  rest(
    'text',
    chars(limits.max_name_chars)
      .trim()
      .refine((agent) => agent !== '', { error: 'from_agent is required' }),
  );

/** Fields of a post in the order in which they are checked (arc-v1 §4.8). */
const postFields = (limits: Limits) => ({
  parent_task_id: optionalInteger(),
  from_agent: senderField(limits),
  to_agent: recipientField(limits),
  channel: channelField(limits),
  kind: kindField(),
  body: rest('body', z.string().default('')),
  attachments: attachmentsField(limits),
  reply_to: optionalInteger(),
  thread_id: rest('raw_text', chars(limits.max_name_chars).optional()),
  metadata: metadataField(limits, 'falsy_object'),
});

/** The rules on body and attachments come after `attachments` and before `reply_to`. */
const AFTER_CONTENT: ReadonlySet<string | undefined> = new Set([
  'reply_to',
  'thread_id',
  'metadata',
  'idempotency_key',
  'timeout_sec',
  undefined,
]);

function contentRule(raw: Readonly<Record<string, unknown>>, failed: string | undefined, limits: Limits) {
  if (!AFTER_CONTENT.has(failed)) return undefined;
  const body = typeof raw.body === 'string' ? raw.body : '';
  const attachments = Array.isArray(raw.attachments) ? raw.attachments : [];
  if (body === '' && attachments.length === 0) return 'body or attachments is required';
  const fits = body.length <= limits.max_body_chars || codePoints(body) <= limits.max_body_chars;
  return fits ? undefined : 'body exceeds max size';
}

export const PostResult = Message.extend({
  /** True when the hub already had this key: nothing new was stored (websocket §7). */
  deduplicated: z.boolean(),
});
export type PostResult = z.output<typeof PostResult>;

export const messagesPost = operation({
  name: 'messages.post',
  kind: 'write',
  access: 'act',
  summary: 'Post a message; a task kind also creates its task',
  rest: {
    method: 'POST',
    path: '/v1/messages',
    statuses: [201, 200],
    unwrap: (envelope) => ({
      ...(envelope.result as Record<string, unknown>),
      deduplicated: envelope.deduplicated === true,
    }),
  },
  channels: ({ channel, to_agent }) => [channel ?? (to_agent === undefined ? DEFAULT_CHANNEL : undefined)],
  actor: ['from_agent'],
  posts: true,
  input: (limits) => z.strictObject({ ...postFields(limits), idempotency_key: idempotencyKey(limits) }),
  across: contentRule,
  output: PostResult,
});

export const messagesGet = operation({
  name: 'messages.get',
  kind: 'read',
  access: 'look',
  summary: 'One message, if the caller may see it',
  rest: { method: 'GET', path: '/v1/messages/{id:int}', statuses: [200] },
  actor: ['agent_id'],
  input: (limits) =>
    z.strictObject({ id: rest('integer', requiredInteger()), agent_id: queryText(limits.max_name_chars) }),
  output: Message,
});

function requiredInteger() {
  return z
    .number({ error: (issue) => (issue.input === undefined ? undefined : 'must be an integer') })
    .refine(Number.isSafeInteger, { error: 'must be an integer' });
}

const page = (limits: Limits) => ({
  since_id: sinceId(),
  limit: limitField(limits),
  timeout: waitSeconds(limits.max_wait_sec),
  before_id: beforeId(),
});

export const messagesList = operation({
  name: 'messages.list',
  kind: 'wait',
  waits: { field: 'timeout', default_sec: 0 },
  access: 'look',
  summary: 'Public messages of a channel or thread, ascending; may wait',
  rest: { method: 'GET', path: '/v1/messages', statuses: [200] },
  channels: ({ channel }) => [channel],
  input: (limits) =>
    z.strictObject({
      channel: queryText(limits.max_name_chars),
      thread_id: queryText(limits.max_name_chars),
      ...page(limits),
      tail: queryFlag(),
    }),
  across: (raw, failed) =>
    failed !== 'channel' && failed !== 'thread_id' && raw.channel === undefined && raw.thread_id === undefined
      ? 'channel or thread_id query parameter is required'
      : undefined,
  output: z.array(Message),
});

export const eventsList = operation({
  name: 'events.list',
  kind: 'wait',
  waits: { field: 'timeout', default_sec: 0 },
  access: 'look',
  summary: 'What an agent may see: broadcasts and its direct messages, ascending; may wait',
  rest: { method: 'GET', path: '/v1/events', statuses: [200] },
  channels: ({ channel }) => [channel],
  actor: ['agent_id'],
  input: (limits) =>
    z.strictObject({
      agent_id: queryAgent(limits),
      channel: queryText(limits.max_name_chars),
      thread_id: queryText(limits.max_name_chars),
      ...page(limits),
      exclude_self: queryFlag(),
      tail: queryFlag(),
    }),
  output: z.array(Message),
});

export const inboxList = operation({
  name: 'inbox.list',
  kind: 'wait',
  waits: { field: 'timeout', default_sec: 0 },
  access: 'act',
  summary: 'Direct messages to an agent, ascending; may wait',
  rest: { method: 'GET', path: '/v1/inbox/{agent_id}', statuses: [200] },
  actor: ['agent_id'],
  input: (limits) => z.strictObject({ agent_id: queryAgent(limits), ...page(limits), tail: queryFlag() }),
  output: z.array(Message),
});

/** Waits on the hub for the result of a request to another agent (websocket §6). */
export const rpcCall = operation({
  name: 'rpc.call',
  kind: 'wait',
  waits: { field: 'timeout_sec', default_sec: 30, effect_first: true },
  // A look for someone able comes before the request is on its way.
  order: ({ capability }) => (capability === undefined ? 'write' : 'exclusive'),
  access: 'act',
  summary: 'Ask another agent and wait for its task_result',
  rest: { method: 'POST', path: '/v1/rpc', statuses: [200] },
  channels: ({ channel }) => [channel],
  actor: ['from_agent'],
  posts: true,
  input: (limits) => {
    const { parent_task_id: _, kind: __, reply_to: ___, channel: ____, ...fields } = postFields(limits);
    return z.strictObject({
      ...fields,
      channel: rest(
        'channel',
        chars(limits.max_name_chars)
          .trim()
          .refine((channel) => channel !== '', { error: 'channel must be non-empty' })
          .default(DIRECT_CHANNEL),
      ),
      capability: rest('text', chars(limits.max_name_chars).optional()),
      timeout_sec: rest(
        'number',
        z
          .number()
          .transform((sec) => Math.min(Math.max(0, sec), limits.max_call_sec))
          .default(30),
      ),
      idempotency_key: idempotencyKey(limits),
    });
  },
  across: (raw, failed, limits) =>
    (failed === undefined || AFTER_CONTENT.has(failed)) && !raw.to_agent === !raw.capability
      ? 'exactly one of to_agent and capability is required'
      : contentRule(raw, failed, limits),
  output: Message,
});
