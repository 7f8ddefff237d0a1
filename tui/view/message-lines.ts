/** One message as lines. Bodies are wrapped once for each width; what depends on other facts is made anew. */

import { cut, printable, wrap } from '../../base/terminal-text.js';
import type { Message } from '../../protocol/index.js';
import { cutLine, ends, type Line, line, lineWidth, type Span, span } from '../line.js';
import type { State } from '../state/state.js';
import { mentions } from '../state/view.js';
import { clockTime, toMs } from '../time.js';
import { attachmentLines } from './attachments.js';
import { agentName, agentRole, agentSpans, kindBadge } from './people.js';

/** Columns of the time before the name, under which the body stands. */
export const INDENT = 6;
/** A longer body is folded in the feed; it can be opened whole. */
const FOLD_CHARS = 4_000;
const FOLD_LINES = 24;
/** Messages of one agent within this time are shown under one name. */
const JOIN_MS = 180_000;

const indent = (spans: Line): Line => [span(' '.repeat(INDENT)), ...spans];

const cache = new WeakMap<Message, { readonly columns: number; readonly lines: readonly Line[] }>();

function bodyLines(message: Message, columns: number): readonly Line[] {
  const cached = cache.get(message);
  if (cached?.columns === columns) return cached.lines;
  const room = Math.max(10, columns - INDENT);
  const lines = textLines(message.body, room);
  for (const attachment of message.attachments) lines.push(...attachmentLines(attachment, { columns: room }));
  const indented = lines.map(indent);
  cache.set(message, { columns, lines: indented });
  return indented;
}

function textLines(body: string, columns: number): Line[] {
  if (body === '') return [];
  const start = body.length > FOLD_CHARS ? body.slice(0, FOLD_CHARS) : body;
  const rows = wrap(printable(start, { lines: true }).trimEnd(), columns);
  const shown = rows.slice(0, FOLD_LINES);
  const isFolded = rows.length > shown.length || start.length < body.length;
  const lines = shown.map((row) => bodyLine(row));
  if (isFolded)
    lines.push(line(`… folded, ${body.length.toLocaleString('en')} characters in all (Enter opens it)`, 'muted'));
  return lines;
}

/** Mentions stand out. */
function bodyLine(row: string): Line {
  if (!row.includes('@')) return line(row);
  return row
    .split(/(@[\p{L}\p{N}_.-]+)/u)
    .filter((part) => part !== '')
    .map((part) => span(part, part.startsWith('@') && part.length > 1 ? 'mention' : undefined));
}

export interface MessageLineOptions {
  readonly columns: number;
  /** The message above it in the feed. */
  readonly previous: Message | undefined;
  readonly quoted: Message | undefined;
}

export function messageLines(state: State, message: Message, options: MessageLineOptions): Line[] {
  const { columns, previous, quoted } = options;
  const lines: Line[] = [];
  if (!continues(message, previous)) lines.push(header(state, message, columns));
  if (message.reply_to !== null) lines.push(quote(message.reply_to, quoted, state.self, columns));
  lines.push(...bodyLines(message, columns));
  return lines.length > 0 ? lines : [header(state, message, columns)];
}

function continues(message: Message, previous: Message | undefined): boolean {
  return (
    previous !== undefined &&
    message.kind === 'chat' &&
    previous.kind === 'chat' &&
    message.reply_to === null &&
    previous.from_agent === message.from_agent &&
    previous.to_agent === message.to_agent &&
    previous.channel === message.channel &&
    previous.thread_id === message.thread_id &&
    toMs(message.ts) - toMs(previous.ts) < JOIN_MS
  );
}

/** Who, to whom, of what kind, and where; in a narrow feed the display name goes first, and then the place. */
function header(state: State, message: Message, columns: number): Line {
  const nameRoom = Math.max(12, Math.floor(columns / 4));
  const place = placeOf(state, message);
  const number = place.slice(-1);
  const short = headLine(state, message, nameRoom, 0);
  const choices = [
    [headLine(state, message, nameRoom, Math.floor(columns / 3)), place],
    [short, place],
  ] as const;
  const fitting = choices.find(([left, right]) => lineWidth(left) + 1 + lineWidth(right) <= columns);
  const [left, right] = fitting ?? [short, number];
  return ends(left, right, columns);
}

function headLine(state: State, message: Message, nameRoom: number, displayRoom: number): Line {
  const { from_agent, to_agent, kind, id } = message;
  const name =
    displayRoom > 0
      ? agentSpans(from_agent, state, displayRoom)
      : [span(cut(agentName(from_agent), nameRoom), agentRole(from_agent, state.self))];
  const left: Span[] = [span(`${clockTime(toMs(message.ts))} `, 'muted'), ...name];
  if (to_agent !== null) {
    const you = to_agent === state.self;
    left.push(span(' → ', 'muted'));
    left.push(you ? span('you', 'mention') : span(cut(agentName(to_agent), nameRoom), agentRole(to_agent, state.self)));
  }
  const badge = kindBadge(kind);
  if (badge.length > 0) left.push(span(' '), ...badge);
  const task = state.tasks.get(id);
  if (task !== undefined) left.push(task.status === 'done' ? span(' ✓ done', 'good') : span(' ○ open', 'warn'));
  const completed = message.metadata.task_completed;
  if (typeof completed === 'number') left.push(span(` ✓ #${completed}`, 'good'));
  if (to_agent === null && mentions(message.body, state.self)) left.push(span(' ← you', 'mention'));
  return left;
}

/** Thread, channel and number, as far as the open view does not say them. */
function placeOf({ view }: State, { to_agent, thread_id, channel, id }: Message): Line {
  const place: Span[] = [];
  if (thread_id !== null && view.kind !== 'thread') place.push(span(`~${cut(printable(thread_id), 16)} `, 'muted'));
  if (to_agent === null && view.kind !== 'channel') place.push(span(`#${cut(printable(channel), 16)} `, 'muted'));
  return [...place, span(String(id), 'muted')];
}

function quote(id: number, quoted: Message | undefined, self: string, columns: number): Line {
  if (quoted === undefined) return indent(line(cut(`↳ reply to ${id}`, columns - INDENT), 'muted'));
  return indent(
    cutLine(
      [
        span('↳ ', 'muted'),
        span(cut(agentName(quoted.from_agent), 20), agentRole(quoted.from_agent, self)),
        span(` ${printable(quoted.body.slice(0, 300)) || '(attachment)'}`, 'muted'),
      ],
      columns - INDENT,
    ),
  );
}

/** All of a message, for the window that shows nothing else. */
export function wholeMessage(state: State, message: Message, columns: number): Line[] {
  const lines: Line[] = [header(state, message, columns)];
  const { metadata } = message;
  const thread = message.thread_id === null ? '' : `  thread ${printable(message.thread_id)}`;
  const place = `${message.ts}  channel ${printable(message.channel)}${thread}`;
  lines.push(...wrap(place, columns).map((row) => line(row, 'muted')), []);
  if (message.body !== '') lines.push(...wrap(printable(message.body, { lines: true }), columns).map(bodyLine), []);
  for (const attachment of message.attachments)
    lines.push(...attachmentLines(attachment, { columns, whole: true }), []);
  if (Object.keys(metadata).length > 0) {
    lines.push(
      ...attachmentLines({ type: 'json', content: metadata }, { columns, whole: true })
        .slice(1)
        .map((row, i) => (i === 0 ? [span('metadata ', 'muted'), ...row] : row)),
    );
  }
  return lines;
}
