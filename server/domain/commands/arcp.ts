import type { ArcpWrite } from '../arcp.js';
import type { Tx } from '../tx.js';
import { messageCommands } from './messages.js';

export const arcpCommands = {
  /**
   * All that one message of an ARCP client, or of an executor, changes (arcp §D.6). Who may do it was asked before.
   *
   * @returns the id of the request; null where there is none
   */
  arcp(tx: Tx, write: ArcpWrite): { request_id: number | null } {
    const { arcp } = tx.tables;
    // Posts may be refused, so they come before anything of ours is written.
    const request = write.request && messageCommands.post(tx, write.request.message).message;
    for (const post of write.posts ?? []) messageCommands.post(tx, post);
    for (const record of write.records ?? []) {
      const isAsked = request !== undefined && record.noun === 'jobs' && record.id === write.request?.job_id;
      arcp.put(isAsked ? { ...record, message_id: request.id } : record);
    }
    for (const envelope of write.envelopes ?? []) arcp.keep(envelope, tx.nowMs);
    if (write.inbound) arcp.noteInbound(write.inbound, tx.nowMs);
    if (write.intent) arcp.intend(write.intent);
    if (write.artifact) arcp.putArtifact(write.artifact);
    if (write.release !== undefined) arcp.dropArtifact(write.release);
    if (write.freed) arcp.free(write.freed.session_id, write.freed.up_to_seq);
    if (write.bound) arcp.bound(write.bound.session_id, write.bound.rows);
    if (write.sweep_ms !== undefined) arcp.sweep(write.sweep_ms);
    return { request_id: request?.id ?? null };
  },
};
