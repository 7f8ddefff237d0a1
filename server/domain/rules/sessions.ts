import { timestamp } from '../../../base/clock.js';
import { HubError } from '../../../protocol/index.js';
import type { SessionRow } from '../rows.js';

/** Sessions last seen before this are expired. */
export function presenceCutoff(nowMs: number, presenceTtlSec: number): string {
  return timestamp(nowMs - presenceTtlSec * 1_000);
}

export type OpenDecision = 'resume' | 'replace' | 'expire' | 'fresh';

/**
 * What opening a session does to the newest active one (arc-v1 §4.1, websocket §4). An active session past the TTL has
 * expired, whoever notices it first.
 * @throws {HubError} `conflict` while it is live and neither `replace` nor `resume` was asked
 */
export function decideOpen(
  current: SessionRow | undefined,
  asked: { replace: boolean; resume: boolean; seen: string },
  cutoff: string,
): OpenDecision {
  if (current === undefined) return 'fresh';
  if (asked.seen < cutoff && current.last_seen < cutoff) return 'expire';
  if (asked.resume) return 'resume';
  if (asked.replace) return 'replace';
  throw new HubError('conflict', 'agent_id already has an active session');
}
