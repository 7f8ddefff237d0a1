/** What the dashboard itself has to say: in the feed, and over it while that part of the feed is out of sight. */

import { printable, wrap } from '../../base/terminal-text.js';
import { type Line, span } from '../line.js';
import type { Notice, State } from '../state/state.js';
import { clockTime } from '../time.js';
import { INDENT } from './message-lines.js';

/** So long, and behind so many messages, a notice stands over the end of what is shown. */
const OVER_MS = 8_000;
const BURIED_BY = 10;
const OVER_ROWS = 6;

const TONES = { info: 'muted', good: 'good', bad: 'bad' } as const;
const MARKS = { info: '·', good: '✓', bad: '✗' } as const;

export function noticeLines({ text, tone, atMs }: Notice, columns: number): Line[] {
  const rows = wrap(printable(text, { lines: true }), columns - INDENT - 2);
  return rows.map((row, i) => [
    span(i === 0 ? `${clockTime(atMs)} ` : ' '.repeat(INDENT), 'muted'),
    span(`${i === 0 ? MARKS[tone] : ' '} ${row}`, TONES[tone]),
  ]);
}

/** A notice answers what was just done, and stands at the end of the feed, which need not be what is shown. */
export function withNotice(state: State, lines: readonly Line[], columns: number, rows: number): readonly Line[] {
  const notice = state.notices.at(-1);
  if (notice === undefined || state.nowMs - notice.atMs > OVER_MS) return lines;
  const isReadingBack = state.scroll.kind === 'at';
  if (!isReadingBack && state.latestId - notice.afterId <= BURIED_BY) return lines;
  const over = noticeLines(notice, columns - 2)
    .slice(0, OVER_ROWS)
    .map((each) => [span('  '), ...each]);
  const room = rows - over.length;
  // A reader keeps the place; at the end, the newest message stays in sight.
  const shown = isReadingBack ? lines.slice(0, room) : lines.slice(-room);
  return [...shown, ...Array.from({ length: room - shown.length }, () => []), ...over];
}
