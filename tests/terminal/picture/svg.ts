/** A frame of a terminal as SVG, cell by cell, through a terminal emulator. */
import type xterm from '@xterm/headless';
import { openEmulator } from '../support/emulator.js';

const CELL = { width: 8.4, height: 18 } as const;
const PAD = 14;
const BAR = 34;
const COLORS = { background: '#0d1117', text: '#c9d1d9', bar: '#161b22', edge: '#30363d' } as const;

export interface SvgOptions {
  readonly columns: number;
  readonly title: string;
  readonly description: string;
}

interface Run {
  readonly column: number;
  columns: number;
  text: string;
  readonly style: string;
  readonly fill: string;
  readonly background: string | undefined;
}

export async function toSvg(lines: readonly string[], { columns, title, description }: SvgOptions): Promise<string> {
  const terminal = openEmulator(columns, lines.length);
  await new Promise<void>((resolve) => terminal.write(lines.join('\r\n'), resolve));
  const width = round(columns * CELL.width + PAD * 2);
  const height = round(lines.length * CELL.height + BAR + PAD);
  const rows = lines.flatMap((_, row) => runsOf(terminal, row).map((run) => drawn(run, row)));
  terminal.dispose();
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(description)}">
<title>${escapeXml(description)}</title>
<rect width="${width}" height="${height}" rx="8" fill="${COLORS.background}" stroke="${COLORS.edge}"/>
<path d="M0 ${BAR - 6}V8a8 8 0 0 1 8-8H${width - 8}a8 8 0 0 1 8 8v${BAR - 14}z" fill="${COLORS.bar}"/>
<g fill="${COLORS.edge}"><circle cx="18" cy="14" r="5"/><circle cx="36" cy="14" r="5"/><circle cx="54" cy="14" r="5"/></g>
<text x="${width / 2}" y="19" text-anchor="middle" fill="#8b949e" font-family="sans-serif" font-size="12">${escapeXml(title)}</text>
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14" xml:space="preserve">
${rows.join('\n')}
</g>
</svg>
`;
}

function runsOf(terminal: xterm.Terminal, row: number): Run[] {
  const line = terminal.buffer.active.getLine(row);
  const runs: Run[] = [];
  let last: Run | undefined;
  for (let column = 0; column < terminal.cols; column++) {
    const cell = line?.getCell(column);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const color = cell.isFgRGB() ? `#${cell.getFgColor().toString(16).padStart(6, '0')}` : COLORS.text;
    const inverse = cell.isInverse() !== 0;
    const fill = inverse ? COLORS.background : color;
    const background = inverse ? color : undefined;
    const style = `${cell.isBold() ? ' font-weight="bold"' : ''}${cell.isItalic() ? ' font-style="italic"' : ''}`;
    const text = cell.getChars() || ' ';
    // Wide letters stand alone, so that each is as wide as its cells whatever font there is.
    const isWide = cell.getWidth() > 1;
    if (
      last !== undefined &&
      !isWide &&
      last.columns === last.text.length &&
      last.style === style &&
      last.fill === fill &&
      last.background === background &&
      last.column + last.columns === column
    ) {
      last.text += text;
      last.columns += 1;
    } else {
      last = { column, columns: cell.getWidth(), text, style, fill, background };
      runs.push(last);
    }
  }
  return runs.filter(({ text, background }) => text.trim() !== '' || background !== undefined);
}

function drawn({ column, columns, text, style, fill, background }: Run, row: number): string {
  const lead = text.length - text.trimStart().length;
  const shown = background === undefined ? text.trim() : text;
  const skip = background === undefined ? lead : 0;
  const wide = columns === text.length ? shown.length : columns;
  const x = round(PAD + (column + skip) * CELL.width);
  const y = round(BAR + row * CELL.height);
  const length = round(wide * CELL.width);
  const box =
    background === undefined
      ? ''
      : `<rect x="${x}" y="${y}" width="${length}" height="${CELL.height}" fill="${background}"/>`;
  return `${box}<text x="${x}" y="${y + 14}" fill="${fill}"${style} textLength="${length}" lengthAdjust="spacingAndGlyphs">${escapeXml(shown)}</text>`;
}

const round = (n: number): number => Math.round(n * 10) / 10;

const escapeXml = (text: string): string =>
  text.replace(/[&<>"]/g, (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[letter] ?? letter);
