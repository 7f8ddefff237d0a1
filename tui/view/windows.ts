/** What opens over the panes: help, palette, a question, one message whole. */
import fuzzysort from 'fuzzysort';
import { padTo, printable, width, wrap } from '../../base/terminal-text.js';
import { KEYS, type KeyBinding, type KeyId, keyLabel, PLACE_NAMES, type Place } from '../input/keys.js';
import { SLASH, type SlashCommand, usage } from '../input/slash.js';
import { cutLine, ends, type Line, line, rule, span } from '../line.js';
import { countOf } from '../state/hub-facts.js';
import { findById } from '../state/messages.js';
import type { Overlay, Pane, Question, State } from '../state/state.js';
import { channelView, directView, threadView, type View } from '../state/view.js';
import { wholeMessage } from './message-lines.js';
import { scrolled } from './sidebar.js';

export interface PaletteEntry {
  readonly label: string;
  readonly hint: string;
  readonly run:
    | { readonly kind: 'slash'; readonly command: SlashCommand }
    | { readonly kind: 'view'; readonly view: View }
    | { readonly kind: 'key'; readonly id: KeyId };
}

/** Everything that can be done or opened; commands first. */
export function paletteEntries(state: State): PaletteEntry[] {
  const entries: PaletteEntry[] = SLASH.map((command) => ({
    label: `/${command.name}`,
    hint: command.summary,
    run: { kind: 'slash', command },
  }));
  for (const { id, place, keys, summary } of KEYS) {
    if (place === 'anywhere') entries.push({ label: summary, hint: keyLabel(keys[0] ?? ''), run: { kind: 'key', id } });
  }
  const view = (label: string, hint: string, target: View) =>
    entries.push({ label: printable(label), hint, run: { kind: 'view', view: target } });
  for (const name of state.channels) view(`#${name}`, 'channel', channelView(name));
  for (const id of state.agents.keys()) if (id !== state.self) view(`@${id}`, 'agent', directView(id, state.self));
  for (const [id, thread] of state.threads) view(`~${id}`, `thread, ${countOf(thread)}`, threadView(id));
  return entries;
}

const FOUND = 100;

export function paletteMatches(state: State, query: string): PaletteEntry[] {
  const entries = paletteEntries(state);
  if (query.trim() === '') return entries.slice(0, FOUND);
  return fuzzysort.go(query.trim(), entries, { keys: ['label', 'hint'], limit: FOUND }).map(({ obj }) => obj);
}

const KEY_COLUMNS = 26;

const keyRow = ({ keys, summary }: KeyBinding, columns: number): Line[] => {
  const room = Math.max(10, columns - KEY_COLUMNS - 2);
  return wrap(summary, room).map((row, i) => [
    span(`  ${padTo(i === 0 ? keys.map(keyLabel).join(', ') : '', KEY_COLUMNS)}`, 'accent'),
    span(row),
  ]);
};

/** The keys of where the reader is come first. */
export function helpLines(focus: Pane, columns: number): Line[] {
  const places: Place[] = [
    focus,
    'anywhere',
    ...(['input', 'feed', 'sidebar', 'detail'] as const).filter((each) => each !== focus),
  ];
  const lines: Line[] = [];
  for (const place of places) {
    const here = place === focus ? ' (you are here)' : '';
    lines.push(rule(`${PLACE_NAMES[place]}${here}`, columns, place === focus ? 'accent' : 'border'));
    for (const binding of KEYS) if (binding.place === place) lines.push(...keyRow(binding, columns));
    lines.push([]);
  }
  lines.push(rule('Commands', columns));
  for (const command of SLASH) {
    const use = usage(command);
    const room = Math.max(10, columns - 34);
    const rows = wrap(command.summary, room);
    for (const [i, row] of rows.entries()) {
      const shown = i === 0 ? use : '';
      lines.push(cutLine([span(`  ${padTo(shown, 32)}`, 'accent'), span(row)], columns));
    }
  }
  return lines;
}

function questionLines({ title, lines, answers }: Question, columns: number): Line[] {
  return [
    line(title, 'title'),
    [],
    ...lines.flatMap((each) => wrap(printable(each), columns)).map((row) => line(row)),
    [],
    ...answers.map(({ key, label }): Line => [span(`  ${keyLabel(key)}`, 'accent'), span(`  ${label}`)]),
  ];
}

function paletteLines(state: State, overlay: Overlay & { kind: 'palette' }, columns: number, rows: number): Line[] {
  const matches = paletteMatches(state, overlay.query.text);
  const hintRoom = Math.floor(columns / 2);
  const lines = matches.map(({ label, hint }, i): Line => {
    const isSelected = i === overlay.selected;
    const shown = cutLine([span(hint, 'muted')], hintRoom);
    return ends(
      [span(isSelected ? '▸ ' : '  ', 'focus'), span(label, isSelected ? 'accent' : undefined)],
      shown,
      columns,
    );
  });
  const found =
    lines.length > 0 ? scrolled(lines, overlay.selected, rows - 2) : [line('  nothing of that name', 'muted')];
  return [[span('› ', 'accent'), span(printable(overlay.query.text))], rule('', columns), ...found];
}

export interface WindowLines {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly hint: string;
  /** Column of the cursor in the first line, where something is typed. */
  readonly cursor?: number;
}

/** Lines of one window, already scrolled to fit. */
export function windowLines(state: State, overlay: Overlay, columns: number, rows: number): WindowLines {
  switch (overlay.kind) {
    case 'help':
      return {
        title: 'Help',
        lines: from(helpLines(state.focus, columns), overlay.scroll, rows),
        hint: '↑↓ PgUp PgDn scroll, Esc closes',
      };
    case 'palette':
      return {
        title: 'Commands',
        lines: paletteLines(state, overlay, columns, rows),
        hint: '↑↓ choose, Enter runs, Esc closes',
        cursor: 2 + width(printable(overlay.query.text.slice(0, overlay.query.cursor))),
      };
    case 'question':
      return { title: 'Please confirm', lines: questionLines(overlay.question, columns), hint: 'Esc: no' };
    case 'message': {
      const message = findById(state.window.messages, overlay.id) ?? findById(state.history, overlay.id);
      const lines =
        message === undefined
          ? [line('This message is no longer loaded.', 'muted')]
          : wholeMessage(state, message, columns);
      return {
        title: `Message ${overlay.id}`,
        lines: from(lines, overlay.scroll, rows),
        hint: '↑↓ PgUp PgDn scroll, Esc closes',
      };
    }
  }
}

/** How far a window can be scrolled. */
export function windowHeight(state: State, overlay: Overlay, columns: number): number {
  if (overlay.kind === 'help') return helpLines(state.focus, columns).length;
  if (overlay.kind !== 'message') return 0;
  const message = findById(state.window.messages, overlay.id) ?? findById(state.history, overlay.id);
  return message === undefined ? 0 : wholeMessage(state, message, columns).length;
}

const from = (lines: readonly Line[], scroll: number, rows: number): readonly Line[] => {
  const start = Math.max(0, Math.min(scroll, lines.length - rows));
  return lines.slice(start, start + rows);
};

/** Size of the inside of a window on a screen. */
export function windowSize(columns: number, rows: number): { readonly columns: number; readonly rows: number } {
  return { columns: Math.min(columns - 6, 110), rows: Math.max(4, rows - 5) };
}
