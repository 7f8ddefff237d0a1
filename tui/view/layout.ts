/** Where each pane stands, from the size of the terminal and what is open. */
import { completions } from '../input/completion.js';
import { layout } from '../input/editor.js';
import type { State } from '../state/state.js';

export const MIN_COLUMNS = 60;
export const MIN_ROWS = 16;
/** From here on the sidebar, and then the pane on the right too, have a place of their own. */
const SIDEBAR_FROM = 80;
const RIGHT_FROM = 110;
const INPUT_ROWS = 6;
const COMPLETION_ROWS = 6;

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Layout extends Size {
  readonly tooSmall: boolean;
  /** 0 where the pane is not shown. */
  readonly sidebar: number;
  readonly feed: number;
  readonly right: number;
  /** Rows of the panes. */
  readonly paneRows: number;
  readonly completionRows: number;
  readonly inputRows: number;
}

/** Columns before the text of the input. */
export const PROMPT = 2;

export function layoutOf(state: State, { columns, rows }: Size): Layout {
  const tooSmall = columns < MIN_COLUMNS || rows < MIN_ROWS;
  const inputRows = Math.min(INPUT_ROWS, layout(state.input, columns - PROMPT - 1).rows.length);
  const list = state.focus === 'input' && state.overlay === undefined ? completions(state).items.length : 0;
  const completionRows = Math.min(COMPLETION_ROWS, list, Math.max(0, rows - 3 - inputRows - 4));
  const paneRows = Math.max(1, rows - 3 - inputRows - completionRows);
  const wide = columns >= 160;
  const hasRoom = columns >= RIGHT_FROM;
  const isWanted = state.showRight === true || state.focus === state.right;
  const isOpen = isWanted || (hasRoom && state.showRight === undefined);
  const sidebarWanted = columns >= SIDEBAR_FROM || state.focus === 'sidebar';
  // Where there is no room for three, the one that was asked for comes before the sidebar.
  const sidebar = sidebarWanted && (hasRoom || !isWanted) ? (wide ? 34 : columns >= 130 ? 28 : 24) : 0;
  const right = isOpen ? (wide ? 52 : 34) : 0;
  // One column between two panes.
  const feed = columns - (sidebar > 0 ? sidebar + 1 : 0) - (right > 0 ? right + 1 : 0);
  return { columns, rows, tooSmall, sidebar, feed, right, paneRows, completionRows, inputRows };
}
