/** The detail pane: what is being done here, and who holds what. */

import { cut, printable, wrap } from '../../base/terminal-text.js';
import type { Task } from '../../protocol/index.js';
import { cutLine, ends, type Line, line, lineWidth, rule, type Span, span } from '../line.js';
import { countOf, threadStatus } from '../state/hub-facts.js';
import type { State } from '../state/state.js';
import { partnerOf } from '../state/view.js';
import { duration, toMs } from '../time.js';
import { agentName, agentRole, capabilitiesText, holdings } from './people.js';
import { scrolled } from './sidebar.js';

export type DetailItem =
  | { readonly kind: 'task'; readonly task_id: number; readonly thread_id: string | null }
  | { readonly kind: 'claim'; readonly claim_key: string; readonly owner: string; readonly thread_id: string | null }
  | { readonly kind: 'lock'; readonly file_path: string; readonly owner: string };

interface DetailRow {
  readonly key?: string;
  readonly item?: DetailItem;
  readonly line: Line;
}

const DONE_TASKS = 5;

function detailRows(state: State, columns: number): DetailRow[] {
  const rows: DetailRow[] = [...aboutView(state, columns).map((each) => ({ line: each }))];
  rows.push(...taskRows(state, columns), ...claimRows(state, columns), ...lockRows(state, columns));
  return rows;
}

export function detailItems(state: State): { readonly key: string; readonly item: DetailItem }[] {
  return detailRows(state, 40).flatMap(({ key, item }) =>
    key === undefined || item === undefined ? [] : [{ key, item }],
  );
}

export function detailLines(state: State, columns: number, rows: number): Line[] {
  const all = detailRows(state, columns);
  const isFocused = state.focus === 'detail';
  const at = isFocused
    ? Math.max(
        0,
        all.findIndex(({ key }) => key !== undefined && key === state.rows.detail),
      )
    : 0;
  const lines = all.map(({ key, line: each }): Line => {
    const isSelected = isFocused && key !== undefined && key === state.rows.detail;
    return key === undefined ? each : [span(isSelected ? '▸' : ' ', 'focus'), ...each];
  });
  return scrolled(lines, at, rows);
}

function aboutView(state: State, columns: number): Line[] {
  const { view } = state;
  if (view.kind === 'thread') return aboutThread(state, view.thread_id, columns);
  const partner = partnerOf(view, state.self);
  return partner === undefined ? [] : aboutAgent(state, partner, columns);
}

function aboutThread(state: State, thread_id: string, columns: number): Line[] {
  const thread = state.threads.get(thread_id);
  const status = threadStatus(state, thread_id);
  const lines: Line[] = [rule(`thread ${printable(thread_id)}`, columns)];
  const role = status === 'completed' ? 'good' : status === 'open' ? 'accent' : 'warn';
  lines.push([span(` ${status}`, role), span(thread === undefined ? '' : `, ${countOf(thread)}`, 'muted')]);
  if (thread?.latest_message_ts) {
    lines.push(line(` last ${duration(state.nowMs - toMs(thread.latest_message_ts))} ago`, 'muted'));
  }
  return lines;
}

function aboutAgent(state: State, agent_id: string, columns: number): Line[] {
  const session = state.agents.get(agent_id);
  const lines: Line[] = [rule(printable(agent_id), columns)];
  const said = state.window.messages.findLast(({ from_agent }) => from_agent === agent_id);
  const last =
    said === undefined ? [] : [line(` last said something ${duration(state.nowMs - toMs(said.ts))} ago`, 'muted')];
  if (session === undefined) return [...lines, line(' ○ away: no live session', 'warn'), ...last];
  lines.push([
    span(' ● live', 'good'),
    span(`, here for ${duration(state.nowMs - toMs(session.created_at))}`, 'muted'),
  ]);
  if (session.display_name !== agent_id) lines.push(line(cut(` called ${printable(session.display_name)}`, columns)));
  const abilities = capabilitiesText(session);
  const held = holdings(state, agent_id);
  const facts = [abilities && `can ${abilities}`, held.length > 0 && `holds ${held.join(', ')}`];
  for (const fact of facts) {
    if (fact) lines.push(...wrap(fact, columns - 1).map((row) => line(` ${row}`, 'muted')));
  }
  return [...lines, ...last];
}

function isHere(state: State, task: Task): boolean {
  const { view } = state;
  if (view.kind === 'thread') return task.thread_id === view.thread_id;
  return view.kind !== 'channel' || task.channel === view.channel;
}

/** Tasks as a tree: open ones, the parents that lead to them, and the newest that are done. */
function taskRows(state: State, columns: number): DetailRow[] {
  const here = [...state.tasks.values()].filter((task) => isHere(state, task)).sort((a, b) => a.task_id - b.task_id);
  const open = here.filter(({ status }) => status === 'open');
  const done = here.filter(({ status }) => status === 'done').slice(-DONE_TASKS);
  const shown = new Map([...open, ...done].map((task) => [task.task_id, task]));
  for (const task of open) {
    let parent = task.parent_task_id === null ? undefined : state.tasks.get(task.parent_task_id);
    for (let depth = 0; parent !== undefined && depth < 8; depth++) {
      shown.set(parent.task_id, parent);
      parent = parent.parent_task_id === null ? undefined : state.tasks.get(parent.parent_task_id);
    }
  }
  const rows: DetailRow[] = [{ line: rule(`tasks ${open.length} open`, columns) }];
  const children = new Map<number | null, Task[]>();
  for (const task of [...shown.values()].sort((a, b) => a.task_id - b.task_id)) {
    const parent = task.parent_task_id !== null && shown.has(task.parent_task_id) ? task.parent_task_id : null;
    children.set(parent, [...(children.get(parent) ?? []), task]);
  }
  const visit = (parent: number | null, depth: number) => {
    for (const task of depth > 8 ? [] : (children.get(parent) ?? [])) {
      rows.push(taskRow(state, task, depth, columns));
      visit(task.task_id, depth + 1);
    }
  };
  visit(null, 0);
  if (rows.length === 1) rows.push({ line: line(' none', 'muted') });
  return rows;
}

function taskRow(state: State, task: Task, depth: number, columns: number): DetailRow {
  const { task_id, status, thread_id } = task;
  const isDone = status === 'done';
  const age = duration(state.nowMs - toMs(task.completed_at ?? task.created_at));
  const title = printable(state.titles.get(task_id) ?? '');
  const left: Span[] = [
    span(`${'  '.repeat(depth)}${isDone ? '✓' : '○'} `, isDone ? 'good' : 'warn'),
    span(`${task_id} `, 'muted'),
    span(title, isDone ? 'muted' : undefined),
  ];
  const row = ends(left, [span(age, 'muted')], columns - 1);
  return { key: `task:${task_id}`, item: { kind: 'task', task_id, thread_id }, line: row };
}

function claimRows(state: State, columns: number): DetailRow[] {
  const { view } = state;
  const claims = [...state.claims.values()].filter(
    (claim) => view.kind !== 'thread' || claim.thread_id === view.thread_id,
  );
  const rows: DetailRow[] = [{ line: rule(`claims ${claims.length}`, columns) }];
  for (const { claim_key, owner_agent_id: owner, claimed_at, expires_at, thread_id } of claims) {
    const item = { kind: 'claim', claim_key, owner, thread_id } as const;
    const lease = { key: `claim:${claim_key}`, item, name: claim_key, owner, since: claimed_at, until: expires_at };
    rows.push(...leaseRows(state, lease, columns));
  }
  if (claims.length === 0) rows.push({ line: line(' none', 'muted') });
  return rows;
}

function lockRows(state: State, columns: number): DetailRow[] {
  const { view } = state;
  const locks = [...state.locks.values()].filter(
    (lock) => view.kind !== 'thread' || lock.metadata.thread_id === view.thread_id,
  );
  const rows: DetailRow[] = [{ line: rule(`locks ${locks.length}`, columns) }];
  for (const { file_path, agent_id: owner, locked_at, expires_at } of locks) {
    const item = { kind: 'lock', file_path, owner } as const;
    const lease = { key: `lock:${file_path}`, item, name: file_path, owner, since: locked_at, until: expires_at };
    rows.push(...leaseRows(state, lease, columns));
  }
  if (locks.length === 0) rows.push({ line: line(' none', 'muted') });
  return rows;
}

interface Lease {
  readonly key: string;
  readonly item: DetailItem;
  readonly name: string;
  readonly owner: string;
  readonly since: string;
  readonly until: string;
}

/** `src/a.ts  ana 3m, 58s left`; the name in a row of its own where both do not fit. */
function leaseRows(state: State, lease: Lease, columns: number): DetailRow[] {
  const { key, item, name, owner, since, until } = lease;
  const leftMs = toMs(until) - state.nowMs;
  const right: Span[] = [
    span(cut(agentName(owner), 14), agentRole(owner, state.self)),
    span(` ${duration(state.nowMs - toMs(since))},`, 'muted'),
    span(leftMs > 0 ? ` ${duration(leftMs)} left` : ' ended', leftMs > 30_000 ? 'muted' : 'warn'),
  ];
  const left = [span(printable(name))];
  if (lineWidth(left) + 1 + lineWidth(right) < columns) return [{ key, item, line: ends(left, right, columns - 1) }];
  return [{ key, item, line: cutLine(left, columns - 1) }, { line: ends([], right, columns) }];
}
