/** Claims and locks are one machine: absent → active → released or expired → active again (arc-v1 §5.2). */

import type { LeaseKind, LeaseRow } from '../rows.js';

type LeaseState = Pick<LeaseRow, 'owner' | 'expires_at' | 'released_at'>;

/** The only comparison that decides whether a lease stands, on whole seconds as text. */
export function isActive(lease: { expires_at: string; released_at: string | null }, now: string): boolean {
  return lease.released_at === null && lease.expires_at >= now;
}

export type AcquireDecision = 'take' | 'extend' | 'denied';

/** What an acquire does to the row that is there (arc-v1 §4.13). */
export function decideAcquire(current: LeaseState | undefined, owner: string, now: string): AcquireDecision {
  if (current === undefined || !isActive(current, now)) return 'take';
  return current.owner === owner ? 'extend' : 'denied';
}

/** Whether `agent` may refresh or release it: it holds it, and it stands. */
export function holds<Lease extends LeaseState>(
  current: Lease | undefined,
  agent: string,
  now: string,
): current is Lease {
  return current !== undefined && current.owner === agent && isActive(current, now);
}

export const recoveredNotice = ({ kind, key, owner }: LeaseRow) =>
  kind === 'claim'
    ? `Recovered stale claim ${key} from ${owner}. Work is available for pickup.`
    : `Recovered stale lock on ${key} from ${owner}. The file is available for pickup.`;
export const forcedNotice = ({ kind, key, owner }: LeaseRow, by: string) =>
  `${by} released the ${kind} on ${key} that ${owner} held.`;

/** How Arc v1 names the two parts of a lease on the wire (arc-v1 §3.4, §3.5). */
export const LEASE_FIELDS: Readonly<Record<LeaseKind, { key: string; owner: string }>> = {
  claim: { key: 'claim_key', owner: 'owner_agent_id' },
  lock: { key: 'file_path', owner: 'agent_id' },
};
