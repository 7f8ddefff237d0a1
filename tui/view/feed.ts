/**
 * The feed as lines. It is built upwards from where the reader stands, and only as far as the screen reaches, so that
 * its cost does not depend on how much is kept.
 *
 * Every message owns a block of lines: a day separator if it is the first of a day, notices of the dashboard that came
 * before it, and itself. A last block holds the newest notices and the posts that are not sent yet.
 */

import { cut, printable, wrap } from '../../base/terminal-text.js';
import type { Message } from '../../protocol/index.js';
import { cutLine, type Line, line, rule, type Span, span } from '../line.js';
import { findById, merge } from '../state/messages.js';
import type { Scroll, State, UnsentPost } from '../state/state.js';
import { channelView, type Filter, hasFilter, inView, passes, type View, viewKey } from '../state/view.js';
import { clockTime, dayKey, dayName, duration, toMs } from '../time.js';
import { INDENT, messageLines } from './message-lines.js';
import { noticeLines } from './notices.js';

export interface FeedSize {
  readonly columns: number;
  readonly rows: number;
}

export interface FeedFrame {
  readonly lines: readonly Line[];
  /** Message of each line; undefined for separators and notices. */
  readonly ids: readonly (number | undefined)[];
  /** Whether the oldest message kept is on the screen. */
  readonly atTop: boolean;
}

/** Columns left of the lines, for the mark of the selected message. */
const GUTTER = 2;

interface Block {
  readonly id: number;
  readonly lines: readonly Line[];
  /** Where the message itself begins, after separators. */
  readonly start: number;
}

/** Stands for the block after the last message. */
export const TAIL_ID = Number.MAX_SAFE_INTEGER;

interface Memo {
  readonly window: readonly Message[];
  readonly history: readonly Message[];
  readonly view: View;
  readonly filter: Filter;
  readonly muted: ReadonlySet<string>;
  readonly self: string;
  readonly list: readonly Message[];
}
let memo: Memo | undefined;

/** The messages that the feed shows, ascending; the same array as long as nothing has changed. */
export function feedMessages(state: State): readonly Message[] {
  const { window, history, view, filter, muted, self } = state;
  const same =
    memo !== undefined &&
    memo.window === window.messages &&
    memo.history === history &&
    memo.view === view &&
    memo.filter === filter &&
    memo.muted === muted &&
    memo.self === self;
  if (same && memo !== undefined) return memo.list;
  const all = merge(history, window.messages);
  const isPlain = view.kind === 'all' && !hasFilter(filter) && muted.size === 0;
  const list = isPlain ? all : all.filter((each) => inView(each, view, self) && passes(each, filter, muted));
  memo = { window: window.messages, history, view, filter, muted, self, list };
  return list;
}

class Blocks {
  readonly list: readonly Message[];
  readonly #state: State;
  readonly #columns: number;
  readonly #made = new Map<number, Block>();

  constructor(state: State, columns: number) {
    this.list = feedMessages(state);
    this.#state = state;
    this.#columns = Math.max(10, columns - GUTTER);
  }

  /** One more than there are messages: the last is the tail. */
  get count(): number {
    return this.list.length + 1;
  }

  at(index: number): Block {
    let block = this.#made.get(index);
    if (block === undefined) {
      block = this.#make(index);
      this.#made.set(index, block);
    }
    return block;
  }

  indexOf(id: number): number {
    if (id === TAIL_ID) return this.count - 1;
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.list[middle]?.id ?? 0) < id) low = middle + 1;
      else high = middle;
    }
    return Math.min(low, this.count - 1);
  }

  #make(index: number): Block {
    const state = this.#state;
    const columns = this.#columns;
    const message = this.list[index];
    const above = this.list[index - 1];
    const from = above?.id ?? 0;
    const until = message?.id ?? TAIL_ID;
    const lines: Line[] = [];
    if (message !== undefined && index === 0) lines.push(...topLines(state, columns));
    const { gapAfter } = state;
    if (gapAfter !== undefined && from <= gapAfter && gapAfter < until)
      lines.push(...gapLines(state, gapAfter, columns));
    for (const notice of state.notices) {
      if (notice.afterId >= from && notice.afterId < until) lines.push(...noticeLines(notice, columns));
    }
    if (message === undefined) {
      for (const post of state.unsent) if (belongs(post, state)) lines.push(...unsentLines(post, state, columns));
      if (this.list.length === 0 && lines.length === 0) lines.push(...emptyLines(state, columns));
      return { id: TAIL_ID, lines, start: 0 };
    }
    const ms = toMs(message.ts);
    const isNewDay = above === undefined || dayKey(toMs(above.ts)) !== dayKey(ms);
    if (isNewDay) lines.push(rule(dayName(ms, state.nowMs), columns));
    const start = lines.length;
    const quoted =
      message.reply_to === null
        ? undefined
        : (findById(state.window.messages, message.reply_to) ?? findById(state.history, message.reply_to));
    const noticesBetween = start > 0;
    const previous = noticesBetween ? undefined : above;
    lines.push(...messageLines(state, message, { columns, previous, quoted }));
    return { id: message.id, lines, start };
  }
}

/** What moves over the feed and changes no line of it. */
const BESIDE_THE_LINES: ReadonlySet<keyof State> = new Set([
  ...(['selectedId', 'scroll', 'focus', 'overlay', 'input', 'completionIndex', 'composing'] as const),
  ...(['rows', 'right', 'showRight'] as const),
]);
let kept: { readonly state: State; readonly columns: number; readonly blocks: Blocks } | undefined;

/** The blocks of a state; the same ones, with the lines made so far, as long as none of them can have changed. */
function blocksOf(state: State, columns: number): Blocks {
  if (kept?.columns === columns && sameLines(kept.state, state)) return kept.blocks;
  const blocks = new Blocks(state, columns);
  kept = { state, columns, blocks };
  return blocks;
}

function sameLines(a: State, b: State): boolean {
  if (a === b) return true;
  for (const key of Object.keys(b) as (keyof State)[]) {
    if (a[key] !== b[key] && !BESIDE_THE_LINES.has(key)) return false;
  }
  return true;
}

function topLines(state: State, columns: number): Line[] {
  if (state.historyState === 'loading') return [line(cut('… loading older messages', columns), 'muted')];
  if (state.historyState === 'complete' || state.window.floorId === 0) return [];
  return [line(cut('… older messages: scroll up to load them', columns), 'muted')];
}

/** Where messages between two that are shown are not loaded; a reader must not take them for neighbours. */
function gapLines({ window }: State, gapAfter: number, columns: number): Line[] {
  const text = `what was said from ${gapAfter + 1} to ${window.floorId} is not loaded: /jump ${gapAfter + 1} reads on`;
  return [rule(text, columns, 'warn')];
}

function emptyLines(state: State, columns: number): Line[] {
  if (hasFilter(state.filter)) {
    const isAll = state.historyState === 'complete' || state.window.floorId === 0;
    const rows = [
      'Nothing here passes the filter. /filter off shows all.',
      ...(isAll ? [] : ['PgUp looks further back.']),
    ];
    return rows.map((row) => line(cut(row, columns), 'muted'));
  }
  if (state.reader.state === 'waiting' || state.reader.state === 'closed') {
    const why = wrap(`No hub at ${state.baseUrl}: ${printable(state.reader.text ?? '')}`, columns).map((row) =>
      line(row, 'warn'),
    );
    const hint = 'It is tried again and again. `arc serve` starts a hub; `arc tui --demo` shows one.';
    return [
      ...why,
      ...wrap(state.reader.state === 'waiting' ? hint : 'Ctrl+C leaves.', columns).map((row) => line(row, 'muted')),
    ];
  }
  if (state.reader.state !== 'open') return [line('Connecting …', 'muted')];
  const text =
    state.view.kind === 'inbox' ? 'Nothing for you yet.' : 'Nothing said here yet. Type below, or press F1 for help.';
  return wrap(text, columns).map((row) => line(row, 'muted'));
}

/** Unsent posts stand where they were written, and in everything. */
function belongs({ params }: UnsentPost, state: State): boolean {
  const { view } = state;
  if (view.kind === 'all' || view.kind === 'inbox') return true;
  if (params.thread_id !== undefined && viewKey(view) === `~${params.thread_id}`) return true;
  if (params.to_agent !== undefined) return view.kind === 'direct' && view.pair.includes(params.to_agent);
  return params.channel !== undefined && viewKey(channelView(params.channel)) === viewKey(view);
}

function unsentLines({ params, status, error, sinceMs }: UnsentPost, state: State, columns: number): Line[] {
  const isFailed = status === 'failed';
  const isLost = state.actor.state !== 'open';
  const what = isFailed
    ? `✗ NOT SENT: ${printable(error ?? 'refused')}  (/retry or /drop)`
    : isLost
      ? `… not sent yet, for ${duration(state.nowMs - sinceMs)} (/drop forgets it)`
      : '… sending';
  const to: Span[] = params.to_agent === undefined ? [] : [span(` → ${printable(params.to_agent)}`, 'muted')];
  const body = wrap(printable(params.body.slice(0, 2_000), { lines: true }), columns - INDENT).slice(0, 8);
  const { length = 0 } = params.attachments ?? [];
  if (length > 0) body.push(`+ ${length} ${length === 1 ? 'attachment' : 'attachments'}`);
  return [
    cutLine([span(`${clockTime(sinceMs)} `, 'muted'), span(printable(state.self), 'self'), ...to], columns),
    ...body.map((row): Line => [span(' '.repeat(INDENT)), span(row, 'muted')]),
    ...wrap(what, columns - INDENT).map(
      (row): Line => [span(' '.repeat(INDENT)), span(row, isFailed ? 'bad' : 'warn')],
    ),
  ];
}

interface Position {
  readonly index: number;
  readonly line: number;
}

function bottomOf(blocks: Blocks, scroll: Scroll): Position {
  const last = blocks.count - 1;
  if (scroll.kind === 'end') return lastLine(blocks, last);
  const index = blocks.indexOf(scroll.id);
  const block = blocks.at(index);
  // A message that is gone leaves its place to the next one.
  return block.id === scroll.id
    ? { index, line: Math.min(scroll.line, block.lines.length - 1) }
    : { index, line: Math.min(block.start, block.lines.length - 1) };
}

/** The last line of a block, or of one before it if it has none. */
function lastLine(blocks: Blocks, from: number): Position {
  for (let index = from; index >= 0; index--) {
    const { length } = blocks.at(index).lines;
    if (length > 0) return { index, line: length - 1 };
  }
  return { index: 0, line: -1 };
}

/** Moves by lines, down if positive; stops at both ends. `moved` is how far it came. */
function walk(blocks: Blocks, from: Position, by: number): Position & { readonly moved: number } {
  let { index, line: at } = from;
  let moved = 0;
  while (moved < by) {
    if (at + 1 < blocks.at(index).lines.length) at += 1;
    else {
      let next = index + 1;
      while (next < blocks.count && blocks.at(next).lines.length === 0) next += 1;
      if (next >= blocks.count) break;
      index = next;
      at = 0;
    }
    moved += 1;
  }
  while (moved > by) {
    if (at > 0) at -= 1;
    else {
      const above = lastLine(blocks, index - 1);
      if (index === 0 || above.line < 0) break;
      ({ index, line: at } = above);
    }
    moved -= 1;
  }
  return { index, line: at, moved };
}

/** What the screen shows. */
export function buildFeed(state: State, size: FeedSize): FeedFrame {
  const blocks = blocksOf(state, size.columns);
  const bottom = bottomOf(blocks, state.scroll);
  if (bottom.line < 0) return { lines: [], ids: [], atTop: true };
  const up = walk(blocks, bottom, -(size.rows - 1));
  // Where there is not enough above to fill the screen, more of what is below is shown.
  const lines: Line[] = [];
  const ids: (number | undefined)[] = [];
  let at: Position = up;
  while (lines.length < size.rows) {
    const block = blocks.at(at.index);
    const shown = block.lines[at.line] ?? [];
    const isMessage = block.id !== TAIL_ID && at.line >= block.start;
    const isSelected = isMessage && block.id === state.selectedId;
    lines.push([span(isSelected ? (at.line === block.start ? '▸ ' : '┃ ') : '  ', 'focus'), ...shown]);
    ids.push(isMessage ? block.id : undefined);
    const next = walk(blocks, at, 1);
    if (next.moved === 0) break;
    at = next;
  }
  return { lines, ids, atTop: up.index === 0 && up.line === 0 };
}

/** Where the feed stands after scrolling by so many lines, down if positive. */
export function scrollBy(state: State, size: FeedSize, by: number): Scroll {
  const blocks = blocksOf(state, size.columns);
  const bottom = bottomOf(blocks, state.scroll);
  if (bottom.line < 0) return { kind: 'end' };
  const top = walk(blocks, bottom, -(size.rows - 1));
  // Upwards no further than to a full screen.
  const wanted = by < 0 ? Math.max(by, -walkable(blocks, top, -by)) : by;
  if (top.moved > -(size.rows - 1)) return by > 0 ? endOr(blocks, walk(blocks, bottom, by)) : state.scroll;
  return endOr(blocks, walk(blocks, bottom, wanted));
}

const walkable = (blocks: Blocks, top: Position, by: number): number => -walk(blocks, top, -by).moved;

function endOr(blocks: Blocks, position: Position): Scroll {
  const last = lastLine(blocks, blocks.count - 1);
  if (position.index > last.index || (position.index === last.index && position.line >= last.line))
    return { kind: 'end' };
  return { kind: 'at', id: blocks.at(position.index).id, line: position.line };
}

/** Scrolls as little as possible so that message `id` is on the screen, from its first line. */
export function reveal(state: State, size: FeedSize, id: number): Scroll {
  const frame = buildFeed(state, size);
  const blocks = blocksOf(state, size.columns);
  const index = blocks.indexOf(id);
  const block = blocks.at(index);
  if (block.id !== id) return state.scroll;
  const height = block.lines.length - block.start;
  const shown = frame.ids.filter((each) => each === id).length;
  if (shown >= Math.min(height, size.rows)) return state.scroll;
  const firstShown = frame.ids.find((each) => each !== undefined) ?? 0;
  if (id <= firstShown || height >= size.rows) {
    const bottom = walk(blocks, { index, line: block.start }, size.rows - 1);
    return endOr(blocks, bottom);
  }
  return endOr(blocks, { index, line: block.lines.length - 1 });
}

/** The message above or below `id` in the feed; without one, the newest that is on the screen. */
export function neighbour(state: State, size: FeedSize, id: number | undefined, by: number): number | undefined {
  const list = feedMessages(state);
  if (id === undefined) return buildFeed(state, size).ids.findLast((each) => each !== undefined);
  const blocks = blocksOf(state, size.columns);
  const index = blocks.indexOf(id);
  const target = Math.max(0, Math.min(list.length - 1, index + by));
  return list[target]?.id;
}
