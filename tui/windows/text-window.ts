/** A window that only shows text, as much of it as there is. */
import type { Hands } from '../app/hands.js';
import type { Line } from '../line.js';
import type { Overlay, State } from '../state/state.js';
import { type WindowKey, type WindowKind, windowInside } from './window.js';

/** Overlays that remember how far they are scrolled. */
type Scrolled = Extract<Overlay, { readonly scroll: number }>;

interface Text<O extends Scrolled> {
  title(overlay: O): string;
  lines(state: State, overlay: O, columns: number): readonly Line[];
}

export function textWindow<O extends Scrolled>({ title, lines }: Text<O>): WindowKind<O> {
  const scroll = ({ desk }: Hands, overlay: O, by: (rows: number) => number) => {
    const { columns, rows } = windowInside(desk.options.size());
    const most = Math.max(0, lines(desk.state, overlay, columns).length - rows);
    desk.open({ ...overlay, scroll: Math.max(0, Math.min(most, overlay.scroll + by(rows))) });
  };
  const key = (keys: readonly string[], summary: string, by: (rows: number) => number): WindowKey<O> => ({
    keys,
    summary,
    act: (hands, overlay) => scroll(hands, overlay, by),
  });
  return {
    name: 'Windows of text',
    view: (state, overlay, { columns, rows }) => {
      const all = lines(state, overlay, columns);
      const from = Math.max(0, Math.min(overlay.scroll, all.length - rows));
      return {
        title: title(overlay),
        lines: all.slice(from, from + rows),
        hint: all.length > rows ? '↑↓ PgUp PgDn scroll, Esc closes' : 'Esc closes',
      };
    },
    keys: [
      key(['up', 'k'], 'scroll up by a line', () => -1),
      key(['down', 'j'], 'scroll down by a line', () => 1),
      key(['pageup'], 'scroll up by a page', (rows) => -rows),
      key(['pagedown', ' '], 'scroll down by a page', (rows) => rows),
      key(['home'], 'go to its beginning', () => Number.NEGATIVE_INFINITY),
      key(['end', 'G'], 'go to its end', () => Number.POSITIVE_INFINITY),
      { keys: ['escape', 'q', '?', 'f1', 'ctrl+p'], summary: 'close it', act: ({ desk }) => desk.close() },
    ],
  };
}
