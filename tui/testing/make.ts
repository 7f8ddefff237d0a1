/** Small makers of hub facts for tests. */
import type { Message, Session, Task } from '../../protocol/index.js';
import type { Action } from '../state/actions.js';
import { reduce } from '../state/reduce.js';
import { initialState, type State } from '../state/state.js';

export const NOW_MS = Date.parse('2026-03-02T12:00:00Z');

const at = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

export function message(id: number, fields: Partial<Message> = {}): Message {
  return {
    id,
    ts: at(NOW_MS - 3_600_000 + id * 1_000),
    from_agent: 'ana',
    to_agent: null,
    channel: 'general',
    kind: 'chat',
    body: `message ${id}`,
    attachments: [],
    reply_to: null,
    thread_id: null,
    metadata: {},
    ...fields,
  };
}

export function session(agent_id: string, fields: Partial<Session> = {}): Session {
  return {
    session_id: `s-${agent_id}`,
    agent_id,
    display_name: agent_id,
    capabilities: [],
    metadata: {},
    created_at: at(NOW_MS - 60_000),
    last_seen: at(NOW_MS),
    active: true,
    ...fields,
  };
}

export function task(task_id: number, fields: Partial<Task> = {}): Task {
  return {
    task_id,
    parent_task_id: null,
    channel: 'general',
    thread_id: null,
    status: 'open',
    created_at: at(NOW_MS - 60_000),
    completed_at: null,
    ...fields,
  };
}

/** A dashboard that is connected and signed in as `operator`, after `actions`. */
export function stateAfter(...actions: Action[]): State {
  const start: Action[] = [
    { type: 'link', which: 'reader', state: 'open' },
    { type: 'link', which: 'actor', state: 'open' },
    {
      type: 'channels',
      channels: ['build', 'general'].map((name) => ({ name, created_at: at(NOW_MS), created_by: null, metadata: {} })),
    },
    { type: 'agents', agents: [session('operator'), session('ana', { capabilities: ['plan'] }), session('ben')] },
  ];
  const state = initialState({ baseUrl: 'http://127.0.0.1:6969', self: 'operator', nowMs: NOW_MS });
  return [...start, ...actions].reduce(reduce, state);
}

export const many = (from: number, to: number, fields: Partial<Message> = {}): Message[] =>
  Array.from({ length: to - from + 1 }, (_, i) => message(from + i, fields));
