import { z } from 'zod';
import { Session } from '../entities.js';
import { bodyFlag, idempotencyKey, metadataField, optionalText, queryText, requiredText, rest } from '../fields.js';
import { NumberText } from '../json.js';
import { MAX_DISPLAY_NAME_CHARS } from '../limits.js';
import { operation } from '../operation.js';
import { codePoints } from '../text.js';

export const sessionsOpen = operation({
  name: 'sessions.open',
  kind: 'write',
  access: 'act',
  session: 'opens',
  order: 'exclusive',
  actor: ['agent_id'],
  summary: 'Sign in as an agent; over WebSocket it binds the connection',
  rest: {
    method: 'POST',
    path: '/v1/sessions',
    statuses: [201],
    unwrap: ({ result, resumed }) => ({
      ...(result as Record<string, unknown>),
      ...(typeof resumed === 'boolean' && { resumed }),
    }),
  },
  input: (limits) =>
    z.strictObject({
      agent_id: requiredText(limits.max_name_chars),
      display_name: optionalText(limits.max_name_chars),
      // Items are converted to text and not trimmed (arc-v1 §3.2).
      capabilities: rest(
        'list',
        z
          .array(
            z
              .union(
                [
                  z.string(),
                  z.number().transform(String),
                  z.instanceof(NumberText).transform((n) => n.text),
                  z.boolean().transform((b) => (b ? 'True' : 'False')),
                ],
                {
                  error: 'capabilities must contain strings',
                },
              )
              .refine((item) => codePoints(item) <= limits.max_name_chars, {
                error: `capabilities must contain strings of ${limits.max_name_chars} characters or fewer`,
              }),
          )
          .refine((list) => list.length <= limits.max_capabilities, {
            error: `must have ${limits.max_capabilities} items or fewer`,
          })
          .optional(),
      ),
      metadata: metadataField(limits),
      replace: bodyFlag(),
      resume: bodyFlag(),
      idempotency_key: idempotencyKey(limits),
    }),
  output: Session.extend({ resumed: z.boolean().optional() }),
});

export const sessionsRename = operation({
  name: 'sessions.rename',
  kind: 'write',
  access: 'act',
  summary: 'Change the display name of an agent',
  rest: { method: 'POST', path: '/v1/sessions/{agent_id}/rename', statuses: [200] },
  actor: ['agent_id'],
  input: (limits) =>
    z.strictObject({
      display_name: requiredText(MAX_DISPLAY_NAME_CHARS),
      agent_id: requiredText(limits.max_name_chars),
      idempotency_key: idempotencyKey(limits),
    }),
  output: Session,
});

export const sessionsClose = operation({
  name: 'sessions.close',
  kind: 'write',
  access: 'act',
  session: 'closes',
  order: 'exclusive',
  summary: 'Leave; leases stay held until they end',
  rest: { method: 'DELETE', path: '/v1/sessions/{session_id}', statuses: [200] },
  input: (limits) =>
    z.strictObject({
      /** On a bound connection it defaults to the connection's own session. */
      session_id: requiredText(limits.max_name_chars),
      idempotency_key: idempotencyKey(limits),
    }),
  output: z.object({ session_id: z.string(), deleted: z.literal(true) }),
});

export const sessionsHeartbeat = operation({
  name: 'sessions.heartbeat',
  kind: 'connection',
  access: 'act',
  summary: 'Touch presence; a live connection does it by itself',
  actor: ['agent_id'],
  input: (limits) => z.strictObject({ agent_id: requiredText(limits.max_name_chars) }),
  output: z.object({ agent_id: z.string(), active: z.boolean() }),
});

export const agentsList = operation({
  name: 'agents.list',
  kind: 'read',
  access: 'look',
  summary: 'Live agents, ascending by id',
  rest: { method: 'GET', path: '/v1/agents', statuses: [200] },
  actor: ['as'],
  input: (limits) =>
    z.strictObject({ as: queryText(limits.max_name_chars), capability: queryText(limits.max_name_chars) }),
  output: z.array(Session),
});
