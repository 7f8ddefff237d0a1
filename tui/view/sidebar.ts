/** The sidebar: where one can go, and who is there. */

import { cut, printable } from '../../base/terminal-text.js';
import { DIRECT_CHANNEL, type Session } from '../../protocol/index.js';
import { ends, type Line, line, lineWidth, type Span, span } from '../line.js';
import { isGuarded } from '../state/access.js';
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
import type { Role } from '../theme.js';
import { agentSpans, capabilitiesText, holdings } from './people.js';

export interface SidebarEntry {
  /** Unique in the sidebar; undefined for headings. */
  readonly key: string | undefined;
  readonly view?: View;
  readonly agent_id?: string;
  readonly left: Line;
  readonly right: Line;
  /** More about it, each in a row of its own where there is room for all of them. */
  readonly notes?: readonly string[];
}

const THREADS = 30;
const DIRECTS = 30;

/** What is left of abilities that are cut shorter says nothing. */
const MIN_ABILITIES = 8;

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
  entries.push(heading(`Agents ${agents.length}`), ...agents.map((session) => agent(state, session)));
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

function agent(state: State, session: Session): SidebarEntry {
  const { agent_id } = session;
  const isSelf = agent_id === state.self;
  const held = holdings(state, agent_id);
  const abilities = capabilitiesText(session);
  const notes = abilities === '' ? [] : [`can ${abilities}`];
  if (held.length > 0) notes.push(`holds ${held.join(', ')}`);
  return {
    key: `agent:${agent_id}`,
    agent_id,
    view: isSelf ? INBOX : directView(agent_id, state.self),
    left: [span(state.muted.has(agent_id) ? '⊘ ' : '● ', 'good')],
    right: held.length > 0 ? [span(`holds ${held.length}`, 'number')] : [],
    notes,
  };
}

/** The name in the room there is, and abilities after it where they have no row of their own. */
function agentLine(state: State, entry: SidebarEntry, columns: number, hasNotes: boolean): Line {
  const { agent_id = '', left, right, notes = [] } = entry;
  const isSelf = agent_id === state.self;
  const isVerified = isGuarded(state, agent_id);
  const room =
    columns - lineWidth(left) - (isSelf ? 4 : 0) - (isVerified ? 2 : 0) - (right.length > 0 ? lineWidth(right) + 1 : 0);
  const marks = [...(isVerified ? [span(' ✓', 'good')] : []), ...(isSelf ? [span(' you', 'muted')] : [])];
  const name = [...agentSpans(agent_id, state, room), ...marks];
  const rest = room - lineWidth(name) - 1;
  const abilities = hasNotes ? undefined : notes.find((each) => each.startsWith('can '))?.slice(4);
  const more = abilities !== undefined && rest >= MIN_ABILITIES ? [span(` ${cut(abilities, rest)}`, 'muted')] : [];
  return [...left, ...name, ...more];
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
  const current = isFocused ? (state.rows.sidebar ?? here) : here;
  const hasNotes = entries.reduce((sum, { notes = [] }) => sum + 1 + notes.length, 0) <= rows;
  const lines: Line[] = [];
  let at = 0;
  for (const entry of entries) {
    const { key, left, right, agent_id, notes = [] } = entry;
    if (key === undefined) {
      lines.push(line(cut(` ${left[0]?.text ?? ''}`, columns), 'muted'));
      continue;
    }
    if (key === current) at = lines.length;
    const mark = isFocused && key === current ? '▸' : key === here ? '›' : ' ';
    const shown = agent_id === undefined ? left : agentLine(state, entry, columns - 1, hasNotes);
    lines.push(ends([span(mark, 'focus'), ...shown], right, columns));
    if (hasNotes) lines.push(...notes.map((note) => line(cut(`   ${note}`, columns), 'muted')));
  }
  return scrolled(lines, at, rows);
}

/** `rows` of `lines` with line `at` among them; one look ahead where there is room. */
export function scrolled(lines: readonly Line[], at: number, rows: number): Line[] {
  if (lines.length <= rows) return [...lines];
  const from = Math.max(0, Math.min(at - Math.floor(rows * 0.7), lines.length - rows));
  return lines.slice(from, from + rows);
}
