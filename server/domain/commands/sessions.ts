import { timestamp } from '../../../base/clock.js';
import { HubError } from '../../../protocol/index.js';
import type { Party } from '../party.js';
import type { SessionRow } from '../rows.js';
import { decideOpen, presenceCutoff } from '../rules/sessions.js';
import type { Tx } from '../tx.js';
import { recover } from './leases.js';

export interface OpenSession {
  session_id: string;
  agent_id: string;
  display_name: string;
  capabilities_json: string;
  metadata_json: string;
  replace: boolean;
  resume: boolean;
  presence_ttl_sec: number;
  /** When the agent was last seen by this hub, if later than the stored time. */
  seen_ms: number;
}
export interface OpenedSession {
  session: SessionRow;
  resumed: boolean;
  replaced: SessionRow | null;
}

export const sessionCommands = {
  openSession(tx: Tx, input: OpenSession): OpenedSession {
    const { sessions } = tx.tables;
    const current = sessions.activeOf(input.agent_id);
    const asked = { replace: input.replace, resume: input.resume, seen: timestamp(input.seen_ms) };
    const decision = decideOpen(current, asked, presenceCutoff(tx.nowMs, input.presence_ttl_sec));
    if (decision === 'resume' && current !== undefined) {
      sessions.touch(input.agent_id, tx.now);
      return { session: { ...current, last_seen: tx.now }, resumed: true, replaced: null };
    }
    if (current !== undefined) {
      sessions.closeAllOf(input.agent_id);
      if (decision === 'expire') {
        tx.changed({ topic: 'session', change: 'expired', row: { ...current, active: 0 } });
        recover(tx, input.agent_id);
      }
    }
    const session: SessionRow = {
      session_id: input.session_id,
      agent_id: input.agent_id,
      display_name: input.display_name,
      capabilities_json: input.capabilities_json,
      metadata_json: input.metadata_json,
      created_at: tx.now,
      last_seen: tx.now,
      active: 1,
    };
    sessions.insert(session);
    const replaced = decision === 'replace' ? (current ?? null) : null;
    tx.changed({ topic: 'session', change: replaced === null ? 'opened' : 'replaced', row: session });
    return { session, resumed: false, replaced };
  },

  renameSession(tx: Tx, { agent_id, display_name }: { agent_id: string; display_name: string }): SessionRow {
    const current = tx.tables.sessions.activeOf(agent_id);
    if (current === undefined) throw new HubError('not_found', 'no active session for agent_id');
    tx.tables.sessions.rename(agent_id, display_name, tx.now);
    const row = { ...current, display_name, last_seen: tx.now };
    tx.changed({ topic: 'session', change: 'renamed', row });
    return row;
  },

  /** @param of whose sessions may be closed; undefined: anybody's */
  closeSession(tx: Tx, { session_id, of }: { session_id: string; of?: Party | undefined }): SessionRow {
    const open = of && tx.tables.sessions.get(session_id);
    if (open && !of.has(open.agent_id)) {
      throw new HubError('forbidden', 'session_id is not of a name that the caller may act as');
    }
    const row = tx.tables.sessions.close(session_id);
    if (row === undefined) throw new HubError('not_found', 'session not found');
    tx.changed({ topic: 'session', change: 'closed', row });
    return row;
  },
};
