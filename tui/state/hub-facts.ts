/** Agents, tasks, leases and threads as the hub told them: from a listing once, from pushed changes afterwards. */
import type { TopicChange } from '../../client/index.js';
import { isJsonObject, type Message, type Task, type Thread } from '../../protocol/index.js';
import { withAudit, withToken } from './access.js';
import { withNotice } from './notices.js';
import type { State } from './state.js';

/** Threads and finished tasks are kept newest first up to these numbers; open tasks are all kept. */
const THREADS = 500;
const DONE_TASKS = 500;

export const listed = <T>(rows: readonly T[], key: (row: T) => string): ReadonlyMap<string, T> =>
  new Map(rows.map((row) => [key(row), row]));

export const knownThreads = (threads: readonly Thread[]): ReadonlyMap<string, Thread> =>
  new Map(threads.slice(0, THREADS).map((thread) => [thread.thread_id, thread]));

export function newest(tasks: ReadonlyMap<number, Task>): ReadonlyMap<number, Task> {
  if (tasks.size <= DONE_TASKS * 2) return tasks;
  const done = [...tasks.values()].filter(({ status }) => status === 'done').sort((a, b) => b.task_id - a.task_id);
  const old = new Set(done.slice(DONE_TASKS).map(({ task_id }) => task_id));
  return old.size === 0 ? tasks : new Map([...tasks].filter(([id]) => !old.has(id)));
}

const TITLE_CHARS = 200;
const TITLES = 2_000;

export function withTitles(titles: State['titles'], messages: readonly Message[]): State['titles'] {
  const made = messages.filter(({ kind }) => kind === 'task' || kind === 'task_request');
  if (made.length === 0) return titles;
  const next = new Map(titles);
  for (const { id, body } of made) next.set(id, body.slice(0, TITLE_CHARS));
  if (next.size <= TITLES) return next;
  return new Map([...next].sort(([a], [b]) => b - a).slice(0, TITLES / 2));
}

/** Counts a message that the thread's summary does not hold yet; whether anything changed. */
export function countInThread(threads: Map<string, Thread>, message: Message): boolean {
  const { thread_id, id, ts, channel } = message;
  if (thread_id === null) return false;
  const known = threads.get(thread_id);
  if (known !== undefined && id <= (known.latest_message_id ?? 0)) return false;
  threads.delete(thread_id);
  threads.set(thread_id, {
    ...(known ?? newThread(thread_id, channel)),
    latest_message_id: id,
    latest_message_ts: ts,
    message_count: (known?.message_count ?? 0) + 1,
    latest_artifact_id: message.kind === 'artifact' ? id : (known?.latest_artifact_id ?? null),
  });
  if (threads.size > THREADS * 1.2) {
    const oldest = [...threads.values()].sort((a, b) => (a.latest_message_id ?? 0) - (b.latest_message_id ?? 0));
    for (const thread of oldest.slice(0, threads.size - THREADS)) threads.delete(thread.thread_id);
  }
  return true;
}

const newThread = (thread_id: string, channel: string): Thread => ({
  thread_id,
  channel,
  root_task_id: null,
  latest_message_id: null,
  latest_message_ts: null,
  latest_artifact_id: null,
  message_count: 0,
  total_task_count: 0,
  open_task_count: 0,
  active_claim_count: 0,
  active_lock_count: 0,
  status: 'waiting',
});

/** Requests to the operator that wait for an answer, after `added` came. */
export function openRequests(state: State, added: readonly Message[]): State['requests'] {
  let requests: Map<number, Message> | undefined;
  for (const message of added) {
    const { id, kind, to_agent, reply_to } = message;
    if (kind === 'task_request' && to_agent === state.self && state.tasks.get(id)?.status !== 'done') {
      requests ??= new Map(state.requests);
      requests.set(id, message);
    }
    if (kind === 'task_result' && reply_to !== null && (requests ?? state.requests).has(reply_to)) {
      requests ??= new Map(state.requests);
      requests.delete(reply_to);
    }
  }
  return requests ?? state.requests;
}

/** A pushed change. A `resync` is for whoever lists the topic again; it changes nothing here. */
export function applyChange(state: State, change: TopicChange): State {
  if (change.change === 'resync') return state;
  switch (change.topic) {
    case 'session': {
      const agents = new Map(state.agents);
      const { agent_id, session_id } = change.value;
      const known = agents.get(agent_id);
      const ended = change.change === 'closed' || change.change === 'expired' || change.change === 'replaced';
      if (!ended) agents.set(agent_id, change.value);
      // The end of a session that another one has replaced is no absence.
      else if (known?.session_id === session_id) agents.delete(agent_id);
      const self = agent_id === state.self && !ended ? { display_name: change.value.display_name } : {};
      return { ...state, agents, ...self };
    }
    case 'channel': {
      const { name } = change.value;
      if (state.channels.includes(name)) return state;
      return { ...state, channels: [...state.channels, name].sort() };
    }
    case 'claim': {
      const claims = new Map(state.claims);
      const { claim_key } = change.value;
      if (change.change === 'acquired' || change.change === 'refreshed') claims.set(claim_key, change.value);
      else claims.delete(claim_key);
      return { ...state, claims };
    }
    case 'lock': {
      const locks = new Map(state.locks);
      const { file_path } = change.value;
      if (change.change === 'acquired' || change.change === 'refreshed') locks.set(file_path, change.value);
      else locks.delete(file_path);
      return { ...state, locks };
    }
    case 'task': {
      const tasks = newest(new Map(state.tasks).set(change.value.task_id, change.value));
      if (change.change !== 'done' || !state.requests.has(change.value.task_id)) return { ...state, tasks };
      const requests = new Map(state.requests);
      requests.delete(change.value.task_id);
      return { ...state, tasks, requests };
    }
    case 'token':
      return withToken(state, change.value);
    case 'audit':
      return withAudit(state, [change.value]);
    case 'hub':
      return applyHubChange(state, change.change, change.value);
  }
}

function applyHubChange(state: State, change: string, value: unknown): State {
  const fields = isJsonObject(value) ? value : {};
  if (change === 'shutdown_armed' || change === 'shutdown_final') {
    const remaining = typeof fields.remaining_sec === 'number' ? fields.remaining_sec : 0;
    const delay_sec = typeof fields.delay_sec === 'number' ? fields.delay_sec : remaining;
    return { ...state, shutdown: { atMs: state.nowMs + remaining * 1_000, delay_sec } };
  }
  if (change === 'shutdown_cancelled') return { ...state, shutdown: undefined };
  if (change === 'store_lost' || change === 'store_back') {
    const storeProblem = change === 'store_lost' ? String(fields.problem) : undefined;
    const text =
      storeProblem === undefined ? 'The store is back; posts are kept again.' : `The store is lost: ${storeProblem}.`;
    return withNotice({ ...state, storeProblem }, text, storeProblem === undefined ? 'good' : 'bad');
  }
  if (change === 'limited') return withNotice(state, limitText(fields), 'info');
  if (change === 'network' && typeof fields.allow_remote === 'boolean') {
    return { ...state, allow_remote: fields.allow_remote };
  }
  return state;
}

/** What somebody has too many of, by the limit that was met (identity §8). */
const TOO_MANY: Readonly<Record<string, string>> = {
  posts: 'posts too fast',
  bytes: 'posts too much',
  connections: 'opens too many connections',
  waits: 'has too many requests waiting',
  subscriptions: 'has too many subscriptions',
  tokens: 'shows wrong tokens again and again',
};

function limitText({ what, who, retry_after_sec }: Readonly<Record<string, unknown>>): string {
  const words = TOO_MANY[String(what)] ?? `meets the limit on ${String(what)}`;
  return `${String(who)} ${words} and is refused for now (${Number(retry_after_sec)} s at least).`;
}

/** Status of a thread by the rule of arc-v1 §5.6, from what is known here. */
export function threadStatus(state: State, thread_id: string): Thread['status'] {
  let total = 0;
  let open = 0;
  for (const task of state.tasks.values()) {
    if (task.thread_id !== thread_id) continue;
    total += 1;
    if (task.status === 'open') open += 1;
  }
  const summary = state.threads.get(thread_id);
  total = Math.max(total, summary?.total_task_count ?? 0);
  if (total > 0 && open === 0) return 'completed';
  return leasesOf(state, thread_id) > 0 ? 'open' : 'waiting';
}

export const countOf = ({ message_count }: Thread): string =>
  `${message_count} ${message_count === 1 ? 'message' : 'messages'}`;

/** What tells one thread from another in a list: `open, 12 messages`. */
export function threadHint(state: State, thread_id: string): string {
  const thread = state.threads.get(thread_id);
  const status = threadStatus(state, thread_id);
  return thread === undefined ? status : `${status}, ${countOf(thread)}`;
}

function leasesOf(state: State, thread_id: string): number {
  let count = 0;
  for (const claim of state.claims.values()) if (claim.thread_id === thread_id) count += 1;
  for (const lock of state.locks.values()) if (lock.metadata.thread_id === thread_id) count += 1;
  return count;
}
