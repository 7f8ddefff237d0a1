import { padTo, printable, width } from '../../base/terminal-text.js';
import type { Completions as Found } from '../input/completion.js';
import { cutLine, type Line, span } from '../line.js';
import type { Paint } from '../theme.js';
import { scrolled } from '../view/sidebar.js';
import { Lines } from './Lines.js';

interface CompletionsProps {
  readonly found: Found;
  readonly selected: number;
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

export function Completions({ found, selected, columns, rows, paint }: CompletionsProps) {
  if (rows <= 0) return null;
  const { items } = found;
  const labels = items.map(({ label }) => printable(label));
  const room = Math.min(Math.floor(columns / 2), Math.max(...labels.map(width)) + 2);
  const at = Math.min(selected, items.length - 1);
  const lines = items.map(({ hint }, i): Line => {
    const isChosen = i === at;
    const mark = span(isChosen ? ' ▸ ' : '   ', 'focus');
    const label = span(padTo(labels[i] ?? '', room), isChosen ? 'accent' : undefined);
    return cutLine([mark, label, span(printable(hint), 'muted')], columns);
  });
  return <Lines lines={scrolled(lines, at, rows)} columns={columns} rows={rows} paint={paint} />;
}
