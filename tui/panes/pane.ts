/** A part of the screen that keys can go to. A new one is a file here, a row of `table.ts`, and its name in `Pane`. */
import type { Binding } from '../app/anywhere.js';
import type { Hands } from '../app/hands.js';
import type { KeyGroup } from '../input/keys.js';
import type { Line } from '../line.js';
import type { Pane, State } from '../state/state.js';

export interface PaneKind extends KeyGroup {
  readonly keys: readonly Binding[];
  /** Keys begin to go to it. */
  focused?(hands: Hands): void;
  /** The wheel over it while keys go to it (default: the feed scrolls). */
  wheel?(hands: Hands, by: -1 | 1): void;
}

/** One that is a block of lines. */
export interface LinesPane extends PaneKind {
  lines(state: State, size: { readonly columns: number; readonly rows: number }): readonly Line[];
}

/** Every pane but the input opens the help with a letter. */
export const HELP: Binding = {
  keys: ['?'],
  summary: 'help',
  act: ({ desk }) => desk.open({ kind: 'help', scroll: 0 }),
};

/** Moves among the rows of a pane that is a list. */
export function moveRow({ desk }: Hands, pane: Pane, keys: readonly string[], by: number): void {
  const current = desk.state.rows[pane];
  const at = current === undefined ? -1 : keys.indexOf(current);
  desk.dispatch({ type: 'row', pane, key: keys[Math.max(0, Math.min(keys.length - 1, at + by))] });
}

/** ↑ and ↓ in a list. */
export const rowKeys = (pane: Pane, keysOf: (state: State) => readonly string[]): Binding[] => [
  { keys: ['up', 'k'], summary: 'up', act: (hands) => moveRow(hands, pane, keysOf(hands.desk.state), -1) },
  { keys: ['down', 'j'], summary: 'down', act: (hands) => moveRow(hands, pane, keysOf(hands.desk.state), 1) },
];
