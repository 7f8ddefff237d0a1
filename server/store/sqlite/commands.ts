/**
 * The commands of the domain's port on SQLite: each reads its rows, asks the rules, writes what they say. All are plain
 * synchronous functions inside a transaction of `group-commit.ts`. A command refuses (throws `HubError`) before its first
 * write, never after: the group it is in goes on.
 */
import { HubError, stringify } from '../../../protocol/index.js';
import { wide } from '../../domain/encode.js';
import { claimNotice, decideAcquire, forcedNotice, holds, isActive, lockNotice } from '../../domain/leases.js';
import type { ClaimRow, LockRow, MessageRow, NewMessage, SessionRow, TaskRow, WideInteger } from '../../domain/rows.js';
import { decideOpen, presenceCutoff } from '../../domain/sessions.js';
import type { CommandName, Commands, StateChange } from '../../domain/store.js';
import { completesRequest, createsTask, rollsUp, rollupNotice } from '../../domain/tasks.js';
import { leaseEnd, timestamp } from '../../domain/time.js';
import { storedValue } from '../../json.js';
import { lockThread } from './tables/threads.js';
import type { Tables } from './tables.js';

/** What one transaction is doing: the tables, one reading of the clock, and the effects collected so far. */
export interface Work {
  readonly tables: Tables;
  readonly nowMs: number;
  readonly now: string;
  readonly messages: MessageRow[];
  readonly changes: StateChange[];
}

type Handlers = { [K in CommandName]: (work: Work, input: Commands[K]['in']) => Commands[K]['out'] };

export const COMMANDS: Handlers = {
  openSession(work, input) {
    const { sessions } = work.tables;
    const current = sessions.activeOf(input.agent_id);
    const asked = { replace: input.replace, resume: input.resume, seen: timestamp(input.seen_ms) };
    const decision = decideOpen(current, asked, presenceCutoff(work.nowMs, input.presence_ttl_sec));
    if (decision === 'resume' && current !== undefined) {
      sessions.touch(input.agent_id, work.now);
      return { session: { ...current, last_seen: work.now }, resumed: true, replaced: null };
    }
    if (current !== undefined) {
      sessions.closeAllOf(input.agent_id);
      const closed = { ...current, active: 0 };
      if (decision === 'expire') {
        work.changes.push({ topic: 'session', change: 'expired', row: closed });
        recover(work, input.agent_id);
      }
    }
    const session: SessionRow = {
      session_id: input.session_id,
      agent_id: input.agent_id,
      display_name: input.display_name,
      capabilities_json: input.capabilities_json,
      metadata_json: input.metadata_json,
      created_at: work.now,
      last_seen: work.now,
      active: 1,
    };
    sessions.insert(session);
    const replaced = decision === 'replace' ? (current ?? null) : null;
    work.changes.push({ topic: 'session', change: replaced === null ? 'opened' : 'replaced', row: session });
    return { session, resumed: false, replaced };
  },

  renameSession(work, { agent_id, display_name }) {
    const current = work.tables.sessions.activeOf(agent_id);
    if (current === undefined) throw new HubError('not_found', 'no active session for agent_id');
    work.tables.sessions.rename(agent_id, display_name, work.now);
    const row = { ...current, display_name, last_seen: work.now };
    work.changes.push({ topic: 'session', change: 'renamed', row });
    return row;
  },

  closeSession(work, { session_id }) {
    const row = work.tables.sessions.close(session_id);
    if (row === undefined) throw new HubError('not_found', 'session not found');
    work.changes.push({ topic: 'session', change: 'closed', row });
    return row;
  },

  createChannel(work, input) {
    const existing = work.tables.channels.get(input.name);
    if (existing !== undefined) return { channel: existing, created: false };
    const channel = { ...input, created_at: work.now };
    work.tables.channels.insert(channel);
    work.changes.push({ topic: 'channel', change: 'created', row: channel });
    return { channel, created: true };
  },

  post(work, input) {
    const { tables } = work;
    const { parent_task_id } = input;
    // No task id is beyond 2^53.
    if (
      typeof parent_task_id === 'bigint' ||
      (parent_task_id !== null && tables.tasks.get(parent_task_id) === undefined)
    ) {
      throw new HubError('bad_request', 'parent_task_id references unknown task');
    }
    if ((input.to_agent === null || input.require_channel) && !tables.channels.has(input.channel)) {
      throw new HubError('bad_request', `channel does not exist: ${input.channel}`);
    }
    const answered =
      input.kind === 'task_result' && input.reply_to !== null ? requestTask(work, input.reply_to) : undefined;
    const message = say(work, {
      ts: work.now,
      from_agent: input.from_agent,
      to_agent: input.to_agent,
      channel: input.channel,
      kind: input.kind,
      body: input.body,
      attachments_json: input.attachments_json,
      reply_to: input.reply_to,
      thread_id: input.thread_id,
      metadata_json:
        answered === undefined ? input.metadata_json : markCompleted(input.metadata_json, answered.task_id),
    });
    if (createsTask(input.kind)) {
      const task: TaskRow = {
        task_id: message.id,
        parent_task_id,
        channel: message.channel,
        thread_id: message.thread_id,
        status: 'open',
        created_at: work.now,
        completed_at: null,
      };
      tables.tasks.insert(task);
      work.changes.push({ topic: 'task', change: 'created', row: task });
    }
    if (answered !== undefined) complete(work, answered);
    return { message };
  },

  acquireClaim(work, input) {
    const { claims } = work.tables;
    const current = claims.get(input.claim_key);
    const decision = decideAcquire(current && claimState(current), input.owner_agent_id, work.now);
    if (decision === 'denied' && current !== undefined) return { acquired: false, claim: current };
    const expires_at = leaseEnd(work.nowMs, input.ttl_sec);
    const claim: ClaimRow =
      decision === 'extend' && current !== undefined
        ? { ...current, expires_at }
        : {
            claim_key: input.claim_key,
            thread_id: input.thread_id,
            task_message_id: input.task_message_id,
            owner_agent_id: input.owner_agent_id,
            claimed_at: work.now,
            expires_at,
            released_at: null,
            metadata_json: input.metadata_json,
          };
    claims.put(claim);
    work.changes.push({ topic: 'claim', change: decision === 'extend' ? 'refreshed' : 'acquired', row: claim });
    return { acquired: true, claim };
  },

  refreshClaim(work, { claim_key, owner_agent_id, ttl_sec }) {
    const current = work.tables.claims.get(claim_key);
    if (current === undefined || !holds(claimState(current), owner_agent_id, work.now)) {
      throw new HubError('not_found', 'claim not found or not owned by owner_agent_id');
    }
    const claim = work.tables.claims.put({ ...current, expires_at: leaseEnd(work.nowMs, ttl_sec) });
    work.changes.push({ topic: 'claim', change: 'refreshed', row: claim });
    return claim;
  },

  releaseClaim(work, { claim_key, agent_id, force }) {
    const current = work.tables.claims.get(claim_key);
    const held = current !== undefined && isActive(current, work.now);
    if (!held || (current.owner_agent_id !== agent_id && !force)) {
      throw new HubError('not_found', 'claim not found or not owned by agent_id');
    }
    const claim = work.tables.claims.put({ ...current, released_at: work.now });
    work.changes.push({ topic: 'claim', change: 'released', row: claim });
    if (current.owner_agent_id !== agent_id) {
      noticeInThread(work, current.thread_id, {
        body: forcedNotice('claim', claim_key, current.owner_agent_id, agent_id),
        reply_to: current.task_message_id,
        metadata: { forced_release: true, released_by: agent_id, owner_agent_id: current.owner_agent_id, claim_key },
      });
    }
    return claim;
  },

  acquireLock(work, input) {
    const { locks } = work.tables;
    const current = locks.get(input.file_path);
    const decision = decideAcquire(current && lockState(current), input.agent_id, work.now);
    if (decision === 'denied' && current !== undefined) return { acquired: false, lock: current };
    const expires_at = leaseEnd(work.nowMs, input.ttl_sec);
    const lock: LockRow =
      decision === 'extend' && current !== undefined
        ? { ...current, expires_at }
        : {
            file_path: input.file_path,
            agent_id: input.agent_id,
            locked_at: work.now,
            expires_at,
            released_at: null,
            metadata_json: input.metadata_json,
          };
    locks.put(lock);
    work.changes.push({ topic: 'lock', change: decision === 'extend' ? 'refreshed' : 'acquired', row: lock });
    return { acquired: true, lock };
  },

  refreshLock(work, { file_path, agent_id, ttl_sec }) {
    const current = work.tables.locks.get(file_path);
    if (current === undefined || !holds(lockState(current), agent_id, work.now)) {
      throw new HubError('not_found', 'lock not found or not owned by agent_id');
    }
    const lock = work.tables.locks.put({ ...current, expires_at: leaseEnd(work.nowMs, ttl_sec) });
    work.changes.push({ topic: 'lock', change: 'refreshed', row: lock });
    return lock;
  },

  releaseLock(work, { file_path, agent_id, force }) {
    const current = work.tables.locks.get(file_path);
    const held = current !== undefined && isActive(current, work.now);
    if (!held || (current.agent_id !== agent_id && !force)) {
      throw new HubError('not_found', 'lock not found or not owned by agent_id');
    }
    const lock = work.tables.locks.put({ ...current, released_at: work.now });
    work.changes.push({ topic: 'lock', change: 'released', row: lock });
    if (current.agent_id !== agent_id) {
      noticeInThread(work, lockThread(current), {
        body: forcedNotice('lock', file_path, current.agent_id, agent_id),
        reply_to: null,
        metadata: { forced_release: true, released_by: agent_id, agent_id: current.agent_id, file_path },
      });
    }
    return lock;
  },

  completeTask(work, { task_id }) {
    const task = work.tables.tasks.get(task_id);
    if (task === undefined) throw new HubError('not_found', 'task not found');
    return complete(work, task);
  },

  ackCursor(work, { agent_id, since_id }) {
    const latest = work.tables.messages.latestId();
    if (since_id > latest) throw new HubError('bad_request', `since_id must be <= ${latest}, the latest id`);
    return { agent_id, since_id: work.tables.cursors.advance(agent_id, since_id) };
  },

  notice(work, { body, metadata_json }) {
    return say(work, systemNotice(work.now, 'general', null, body, null, metadata_json));
  },

  sweep(work, { presence_ttl_sec, touches }) {
    const { sessions, keys, changes } = work.tables;
    for (const [agent_id, seen_ms] of touches) sessions.touch(agent_id, timestamp(seen_ms));
    const expired = sessions.expire(presenceCutoff(work.nowMs, presence_ttl_sec));
    let recovered = 0;
    for (const row of expired) {
      work.changes.push({ topic: 'session', change: 'expired', row });
      // Another session of the agent may be alive (two hubs on one file): then its leases stay.
      if (sessions.activeOf(row.agent_id) === undefined) recovered += recover(work, row.agent_id);
    }
    keys.prune(work.nowMs);
    changes.prune();
    return { expired, recovered };
  },

  remember() {
    return {};
  },
};

/** What is stored beside an idempotency key, and how the outcome comes back from it. A message is its own record. */
export function rememberOutcome<K extends CommandName>(name: K, outcome: Commands[K]['out']): string {
  return name === 'post'
    ? String((outcome as Commands['post']['out']).message.id)
    : JSON.stringify(outcome, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}

export function recallOutcome<K extends CommandName>(name: K, answer: string, tables: Tables): Commands[K]['out'] {
  if (name !== 'post') return JSON.parse(answer) as Commands[K]['out'];
  return { message: tables.messages.get(Number(answer)) } as Commands[K]['out'];
}

function say(work: Work, message: NewMessage): MessageRow {
  const row = work.tables.messages.insert(message);
  work.messages.push(row);
  return row;
}

/** The open task of the request that a result answers, if it completes one. */
function requestTask(work: Work, replyTo: WideInteger): TaskRow | undefined {
  if (typeof replyTo !== 'number') return undefined;
  const task = work.tables.tasks.get(replyTo);
  if (task?.status !== 'open') return undefined;
  return completesRequest(work.tables.messages.get(replyTo), task) ? task : undefined;
}

function markCompleted(metadataJson: string, taskId: number): string {
  return stringify({ ...(storedValue(metadataJson, '{}') as Record<string, unknown>), task_completed: taskId });
}

/** The one way a task becomes done, with the roll-up to its parent (arc-v1 §5.4). */
function complete(work: Work, task: TaskRow): { task: TaskRow; parent_completed: boolean } {
  const { tasks } = work.tables;
  const done = task.status === 'open' ? finish(work, task) : task;
  if (done.parent_task_id === null) return { task: done, parent_completed: false };
  const parent = tasks.get(done.parent_task_id);
  const children = tasks.children(done.parent_task_id);
  if (!rollsUp(parent, children.open)) return { task: done, parent_completed: false };
  finish(work, parent);
  say(work, rollupNotice(parent, children.total, work.now));
  return { task: done, parent_completed: true };
}

function finish(work: Work, task: TaskRow): TaskRow {
  const row = work.tables.tasks.finish(task, work.now);
  work.changes.push({ topic: 'task', change: 'done', row });
  return row;
}

/** Releases what an expired agent held, each with a public notice (arc-v1 §5.3). */
function recover(work: Work, agentId: string): number {
  const { claims, locks } = work.tables;
  const heldClaims = claims.activeOf(agentId, work.now);
  const heldLocks = locks.activeOf(agentId, work.now);
  for (const claim of heldClaims) {
    const row = claims.put({ ...claim, released_at: work.now });
    work.changes.push({ topic: 'claim', change: 'recovered', row });
    noticeInThread(work, claim.thread_id, {
      body: claimNotice(claim.claim_key, agentId),
      reply_to: claim.task_message_id,
      metadata: {
        recovery: true,
        stale_agent_id: agentId,
        claim_key: claim.claim_key,
        task_message_id: wide(claim.task_message_id),
      },
    });
  }
  for (const lock of heldLocks) {
    const row = locks.put({ ...lock, released_at: work.now });
    work.changes.push({ topic: 'lock', change: 'recovered', row });
    const metadata = storedValue(lock.metadata_json, '{}') as { channel?: unknown } | null;
    noticeInThread(work, lockThread(lock), {
      body: lockNotice(lock.file_path, agentId),
      reply_to: null,
      metadata: { recovery: true, stale_agent_id: agentId, file_path: lock.file_path },
      fallbackChannel: typeof metadata?.channel === 'string' && metadata.channel !== '' ? metadata.channel : undefined,
    });
  }
  return heldClaims.length + heldLocks.length;
}

interface Notice {
  body: string;
  reply_to: WideInteger | null;
  metadata: Record<string, unknown>;
  fallbackChannel?: string | undefined;
}

function noticeInThread(work: Work, threadId: string | null, notice: Notice): void {
  const { messages, threads } = work.tables;
  messages.flush(); // the summary of a thread counts what is in the table
  const threadChannel = threadId === null ? null : threads.channelOf(threadId);
  const channel = threadChannel ?? notice.fallbackChannel ?? 'general';
  say(work, systemNotice(work.now, channel, threadId, notice.body, notice.reply_to, stringify(notice.metadata)));
}

function systemNotice(
  now: string,
  channel: string,
  thread_id: string | null,
  body: string,
  reply_to: WideInteger | null,
  metadata_json: string,
): NewMessage {
  return {
    ts: now,
    from_agent: 'system',
    to_agent: null,
    channel,
    kind: 'notice',
    body,
    attachments_json: '[]',
    reply_to,
    thread_id,
    metadata_json,
  };
}

const claimState = (row: ClaimRow) => ({ owner: row.owner_agent_id, ...lease(row) });
const lockState = (row: LockRow) => ({ owner: row.agent_id, ...lease(row) });
const lease = ({ expires_at, released_at }: ClaimRow | LockRow) => ({ expires_at, released_at });
