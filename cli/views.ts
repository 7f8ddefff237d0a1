/** How the things of a hub look on a terminal. Times are shown as ages, text of agents only after `printable`. */

import { printable } from '../base/terminal-text.js';
import type { Channel, Claim, Lock, Message, Session, Task, Thread } from '../protocol/entities.js';
import { table } from './output.js';

/** How long ago, or until when, in the largest unit that fits: `42s`, `3m`, `5h`, `2d`. */
export function age(timestamp: string, now = Date.now()): string {
  const sec = Math.max(0, Math.round(Math.abs(now - Date.parse(timestamp)) / 1_000));
  if (sec < 100) return `${sec}s`;
  if (sec < 6_000) return `${Math.round(sec / 60)}m`;
  if (sec < 172_800) return `${Math.round(sec / 3_600)}h`;
  return `${Math.round(sec / 86_400)}d`;
}

const or = (text: string) => (rows: string, count: number) => (count === 0 ? text : rows);

export const agentsView = (agents: readonly Session[]) =>
  or('No agents are signed in.')(
    table(
      ['AGENT', 'NAME', 'SEEN', 'CAPABILITIES'],
      agents.map((each) => [
        each.agent_id,
        each.display_name === each.agent_id ? '' : each.display_name,
        age(each.last_seen),
        each.capabilities.join(', '),
      ]),
    ),
    agents.length,
  );

export const channelsView = (channels: readonly Channel[]) =>
  table(
    ['CHANNEL', 'CREATED', 'BY'],
    channels.map((each) => [each.name, age(each.created_at), each.created_by]),
  );

export const threadsView = (threads: readonly Thread[]) =>
  or('No threads yet.')(
    table(
      ['THREAD', 'STATUS', 'CHANNEL', 'MESSAGES', 'TASKS', 'CLAIMS', 'LOCKS', 'LATEST'],
      threads.map((each) => [
        each.thread_id,
        each.status,
        each.channel,
        each.message_count,
        `${each.total_task_count - each.open_task_count}/${each.total_task_count}`,
        each.active_claim_count,
        each.active_lock_count,
        each.latest_message_ts === null ? '' : age(each.latest_message_ts),
      ]),
    ),
    threads.length,
  );

/** What has become of a lease, in the words of arc-v1 §5.2. */
export function leaseState(lease: Claim | Lock, now = Date.now()): string {
  if (lease.released_at !== null) return 'released';
  return Date.parse(lease.expires_at) >= now ? `for ${age(lease.expires_at, now)}` : 'expired';
}

export const claimsView = (claims: readonly Claim[]) =>
  or('No claims.')(
    table(
      ['CLAIM', 'OWNER', 'HELD', 'THREAD', 'TASK'],
      claims.map((each) => [
        each.claim_key,
        each.owner_agent_id,
        leaseState(each),
        each.thread_id,
        each.task_message_id,
      ]),
    ),
    claims.length,
  );

export const locksView = (locks: readonly Lock[]) =>
  or('No locks.')(
    table(
      ['FILE', 'AGENT', 'HELD'],
      locks.map((each) => [each.file_path, each.agent_id, leaseState(each)]),
    ),
    locks.length,
  );

export const tasksView = (tasks: readonly Task[]) =>
  or('No tasks.')(
    table(
      ['TASK', 'STATUS', 'PARENT', 'CHANNEL', 'THREAD', 'CREATED'],
      tasks.map((each) => [
        each.task_id,
        each.status,
        each.parent_task_id,
        each.channel,
        each.thread_id,
        age(each.created_at),
      ]),
    ),
    tasks.length,
  );

export const messagesView = (messages: readonly Message[]) =>
  messages.length === 0 ? 'No messages.' : messages.map(messageLine).join('\n');

/** One message as people read it: `12:03:04 #general ana → ben [task_request 43] text`, further lines indented. */
export function messageLine(message: Message): string {
  const { id, ts, from_agent, to_agent, channel, kind, thread_id, reply_to } = message;
  const whom = to_agent === null ? from_agent : `${from_agent} → ${to_agent}`;
  const marks = [
    kind === 'chat' ? `${id}` : `${kind} ${id}`,
    ...(reply_to === null ? [] : [`re ${reply_to}`]),
    ...(thread_id === null ? [] : [`in ${thread_id}`]),
    ...(message.attachments.length === 0 ? [] : [`+${message.attachments.length} attached`]),
  ];
  const time = new Date(ts).toLocaleTimeString('en-GB');
  const head = printable(`${time} #${channel} ${whom} [${marks.join(', ')}]`);
  return `${head} ${printable(message.body, { lines: true }).trimEnd().replaceAll('\n', '\n    ')}`;
}

/** One change of state: `12:03:04 claim acquired: build by ana`. */
export function changeLine(topic: string, change: string, value: unknown, now = new Date()): string {
  const about = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const name = about.claim_key ?? about.file_path ?? about.task_id ?? about.name ?? about.agent_id;
  const by = topic === 'session' ? undefined : (about.owner_agent_id ?? about.agent_id ?? about.created_by);
  const what = name === undefined ? JSON.stringify(value) : `${name}${by ? ` by ${by}` : ''}`;
  return printable(`${now.toLocaleTimeString('en-GB')} ${topic} ${change.replaceAll('_', ' ')}: ${what}`);
}
