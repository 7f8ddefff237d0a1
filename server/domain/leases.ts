/** Claims and locks are one machine: absent → active → released or expired → active again (arc-v1 §5.2). */

export interface LeaseState {
  owner: string;
  expires_at: string;
  released_at: string | null;
}

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
export function holds(current: LeaseState | undefined, agent: string, now: string): current is LeaseState {
  return current !== undefined && current.owner === agent && isActive(current, now);
}

export const claimNotice = (claim_key: string, agent_id: string) =>
  `Recovered stale claim ${claim_key} from ${agent_id}. Work is available for pickup.`;
export const lockNotice = (file_path: string, agent_id: string) =>
  `Recovered stale lock on ${file_path} from ${agent_id}. The file is available for pickup.`;
export const forcedNotice = (what: 'claim' | 'lock', key: string, owner: string, by: string) =>
  `${by} released the ${what} on ${key} that ${owner} held.`;
