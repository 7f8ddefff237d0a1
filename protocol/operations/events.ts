import { z } from 'zod';
import { Cursor, Message, TopicName } from '../entities.js';
import { chars, idempotencyKey, integer, queryAgent, queryFlag, requiredText, rest, sinceId } from '../fields.js';
import { KEPT_TOPICS } from '../hub.js';
import type { Limits } from '../limits.js';
import { operation } from '../operation.js';

/** Most subscriptions and listed names of one connection, so that matching a message stays cheap. */
export const MAX_SUBSCRIPTIONS = 100;
const MAX_NAMES = 1_000;

const SinceId = z.union(
  [
    z.literal('cursor'),
    z.number().refine((id) => Number.isSafeInteger(id) && id >= 0, { error: 'must be an integer >= 0' }),
  ],
  { error: 'must be an integer >= 0 or "cursor"' },
);

export const eventsSubscribe = operation({
  name: 'events.subscribe',
  kind: 'connection',
  access: 'look',
  pushes: true,
  // Direct messages of others; tokens and audit; an agent's own cursor.
  escalates: ({ agent_id, include_direct, topics, since_id }) => {
    const kept: readonly string[] = KEPT_TOPICS;
    if (Array.isArray(topics) && topics.some((topic) => kept.includes(topic))) return 'keep';
    if (agent_id === undefined && include_direct === true) return 'operate';
    return since_id === 'cursor' ? 'act' : undefined;
  },
  summary: 'Get matching messages and state changes pushed, from `since_id` on without a gap',
  channels: ({ channels = [] }) => (Array.isArray(channels) ? channels : []),
  actor: ['agent_id'],
  input: (limits) => {
    const names = () =>
      z.array(chars(limits.max_name_chars)).max(MAX_NAMES, { error: `must have ${MAX_NAMES} items or fewer` });
    return z.strictObject({
      agent_id: chars(limits.max_name_chars).optional(),
      channels: names().optional(),
      thread_id: chars(limits.max_name_chars).optional(),
      kinds: names().optional(),
      topics: z.array(TopicName).optional(),
      since_id: SinceId.optional(),
      exclude_self: z.boolean().default(false),
      include_direct: z.boolean().optional(),
    });
  },
  output: z.object({ subscription: z.string(), since_id: z.number().int(), latest_id: z.number().int() }),
});

/** Comma-separated names of a query. */
const nameList = (limits: Limits) => rest('names', z.array(chars(limits.max_name_chars)).max(MAX_NAMES).optional());

export const eventsStream = operation({
  name: 'events.stream',
  kind: 'stream',
  access: 'look',
  pushes: true,
  summary: 'What an agent may see, as server-sent events, from `since_id` or the header `Last-Event-ID` on',
  rest: { method: 'GET', path: '/v1/stream', statuses: [200] },
  channels: ({ channels = [] }) => (Array.isArray(channels) ? channels : []),
  actor: ['agent_id'],
  input: (limits) =>
    z.strictObject({
      agent_id: queryAgent(limits),
      since_id: sinceId(),
      channels: nameList(limits),
      exclude_self: queryFlag(),
    }),
  output: z.array(Message),
});

export const eventsUnsubscribe = operation({
  name: 'events.unsubscribe',
  kind: 'connection',
  access: 'look',
  pushes: true,
  summary: 'End one subscription, or all',
  input: () => z.strictObject({ subscription: z.string().optional() }),
  output: z.object({ unsubscribed: z.array(z.string()) }),
});

export const eventsAck = operation({
  name: 'events.ack',
  kind: 'write',
  access: 'act',
  summary: 'Move the durable cursor of an agent forward',
  rest: { method: 'PUT', path: '/v1/cursors/{agent_id}', statuses: [200] },
  actor: ['agent_id'],
  input: (limits) =>
    z.strictObject({
      agent_id: requiredText(limits.max_name_chars),
      since_id: rest(
        'integer',
        integer().refine((id) => id >= 0, { error: 'must be >= 0' }),
      ),
      idempotency_key: idempotencyKey(limits),
    }),
  output: Cursor,
});

export const eventsCursor = operation({
  name: 'events.cursor',
  kind: 'read',
  access: 'act',
  summary: 'Read the durable cursor of an agent; null when none is stored',
  rest: { method: 'GET', path: '/v1/cursors/{agent_id}', statuses: [200] },
  actor: ['agent_id'],
  input: (limits) => z.strictObject({ agent_id: requiredText(limits.max_name_chars) }),
  output: Cursor,
});
