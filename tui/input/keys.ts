/** How keys are written in the tables of what they do (`app/anywhere.ts`, `panes/`, `windows/`), and how they are shown. */

/** A row of such a table, as the help and docs/tui.md show it. */
export interface KeyRow {
  /** Names as the parser gives them; a letter is itself. */
  readonly keys: readonly string[];
  readonly summary: string;
}

/** Keys that work in one place. */
export interface KeyGroup {
  readonly name: string;
  readonly keys: readonly KeyRow[];
}

export const rowOf = <Row extends KeyRow>(rows: readonly Row[], key: string): Row | undefined =>
  rows.find(({ keys }) => keys.includes(key));

const WORDS: Readonly<Record<string, string>> = {
  ctrl: 'Ctrl',
  alt: 'Alt',
  shift: 'Shift',
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  pageup: 'PgUp',
  pagedown: 'PgDn',
  enter: 'Enter',
  escape: 'Esc',
  backspace: 'Backspace',
  delete: 'Del',
  home: 'Home',
  end: 'End',
  tab: 'Tab',
  f1: 'F1',
  ' ': 'Space',
};

/** `ctrl+p` as `Ctrl+P`. */
export function keyLabel(name: string): string {
  const parts = name.split('+');
  return parts.map((part) => WORDS[part] ?? (parts.length > 1 ? part.toUpperCase() : part)).join('+');
}
