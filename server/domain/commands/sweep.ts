import { timestamp } from '../../../base/clock.js';
import type { Gap } from '../awake.js';
import type { SessionRow } from '../rows.js';
import { presenceCutoff } from '../rules/sessions.js';
import type { Tx } from '../tx.js';
import { recover } from './leases.js';

/** A stored time, later by `ms`, and no later than `latestMs`; one that is no time stays as it is. */
function shifted(stored: string, ms: number, latestMs = Number.POSITIVE_INFINITY): string {
  const at = Date.parse(stored);
  return Number.isNaN(at) ? stored : timestamp(Math.min(at + ms, latestMs));
}

/** When agents were last seen by this hub, to be written in one go. */
export type Touches = readonly (readonly [agent_id: string, seen_ms: number])[];

export const sweepCommands = {
  /** Writes presence, expires sessions past the TTL, recovers their leases; all in one (arc-v1 §5.1, §5.3). */
  sweep(tx: Tx, { presence_ttl_sec, touches }: { presence_ttl_sec: number; touches: Touches }) {
    const { sessions, keys, changes } = tx.tables;
    for (const [agent_id, seen_ms] of touches) sessions.touch(agent_id, timestamp(seen_ms));
    const expired: SessionRow[] = sessions.expire(presenceCutoff(tx.nowMs, presence_ttl_sec));
    let recovered = 0;
    for (const row of expired) {
      tx.changed({ topic: 'session', change: 'expired', row });
      // Another session of the agent may be alive (two hubs on one file): then its leases stay.
      if (sessions.activeOf(row.agent_id) === undefined) recovered += recover(tx, row.agent_id);
    }
    keys.prune(tx.nowMs);
    changes.prune();
    return { expired, recovered };
  },

  /**
   * Time that nobody could use does not count: presence of these agents, and what they hold, moves by it.
   *
   * @param agents those of this hub that were there when the gap began; others may have lived through it at another hub
   */
  forgive(tx: Tx, { gap, agents }: { gap: Gap; agents: readonly string[] }): { leases: number } {
    const { sessions, leases } = tx.tables;
    let moved = 0;
    for (const agent of agents) {
      const session = sessions.activeOf(agent);
      if (session !== undefined) sessions.setSeen(agent, shifted(session.last_seen, gap.ms, tx.nowMs));
      for (const lease of leases.activeOf(agent, timestamp(gap.sinceMs))) {
        const row = leases.put({ ...lease, expires_at: shifted(lease.expires_at, gap.ms) });
        tx.changed({ topic: lease.kind, change: 'refreshed', row });
        moved += 1;
      }
    }
    // Whoever was seen in what is now the future, at another hub or before a restart, was seen just now.
    if (gap.ms < 0) sessions.clampSeen(tx.now);
    return { leases: moved };
  },

  /** For operations whose effect is not in the store: remembers only that the key was used. */
  remember(_tx: Tx, _input: Record<string, never>): Record<string, never> {
    return {};
  },
};
