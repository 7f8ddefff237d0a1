/** What is drawn: lines of spans, each with a role. Everything above the components is functions from state to lines. */
import { cut, head, near, width } from '../base/terminal-text.js';
import type { Paint, Role } from './theme.js';

export interface Span {
  readonly text: string;
  readonly role?: Role | undefined;
}
export type Line = readonly Span[];

export const span = (text: string, role?: Role): Span => ({ text, role });
export const line = (text: string, role?: Role): Line => [{ text, role }];
export const textOf = (spans: Line): string => spans.map(({ text }) => text).join('');
export const lineWidth = (spans: Line): number => spans.reduce((sum, { text }) => sum + width(text), 0);

/** Cuts a line to `columns`, with an ellipsis where something is missing. */
export function cutLine(spans: Line, columns: number): Line {
  let room = columns;
  const kept: Span[] = [];
  for (const [i, whole] of spans.entries()) {
    // What is cut off anyway is not measured.
    const each = { ...whole, text: near(whole.text, columns) };
    const wide = width(each.text);
    const isLast = i === spans.length - 1;
    if (wide < room || (wide === room && isLast)) {
      kept.push(each);
      room -= wide;
      continue;
    }
    if (wide === room && spans.slice(i + 1).every(({ text }) => text === '')) kept.push(each);
    else if (room > 0) kept.push({ ...each, text: `${head(each.text, room - 1)}…` });
    break;
  }
  return kept;
}

/** Fills a line with spaces up to `columns`, or cuts it. */
export function fitLine(spans: Line, columns: number): Line {
  const shown = cutLine(spans, columns);
  const missing = columns - lineWidth(shown);
  return missing > 0 ? [...shown, { text: ' '.repeat(missing) }] : shown;
}

/** `left` and `right` at the two ends of a line; the left gives way first. */
export function ends(left: Line, right: Line, columns: number): Line {
  const end = cutLine(right, columns);
  const room = columns - lineWidth(end) - (end.length > 0 ? 1 : 0);
  const start = room > 0 ? cutLine(left, room) : [];
  return [...start, { text: ' '.repeat(Math.max(0, columns - lineWidth(start) - lineWidth(end))) }, ...end];
}

export function paintLine(spans: Line, paint: Paint): string {
  let painted = '';
  for (const { text, role } of spans) painted += paint(text, role);
  return painted;
}

/** A titled rule: `── title ─────`. */
export function rule(title: string, columns: number, role: Role = 'border'): Line {
  const shown = cut(title, Math.max(0, columns - 6));
  const label = shown === '' ? '' : ` ${shown} `;
  const before = '─'.repeat(Math.min(2, columns));
  return [
    span(before, role),
    span(label, role === 'border' ? 'muted' : role),
    span('─'.repeat(Math.max(0, columns - width(before) - width(label))), role),
  ];
}
