import { stringify } from '../../protocol/index.js';
import { encodeClaim, encodeLock } from '../domain/encode.js';
import type { ClaimRow, LockRow } from '../domain/rows.js';
import { Answer, handle } from './context.js';

// REST puts `acquired` beside the row, WebSocket puts both in one object (websocket §3).
const claimGrant = (acquired: boolean, row: ClaimRow, status: number) => {
  const claim = encodeClaim(row);
  return new Answer({ acquired, claim }, status, { acquired, result: claim });
};
const lockGrant = (acquired: boolean, row: LockRow, status: number) => {
  const lock = encodeLock(row);
  return new Answer({ acquired, lock }, status, { acquired, result: lock });
};

export const leaseOperations = [
  handle('claims.acquire', async ({ hub, key }, input) => {
    const { owner_agent_id, task_message_id, ttl_sec } = input;
    const { outcome } = await hub.write(
      'acquireClaim',
      {
        claim_key: input.claim_key || `task-${task_message_id}`,
        owner_agent_id,
        task_message_id: task_message_id ?? null,
        thread_id: input.thread_id || null,
        ttl_sec,
        metadata_json: stringify(input.metadata ?? {}),
      },
      key(owner_agent_id),
    );
    return claimGrant(outcome.acquired, outcome.claim, outcome.acquired ? 201 : 200);
  }),

  handle('claims.refresh', async ({ hub, key }, { claim_key, owner_agent_id, ttl_sec }) => {
    const { outcome } = await hub.write('refreshClaim', { claim_key, owner_agent_id, ttl_sec }, key(owner_agent_id));
    return claimGrant(true, outcome, 200);
  }),

  handle('claims.release', async ({ hub, key }, { claim_key, agent_id, force }) => {
    const { outcome } = await hub.write('releaseClaim', { claim_key, agent_id, force }, key(agent_id));
    return encodeClaim(outcome);
  }),

  handle('claims.list', async ({ hub }, { thread_id, active_only }) =>
    (await hub.store.claims({ thread_id, active_at: active_only ? hub.now : undefined })).map(encodeClaim),
  ),

  handle('locks.acquire', async ({ hub, key }, { agent_id, file_path, ttl_sec, metadata }) => {
    const lock = { agent_id, file_path, ttl_sec, metadata_json: stringify(metadata ?? {}) };
    const { outcome } = await hub.write('acquireLock', lock, key(agent_id));
    return lockGrant(outcome.acquired, outcome.lock, outcome.acquired ? 201 : 200);
  }),

  handle('locks.refresh', async ({ hub, key }, { agent_id, file_path, ttl_sec }) => {
    const { outcome } = await hub.write('refreshLock', { agent_id, file_path, ttl_sec }, key(agent_id));
    return lockGrant(true, outcome, 200);
  }),

  handle('locks.release', async ({ hub, key }, { agent_id, file_path, force }) => {
    const { outcome } = await hub.write('releaseLock', { file_path, agent_id, force }, key(agent_id));
    return encodeLock(outcome);
  }),

  handle('locks.list', async ({ hub }, { agent_id, active_only }) =>
    (await hub.store.locks({ agent_id, active_at: active_only ? hub.now : undefined })).map(encodeLock),
  ),
];
