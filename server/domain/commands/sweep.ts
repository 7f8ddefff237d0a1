import { timestamp } from '../../../base/clock.js';
import type { SessionRow } from '../rows.js';
import { presenceCutoff } from '../rules/sessions.js';
import type { Tx } from '../tx.js';
import { recover } from './leases.js';

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

  /** For operations whose effect is not in the store: remembers only that the key was used. */
  remember(_tx: Tx, _input: Record<string, never>): Record<string, never> {
    return {};
  },
};
