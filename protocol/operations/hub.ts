import { z } from 'zod';
import { Bootstrap, HubInfo, PendingShutdown, Stats } from '../entities.js';
import { idempotencyKey, integer, queryAgent, rest } from '../fields.js';
import { MAX_SHUTDOWN_DELAY_SEC } from '../limits.js';
import { operation } from '../operation.js';

export const bootstrap = operation({
  name: 'bootstrap',
  kind: 'read',
  access: 'look',
  summary: 'What an agent needs at its start: its session, who is there, where the log stands',
  rest: { method: 'GET', path: '/v1/bootstrap', statuses: [200] },
  actor: ['agent_id'],
  input: (limits) =>
    z.strictObject({
      agent_id: queryAgent(limits),
    }),
  output: Bootstrap,
});

export const hubInfo = operation({
  name: 'hub.info',
  kind: 'read',
  access: 'look',
  summary: 'Identity, version, features and limits of the hub',
  rest: { method: 'GET', path: '/v1/hub-info', statuses: [200] },
  input: () => z.strictObject({}),
  output: HubInfo,
});

export const hubStats = operation({
  name: 'hub.stats',
  kind: 'read',
  access: 'measure',
  summary: 'Counters of the running hub',
  rest: { method: 'GET', path: '/v1/stats', statuses: [200] },
  input: () => z.strictObject({}),
  output: Stats,
});

export const hubShutdownGet = operation({
  name: 'hub.shutdown.get',
  kind: 'read',
  access: 'look',
  summary: 'The pending shutdown, or null',
  rest: { method: 'GET', path: '/v1/shutdown', statuses: [200] },
  input: () => z.strictObject({}),
  output: PendingShutdown.nullable(),
});

export const hubShutdownStart = operation({
  name: 'hub.shutdown.start',
  kind: 'write',
  access: 'operate',
  summary: 'Shut the hub down after a delay, with a public notice',
  rest: { method: 'POST', path: '/v1/shutdown', statuses: [200] },
  input: (limits) =>
    z.strictObject({
      delay_sec: rest(
        'integer',
        integer()
          .refine((sec) => sec >= 0, { error: 'must be >= 0' })
          .refine((sec) => sec <= MAX_SHUTDOWN_DELAY_SEC, { error: `must be <= ${MAX_SHUTDOWN_DELAY_SEC}` })
          .default(60),
      ),
      idempotency_key: idempotencyKey(limits),
    }),
  output: z.object({
    status: z.literal('shutdown_initiated'),
    remaining_sec: z.number().int().optional(),
    delay_sec: z.number().int().optional(),
  }),
});

export const hubShutdownCancel = operation({
  name: 'hub.shutdown.cancel',
  kind: 'write',
  access: 'operate',
  summary: 'Cancel the pending shutdown',
  rest: { method: 'POST', path: '/v1/shutdown/cancel', statuses: [200] },
  input: (limits) => z.strictObject({ idempotency_key: idempotencyKey(limits) }),
  output: z.object({ status: z.literal('shutdown_cancelled') }),
});

export const hubNetwork = operation({
  name: 'hub.network',
  kind: 'write',
  access: 'operate',
  summary: 'Read or set whether peers off this machine are served',
  rest: { method: 'POST', path: '/v1/network', statuses: [200] },
  input: (limits) =>
    z.strictObject({
      allow_remote: rest('truthy', z.boolean().optional()),
      idempotency_key: idempotencyKey(limits),
    }),
  output: z.object({ allow_remote: z.boolean(), listen_host: z.string() }),
});
