/** What opens over the panes. A new one is a file here, a row of `table.ts`, and what it remembers in `Overlay`. */
import type { Hands } from '../app/hands.js';
import type { KeyGroup, KeyRow } from '../input/keys.js';
import type { Line } from '../line.js';
import type { Overlay, State } from '../state/state.js';

/** Columns and rows of the inside of a window. */
export interface Inside {
  readonly columns: number;
  readonly rows: number;
}

export interface WindowView {
  readonly title: string;
  /** Already scrolled to fit. */
  readonly lines: readonly Line[];
  readonly hint: string;
  /** Column of the cursor in the first line, where something is typed. */
  readonly cursor?: number;
}

export interface WindowKey<O extends Overlay> extends KeyRow {
  act(hands: Hands, overlay: O): void;
}

/** The functions are methods, so that a kind that takes its own overlay may stand for one that takes any. */
export interface WindowKind<O extends Overlay> extends KeyGroup {
  readonly keys: readonly WindowKey<O>[];
  view(state: State, overlay: O, inside: Inside): WindowView;
  /** Letters and pastes that are no key of it, as they come (default: they do nothing). */
  text?(hands: Hands, overlay: O, text: string): void;
  /** A key that is not in its table, where it has keys that change. */
  otherKey?(hands: Hands, overlay: O, key: string): void;
}

export const windowInside = ({ columns, rows }: Inside): Inside => ({
  columns: Math.min(columns - 6, 110),
  rows: Math.max(4, rows - 5),
});
