import { stringify } from '../../protocol/index.js';
import { encodeLease } from '../domain/encode.js';
import type { LeaseKind, LeaseRow } from '../domain/rows.js';
import type { LeaseFilter } from '../domain/store.js';
import { Answer, type Context, handle } from './context.js';

// REST puts `acquired` beside the row, WebSocket puts both in one object (websocket §3).
function grant(acquired: boolean, row: LeaseRow, status: number): Answer {
  const lease = encodeLease(row);
  return new Answer({ acquired, [row.kind]: lease }, status, { acquired, result: lease });
}

interface Named {
  kind: LeaseKind;
  key: string;
  owner: string;
}

async function refresh({ hub, key }: Context, lease: Named & { ttl_sec: number }): Promise<Answer> {
  const { outcome } = await hub.write('refresh', lease, key(lease.owner));
  return grant(true, outcome, 200);
}

async function release({ hub, key, note }: Context, lease: Named & { force: boolean }) {
  const { outcome, replayed } = await hub.write('release', lease, key(lease.owner));
  if (outcome.owner !== lease.owner && !replayed) await note(lease.key);
  return encodeLease(outcome);
}

export const leaseOperations = [
  handle('claims.acquire', async ({ hub, key, party }, input) => {
    const { owner_agent_id, task_message_id } = input;
    const wish = {
      kind: 'claim' as const,
      key: input.claim_key || `task-${task_message_id}`,
      owner: owner_agent_id,
      task_message_id: task_message_id ?? null,
      thread_id: input.thread_id || null,
      ttl_sec: input.ttl_sec,
      metadata_json: stringify(input.metadata ?? {}),
      of: party(),
    };
    const { outcome } = await hub.write('acquire', wish, key(owner_agent_id));
    return grant(outcome.acquired, outcome.lease, outcome.acquired ? 201 : 200);
  }),

  handle('locks.acquire', async ({ hub, key, party }, { agent_id, file_path, ttl_sec, metadata }) => {
    const metadata_json = stringify(metadata ?? {});
    const named = { kind: 'lock' as const, key: file_path, owner: agent_id };
    const wish = { ...named, thread_id: null, task_message_id: null, ttl_sec, metadata_json, of: party() };
    const { outcome } = await hub.write('acquire', wish, key(agent_id));
    return grant(outcome.acquired, outcome.lease, outcome.acquired ? 201 : 200);
  }),

  handle('claims.refresh', (context, { claim_key, owner_agent_id, ttl_sec }) =>
    refresh(context, { kind: 'claim', key: claim_key, owner: owner_agent_id, ttl_sec }),
  ),
  handle('locks.refresh', (context, { file_path, agent_id, ttl_sec }) =>
    refresh(context, { kind: 'lock', key: file_path, owner: agent_id, ttl_sec }),
  ),

  handle('claims.release', (context, { claim_key, agent_id, force }) =>
    release(context, { kind: 'claim', key: claim_key, owner: agent_id, force }),
  ),
  handle('locks.release', (context, { file_path, agent_id, force }) =>
    release(context, { kind: 'lock', key: file_path, owner: agent_id, force }),
  ),

  handle('claims.list', (context, { thread_id, active_only }) => list(context, 'claim', { thread_id }, active_only)),
  handle('locks.list', (context, { agent_id, active_only }) => list(context, 'lock', { owner: agent_id }, active_only)),
];

async function list({ hub }: Context, kind: LeaseKind, filter: LeaseFilter, activeOnly: boolean) {
  await hub.settle();
  return (await hub.store.leases(kind, activeOnly ? { ...filter, active_at: hub.now } : filter)).map(encodeLease);
}
