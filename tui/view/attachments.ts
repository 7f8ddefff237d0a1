/** Attachments as lines: code highlighted, JSON folded, references with their lines (arc-v1 §3.10). */

import { cut, printable, wrap } from '../../base/terminal-text.js';
import { type Attachment, isJsonObject, stringify } from '../../protocol/index.js';
import { cutLine, type Line, line, span } from '../line.js';
import { highlight } from './highlight.js';

export interface AttachmentOptions {
  readonly columns: number;
  /** Shows all of it, JSON unfolded (default: a dozen lines). */
  readonly whole?: boolean;
}

const FOLDED_LINES = 12;

export function attachmentLines(attachment: Attachment, { columns, whole = false }: AttachmentOptions): Line[] {
  const { type } = attachment;
  switch (type) {
    case 'code':
      return boxed(text(attachment.language) || 'code', codeLines(attachment), columns, whole);
    case 'text':
      return boxed(
        'text',
        wrap(contentText(attachment), columns - 2).map((row) => line(row)),
        columns,
        whole,
      );
    case 'json':
      return whole
        ? boxed('json', highlight(jsonText(attachment.content), 'json'), columns, whole)
        : [cutLine([span('{} json ', 'muted'), span(foldJson(attachment.content), 'code')], columns)];
    case 'file_ref':
      return reference('file', attachment, columns);
    case 'diff_ref':
      return reference('diff', attachment, columns);
    default:
      return [line(cut(`[attachment of type ${printable(type)}]`, columns), 'muted')];
  }
}

const text = (value: unknown): string => {
  if (value === undefined || value === null) return '';
  return printable(typeof value === 'string' ? value : stringify(value));
};

const contentText = ({ content }: Attachment): string =>
  printable(typeof content === 'string' ? content : jsonText(content), { lines: true });

const codeLines = (attachment: Attachment): Line[] =>
  highlight(contentText(attachment).replace(/\n+$/, ''), text(attachment.language).toLowerCase() || undefined);

function boxed(title: string, rows: readonly Line[], columns: number, whole: boolean): Line[] {
  const shown = whole || rows.length <= FOLDED_LINES + 1 ? rows : rows.slice(0, FOLDED_LINES);
  const more = rows.length - shown.length;
  return [
    line(cut(`┌ ${title}`, columns), 'muted'),
    ...shown.map((row) => cutLine([span('│ ', 'muted'), ...row], columns)),
    line(cut(more > 0 ? `└ … ${more} more lines` : '└', columns), 'muted'),
  ];
}

function jsonText(content: unknown): string {
  const flat = stringify(content);
  try {
    return printable(JSON.stringify(JSON.parse(flat), null, 2), { lines: true });
  } catch {
    return printable(flat, { lines: true });
  }
}

function foldJson(content: unknown): string {
  if (Array.isArray(content)) return `[${content.length} ${content.length === 1 ? 'item' : 'items'}]`;
  if (!isJsonObject(content)) return text(content);
  const keys = Object.keys(content);
  return `{${keys.length} ${keys.length === 1 ? 'key' : 'keys'}: ${keys.slice(0, 6).map(text).join(', ')}${keys.length > 6 ? ', …' : ''}}`;
}

/** `file src/a.ts:10-20 what it is`, `diff src/a.ts main → fix`. */
function reference(label: string, attachment: Attachment, columns: number): Line[] {
  const { start_line, end_line } = attachment;
  const from = typeof start_line === 'number' ? `:${start_line}` : '';
  const to = typeof end_line === 'number' && end_line !== start_line ? `-${end_line}` : '';
  const ends = [text(attachment.base), text(attachment.head)].filter((each) => each !== '');
  const rows: Line[] = [
    cutLine(
      [
        span(`${label} `, 'muted'),
        span(`${text(attachment.path)}${from}${from === '' ? '' : to}`, 'accent'),
        span(ends.length > 0 ? `  ${ends.join(' → ')}` : '', 'muted'),
      ],
      columns,
    ),
  ];
  const description = text(attachment.description);
  if (description !== '') rows.push(...wrap(description, columns - 2).map((row) => line(`  ${row}`, 'muted')));
  return rows;
}
