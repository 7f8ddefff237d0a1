import { z } from 'zod';
import { Channel } from '../entities.js';
import { idempotencyKey, metadataField, optionalText, requiredText } from '../fields.js';
import { operation } from '../operation.js';

export const channelsList = operation({
  name: 'channels.list',
  kind: 'read',
  access: 'look',
  summary: 'All channels, ascending by name',
  rest: { method: 'GET', path: '/v1/channels', statuses: [200] },
  input: () => z.strictObject({}),
  output: z.array(Channel),
});

export const channelsCreate = operation({
  name: 'channels.create',
  kind: 'write',
  access: 'act',
  summary: 'Create a channel, or get the one that exists',
  rest: { method: 'POST', path: '/v1/channels', statuses: [201, 200] },
  channels: ({ name }) => [name],
  actor: ['created_by'],
  input: (limits) =>
    z.strictObject({
      name: requiredText(limits.max_name_chars),
      created_by: optionalText(limits.max_name_chars),
      metadata: metadataField(limits),
      idempotency_key: idempotencyKey(limits),
    }),
  output: Channel,
});
