/** Claims and locks: leases on a key and on a file path, one machine (arc-v1 §4.13, §4.14, §5.2). */
import { z } from 'zod';
import { Claim, Lock } from '../entities.js';
import {
  bodyFlag,
  idempotencyKey,
  metadataField,
  optionalInteger,
  optionalText,
  queryFlag,
  queryText,
  requiredText,
  ttlField,
} from '../fields.js';
import { operation, type RestEnvelope } from '../operation.js';

const ClaimGrant = z.object({
  /** False while another agent holds it; `claim` is then the holder's row. */
  acquired: z.boolean(),
  claim: Claim,
});
const LockGrant = z.object({ acquired: z.boolean(), lock: Lock });
export type ClaimGrant = z.output<typeof ClaimGrant>;
export type LockGrant = z.output<typeof LockGrant>;

const unwrapClaim = (envelope: RestEnvelope) => ({ acquired: envelope.acquired === true, claim: envelope.result });
const unwrapLock = (envelope: RestEnvelope) => ({ acquired: envelope.acquired === true, lock: envelope.result });

export const claimsAcquire = operation({
  name: 'claims.acquire',
  kind: 'write',
  access: 'act',
  summary: 'Take a lease on a key; denied is an answer, not an error',
  rest: { method: 'POST', path: '/v1/claims', statuses: [201, 200], unwrap: unwrapClaim },
  actor: ['owner_agent_id'],
  input: (limits) =>
    z.strictObject({
      owner_agent_id: requiredText(limits.max_name_chars),
      claim_key: optionalText(limits.max_name_chars),
      task_message_id: optionalInteger(),
      thread_id: optionalText(limits.max_name_chars),
      ttl_sec: ttlField(limits),
      metadata: metadataField(limits),
      idempotency_key: idempotencyKey(limits),
    }),
  across: (raw, failed) =>
    failed === undefined && !raw.claim_key && raw.task_message_id === undefined
      ? 'claim_key or task_message_id is required'
      : undefined,
  output: ClaimGrant,
});

export const claimsRefresh = operation({
  name: 'claims.refresh',
  kind: 'write',
  access: 'act',
  summary: 'Lengthen a lease that one holds',
  rest: { method: 'POST', path: '/v1/claims/refresh', statuses: [200], unwrap: unwrapClaim },
  actor: ['owner_agent_id'],
  input: (limits) =>
    z.strictObject({
      claim_key: requiredText(limits.max_name_chars),
      owner_agent_id: requiredText(limits.max_name_chars),
      ttl_sec: ttlField(limits),
      idempotency_key: idempotencyKey(limits),
    }),
  output: ClaimGrant,
});

export const claimsRelease = operation({
  name: 'claims.release',
  kind: 'write',
  access: 'act',
  escalates: ({ force }) => (force === true ? 'operate' : undefined),
  summary: "Give a lease back; with `force` an operator frees another's, with a public notice",
  rest: { method: 'POST', path: '/v1/claims/release', statuses: [200] },
  actor: ['agent_id'],
  input: (limits) =>
    z.strictObject({
      claim_key: requiredText(limits.max_name_chars),
      agent_id: requiredText(limits.max_name_chars),
      force: bodyFlag(),
      idempotency_key: idempotencyKey(limits),
    }),
  output: Claim,
});

export const claimsList = operation({
  name: 'claims.list',
  kind: 'read',
  access: 'look',
  summary: 'Claims, ascending by the time they were taken',
  rest: { method: 'GET', path: '/v1/claims', statuses: [200] },
  input: (limits) => z.strictObject({ thread_id: queryText(limits.max_name_chars), active_only: queryFlag() }),
  output: z.array(Claim),
});

export const locksAcquire = operation({
  name: 'locks.acquire',
  kind: 'write',
  access: 'act',
  summary: 'Take an advisory lease on a file path',
  rest: { method: 'POST', path: '/v1/locks', statuses: [201, 200], unwrap: unwrapLock },
  actor: ['agent_id'],
  input: (limits) =>
    z.strictObject({
      agent_id: requiredText(limits.max_name_chars),
      file_path: requiredText(limits.max_path_chars),
      ttl_sec: ttlField(limits),
      metadata: metadataField(limits),
      idempotency_key: idempotencyKey(limits),
    }),
  output: LockGrant,
});

export const locksRefresh = operation({
  name: 'locks.refresh',
  kind: 'write',
  access: 'act',
  summary: 'Lengthen a lock that one holds',
  rest: { method: 'POST', path: '/v1/locks/refresh', statuses: [200], unwrap: unwrapLock },
  actor: ['agent_id'],
  input: (limits) =>
    z.strictObject({
      agent_id: requiredText(limits.max_name_chars),
      file_path: requiredText(limits.max_path_chars),
      ttl_sec: ttlField(limits),
      idempotency_key: idempotencyKey(limits),
    }),
  output: LockGrant,
});

export const locksRelease = operation({
  name: 'locks.release',
  kind: 'write',
  access: 'act',
  escalates: ({ force }) => (force === true ? 'operate' : undefined),
  summary: "Give a lock back; with `force` an operator frees another's, with a public notice",
  rest: { method: 'POST', path: '/v1/locks/release', statuses: [200] },
  actor: ['agent_id'],
  input: (limits) =>
    z.strictObject({
      agent_id: requiredText(limits.max_name_chars),
      file_path: requiredText(limits.max_path_chars),
      force: bodyFlag(),
      idempotency_key: idempotencyKey(limits),
    }),
  output: Lock,
});

export const locksList = operation({
  name: 'locks.list',
  kind: 'read',
  access: 'look',
  summary: 'Locks, ascending by the time they were taken',
  rest: { method: 'GET', path: '/v1/locks', statuses: [200] },
  input: (limits) => z.strictObject({ agent_id: queryText(limits.max_name_chars), active_only: queryFlag() }),
  output: z.array(Lock),
});
