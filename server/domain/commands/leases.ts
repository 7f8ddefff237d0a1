/** Claims and locks: one machine (arc-v1 §5.2). */

import { leaseEnd } from '../../../base/clock.js';
import { HubError, stringify } from '../../../protocol/index.js';
import { storedValue } from '../../json.js';
import { wide } from '../encode.js';
import type { Party } from '../party.js';
import type { LeaseKind, LeaseRow } from '../rows.js';
import { decideAcquire, forcedNotice, holds, isActive, LEASE_FIELDS, recoveredNotice } from '../rules/leases.js';
import { systemNotice } from '../rules/notices.js';
import { threadOfLock } from '../rules/threads.js';
import type { Tx } from '../tx.js';
import { mustUseThread } from './tasks.js';

export interface AcquireLease
  extends Pick<LeaseRow, 'kind' | 'key' | 'owner' | 'thread_id' | 'task_message_id' | 'metadata_json'> {
  ttl_sec: number;
  /** Whoever takes it, where not every channel exists for it. */
  of?: Party | undefined;
}

export interface HeldLease {
  kind: LeaseKind;
  key: string;
  owner: string;
}

export const leaseCommands = {
  /** @throws {HubError} `forbidden`: its thread, its channel or its task is not one that the party sees, and it would be told of there */
  acquire(tx: Tx, { ttl_sec, of, ...wish }: AcquireLease): { acquired: boolean; lease: LeaseRow } {
    if (of !== undefined) mustBeToldOf(tx, wish, of);
    const current = tx.tables.leases.get(wish.kind, wish.key);
    const decision = decideAcquire(current, wish.owner, tx.now);
    if (decision === 'denied' && current !== undefined) return { acquired: false, lease: current };
    const expires_at = leaseEnd(tx.nowMs, ttl_sec);
    const lease = tx.tables.leases.put(
      decision === 'extend' && current !== undefined
        ? { ...current, expires_at }
        : { ...wish, since: tx.now, expires_at, released_at: null },
    );
    tx.changed({ topic: wish.kind, change: decision === 'extend' ? 'refreshed' : 'acquired', row: lease });
    return { acquired: true, lease };
  },

  refresh(tx: Tx, { kind, key, owner, ttl_sec }: HeldLease & { ttl_sec: number }): LeaseRow {
    const current = tx.tables.leases.get(kind, key);
    if (!holds(current, owner, tx.now)) throw notHeld(kind, LEASE_FIELDS[kind].owner);
    const lease = tx.tables.leases.put({ ...current, expires_at: leaseEnd(tx.nowMs, ttl_sec) });
    tx.changed({ topic: kind, change: 'refreshed', row: lease });
    return lease;
  },

  release(tx: Tx, { kind, key, owner, force }: HeldLease & { force: boolean }): LeaseRow {
    const current = tx.tables.leases.get(kind, key);
    const held = current !== undefined && isActive(current, tx.now);
    if (!held || (current.owner !== owner && !force)) throw notHeld(kind, 'agent_id');
    const lease = tx.tables.leases.put({ ...current, released_at: tx.now });
    tx.changed({ topic: kind, change: 'released', row: lease });
    if (current.owner !== owner) {
      noticeInThread(tx, current, forcedNotice(current, owner), {
        forced_release: true,
        released_by: owner,
        [LEASE_FIELDS[kind].owner]: current.owner,
        [LEASE_FIELDS[kind].key]: key,
      });
    }
    return lease;
  },
};

/** Releases what an expired agent held, each with a public notice (arc-v1 §5.3). */
export function recover(tx: Tx, agentId: string): number {
  const held = tx.tables.leases.activeOf(agentId, tx.now);
  for (const lease of held) {
    const row = tx.tables.leases.put({ ...lease, released_at: tx.now });
    tx.changed({ topic: lease.kind, change: 'recovered', row });
    noticeInThread(tx, lease, recoveredNotice(lease), {
      recovery: true,
      stale_agent_id: agentId,
      [LEASE_FIELDS[lease.kind].key]: lease.key,
      ...(lease.kind === 'claim' && { task_message_id: wide(lease.task_message_id) }),
    });
  }
  return held.length;
}

function mustBeToldOf(tx: Tx, wish: Omit<AcquireLease, 'ttl_sec' | 'of'>, party: Party): void {
  const { kind, task_message_id, metadata_json } = wish;
  const thread_id = wish.thread_id ?? (kind === 'lock' ? threadOfLock(metadata_json) : null);
  if (thread_id !== null) mustUseThread(tx, thread_id, party);
  const channel = channelOfLock(wish);
  if (channel !== undefined && !party.seesChannel(channel)) {
    throw new HubError('forbidden', 'metadata.channel is not one that the caller may use');
  }
  const request = typeof task_message_id === 'number' ? tx.tables.messages.get(task_message_id) : undefined;
  if (request !== undefined && !party.sees(request)) {
    throw new HubError('forbidden', 'task_message_id is of a message that is not for the caller');
  }
}

/** Where its thread is; a lock that names none may name a channel. */
function noticeInThread(tx: Tx, lease: LeaseRow, body: string, metadata: Record<string, unknown>): void {
  const { thread_id, task_message_id: reply_to } = lease;
  const ofThread = thread_id === null ? null : tx.tables.threads.channelOf(thread_id);
  const channel = ofThread ?? (metadata.recovery === true ? channelOfLock(lease) : undefined) ?? 'general';
  tx.say(systemNotice(tx.now, { channel, thread_id, reply_to, body, metadata_json: stringify(metadata) }));
}

function channelOfLock({ kind, metadata_json }: Pick<LeaseRow, 'kind' | 'metadata_json'>): string | undefined {
  if (kind !== 'lock') return undefined;
  const { channel } = (storedValue(metadata_json, '{}') ?? {}) as { channel?: unknown };
  return typeof channel === 'string' && channel !== '' ? channel : undefined;
}

const notHeld = (kind: LeaseKind, owner: string) =>
  new HubError('not_found', `${kind} not found or not owned by ${owner}`);
