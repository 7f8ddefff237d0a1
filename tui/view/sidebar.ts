/** The sidebar: where one can go, and who is there. */
import { DIRECT_CHANNEL } from '../../protocol/index.js';
import { ends, type Line, line, type Span, span } from '../line.js';
import { threadStatus } from '../state/hub-facts.js';
import type { State } from '../state/state.js';
import {
  ALL,
  channelView,
  directView,
  INBOX,
  partnerOf,
  threadView,
  type View,
  viewKey,
  viewTitle,
} from '../state/view.js';
import { cut, printable } from '../text.js';
import type { Role } from '../theme.js';
import { agentSpans, capabilitiesText, holds } from './people.js';

export interface SidebarEntry {
  /** Unique in the sidebar; undefined for headings. */
  readonly key: string | undefined;
  readonly view?: View;
  readonly agent_id?: string;
  readonly left: Line;
  readonly right: Line;
}

const THREADS = 30;
const DIRECTS = 30;

const STATUS_MARKS = { open: '●', waiting: '○', completed: '✓' } as const;

export function sidebarEntries(state: State): SidebarEntry[] {
  const entries: SidebarEntry[] = [
    place(state, ALL, '* ', 'Everything'),
    place(state, INBOX, '! ', 'Inbox', state.requests.size > 0 ? `${state.requests.size} to answer ` : ''),
    heading('Channels'),
  ];
  for (const name of state.channels) {
    const view = channelView(name);
    const isBusy = state.unread.has(viewKey(view)) || viewKey(state.view) === viewKey(view);
    // Direct messages carry this label; as a channel it is seldom used.
    if (name === DIRECT_CHANNEL && !isBusy) continue;
    entries.push(place(state, view, '# ', printable(name)));
  }
  const agents = [...state.agents.values()].sort((a, b) => (a.agent_id < b.agent_id ? -1 : 1));
  entries.push(heading(`Agents ${agents.length}`));
  for (const session of agents) {
    const { agent_id } = session;
    const isSelf = agent_id === state.self;
    const held = holds(state, agent_id);
    const abilities = capabilitiesText(session);
    const left: Span[] = [span(state.muted.has(agent_id) ? '⊘ ' : '● ', 'good'), ...agentSpans(agent_id, state, 24)];
    if (isSelf) left.push(span(' you', 'muted'));
    if (abilities !== '') left.push(span(` ${abilities}`, 'muted'));
    entries.push({
      key: `agent:${agent_id}`,
      agent_id,
      ...(isSelf ? { view: INBOX } : { view: directView(agent_id, state.self) }),
      left,
      right: held > 0 ? [span(`holds ${held}`, 'number')] : [],
    });
  }
  const directs = [...state.directs.values()].sort((a, b) => b.latestId - a.latestId).slice(0, DIRECTS);
  if (directs.length > 0) entries.push(heading('Direct'));
  for (const { view } of directs) {
    const isOwn = partnerOf(view, state.self) !== undefined;
    entries.push(place(state, view, isOwn ? '@ ' : '  ', printable(viewTitle(view, state.self).replace(/^@/, ''))));
  }
  const threads = [...state.threads.values()]
    .sort((a, b) => (b.latest_message_id ?? 0) - (a.latest_message_id ?? 0))
    .slice(0, THREADS);
  if (threads.length > 0) entries.push(heading('Threads'));
  for (const { thread_id } of threads) {
    const mark = STATUS_MARKS[threadStatus(state, thread_id)];
    entries.push(place(state, threadView(thread_id), `${mark} `, printable(thread_id)));
  }
  return entries;
}

const heading = (text: string): SidebarEntry => ({ key: undefined, left: [span(text, 'muted')], right: [] });

function place(state: State, view: View, mark: string, name: string, extra = ''): SidebarEntry {
  const key = viewKey(view);
  const count = state.unread.get(key) ?? 0;
  const role: Role | undefined = key === viewKey(state.view) ? 'accent' : count > 0 ? 'unread' : undefined;
  const right: Span[] = [];
  if (extra !== '') right.push(span(extra, 'warn'));
  if (count > 0) right.push(span(count > 999 ? '999+' : String(count), view.kind === 'inbox' ? 'mention' : 'unread'));
  return { key, view, left: [span(mark, 'muted'), span(name, role)], right };
}

export const sidebarKeys = (state: State): string[] =>
  sidebarEntries(state).flatMap(({ key }) => (key === undefined ? [] : [key]));

export function sidebarLines(state: State, columns: number, rows: number): Line[] {
  const entries = sidebarEntries(state);
  const here = viewKey(state.view);
  const isFocused = state.focus === 'sidebar';
  const current = isFocused ? (state.sidebarKey ?? here) : here;
  const lines = entries.map(({ key, left, right }) => {
    if (key === undefined) return line(cut(` ${left[0]?.text ?? ''}`, columns), 'muted');
    const mark = isFocused && key === current ? '▸' : key === here ? '›' : ' ';
    return ends([span(mark, 'focus'), ...left], right, columns);
  });
  const at = Math.max(
    0,
    entries.findIndex(({ key }) => key === current),
  );
  return scrolled(lines, at, rows);
}

/** `rows` of `lines` with line `at` among them; one look ahead where there is room. */
export function scrolled(lines: readonly Line[], at: number, rows: number): Line[] {
  if (lines.length <= rows) return [...lines];
  const from = Math.max(0, Math.min(at - Math.floor(rows * 0.7), lines.length - rows));
  return lines.slice(from, from + rows);
}
