import fuzzysort from 'fuzzysort';
import { printable, width } from '../../base/terminal-text.js';
import { ALWAYS, ANYWHERE } from '../app/anywhere.js';
import type { Hands } from '../app/hands.js';
import { COMMANDS } from '../commands/table.js';
import * as edit from '../input/editor.js';
import { keyLabel } from '../input/keys.js';
import { cutLine, ends, type Line, line, rule, span } from '../line.js';
import { countOf } from '../state/hub-facts.js';
import type { Overlay, State } from '../state/state.js';
import { channelView, directView, threadView, type View } from '../state/view.js';
import { scrolled } from '../view/sidebar.js';
import type { WindowKey, WindowKind } from './window.js';

type Palette = Extract<Overlay, { kind: 'palette' }>;

interface Entry {
  readonly label: string;
  readonly hint: string;
  run(hands: Hands): void;
}

const FOUND = 100;
const PAGE = 8;

/** Everything that can be done or opened; commands first. */
function entriesOf(state: State): Entry[] {
  const commands = COMMANDS.map(
    (command): Entry => ({
      label: `/${command.name}`,
      hint: command.summary,
      run: ({ composer }) => composer.begin(command),
    }),
  );
  const keys = [...ANYWHERE, ...ALWAYS].map(
    ({ summary, keys: [first = ''], act }): Entry => ({ label: summary, hint: keyLabel(first), run: act }),
  );
  const place = (label: string, hint: string, view: View): Entry => ({
    label: printable(label),
    hint,
    run: ({ nav }) => nav.openView(view),
  });
  const others = [...state.agents.keys()].filter((id) => id !== state.self);
  return [
    ...commands,
    ...keys,
    ...state.channels.map((name) => place(`#${name}`, 'channel', channelView(name))),
    ...others.map((id) => place(`@${id}`, 'agent', directView(id, state.self))),
    ...[...state.threads].map(([id, thread]) => place(`~${id}`, `thread, ${countOf(thread)}`, threadView(id))),
  ];
}

function matchesOf(state: State, query: string): readonly Entry[] {
  const entries = entriesOf(state);
  if (query.trim() === '') return entries.slice(0, FOUND);
  return fuzzysort.go(query.trim(), entries, { keys: ['label', 'hint'], limit: FOUND }).map(({ obj }) => obj);
}

const move = (keys: readonly string[], summary: string, by: number): WindowKey<Palette> => ({
  keys,
  summary,
  act: ({ desk }, overlay) => {
    const last = matchesOf(desk.state, overlay.query.text).length - 1;
    desk.open({ ...overlay, selected: Math.max(0, Math.min(last, overlay.selected + by)) });
  },
});

const editing = (
  keys: readonly string[],
  summary: string,
  change: (editor: edit.Editor) => edit.Editor,
): WindowKey<Palette> => ({
  keys,
  summary,
  act: ({ desk }, overlay) => desk.open({ ...overlay, query: change(overlay.query), selected: 0 }),
});

export const palette: WindowKind<Palette> = {
  name: 'Command palette',
  view: (state, overlay, { columns, rows }) => ({
    title: 'Commands',
    lines: linesOf(state, overlay, columns, rows),
    hint: '↑↓ choose, Enter runs, Esc closes',
    cursor: 2 + width(printable(overlay.query.text.slice(0, overlay.query.cursor))),
  }),
  text: ({ desk }, overlay, text) =>
    desk.open({ ...overlay, query: edit.insert(overlay.query, printable(text)), selected: 0 }),
  keys: [
    {
      keys: ['enter'],
      summary: 'do or open what is chosen',
      act: (hands, overlay) => {
        const entry = matchesOf(hands.desk.state, overlay.query.text)[overlay.selected];
        hands.desk.close();
        entry?.run(hands);
      },
    },
    move(['up', 'shift+tab'], 'choose the one above', -1),
    move(['down', 'tab'], 'choose the one below', 1),
    move(['pageup'], 'up by some', -PAGE),
    move(['pagedown'], 'down by some', PAGE),
    editing(['backspace'], 'delete the letter before', edit.backspace),
    editing(['ctrl+w'], 'delete the word before', edit.deleteWord),
    editing(['ctrl+u'], 'delete all that was typed', edit.deleteToStart),
    { keys: ['escape', 'f1', 'ctrl+p'], summary: 'close it', act: ({ desk }) => desk.close() },
  ],
};

function linesOf(state: State, { query, selected }: Palette, columns: number, rows: number): Line[] {
  const hintRoom = Math.floor(columns / 2);
  const lines = matchesOf(state, query.text).map(({ label, hint }, i): Line => {
    const isSelected = i === selected;
    const shown = cutLine([span(hint, 'muted')], hintRoom);
    const left = [span(isSelected ? '▸ ' : '  ', 'focus'), span(label, isSelected ? 'accent' : undefined)];
    return ends(left, shown, columns);
  });
  const found = lines.length > 0 ? scrolled(lines, selected, rows - 2) : [line('  nothing of that name', 'muted')];
  return [[span('› ', 'accent'), span(printable(query.text))], rule('', columns), ...found];
}
