import { z } from 'zod';
import { Cursor, TopicName } from '../entities.js';
import { chars, idempotencyKey, integer, requiredText, rest } from '../fields.js';
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
  summary: 'Get matching messages and state changes pushed, from `since_id` on without a gap',
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

export const eventsUnsubscribe = operation({
  name: 'events.unsubscribe',
  kind: 'connection',
  summary: 'End one subscription, or all',
  input: () => z.strictObject({ subscription: z.string().optional() }),
  output: z.object({ unsubscribed: z.array(z.string()) }),
});

export const eventsAck = operation({
  name: 'events.ack',
  kind: 'write',
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
  summary: 'Read the durable cursor of an agent; null when none is stored',
  rest: { method: 'GET', path: '/v1/cursors/{agent_id}', statuses: [200] },
  actor: ['agent_id'],
  input: (limits) => z.strictObject({ agent_id: requiredText(limits.max_name_chars) }),
  output: Cursor,
});
