import { Box } from 'ink';
import { cut, width } from '../../base/terminal-text.js';
import { fitLine, type Line, span } from '../line.js';
import type { Paint } from '../theme.js';
import { Lines } from './Lines.js';

interface WindowProps {
  readonly title: string;
  readonly hint: string;
  readonly lines: readonly Line[];
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

/** A frame with a title above and a hint below; `columns` and `rows` are those of its inside. */
export function Window({ title, hint, lines, columns, rows, paint }: WindowProps) {
  const height = Math.max(1, Math.min(rows, lines.length));
  const edge = (left: string, text: string, right: string): Line => {
    const label = ` ${cut(text, columns - 4)} `;
    const fill = '─'.repeat(Math.max(0, columns + 1 - width(label)));
    return [span(`${left}─`, 'focus'), span(label, 'title'), span(`${fill}${right}`, 'focus')];
  };
  const framed = [
    edge('╭', title, '╮'),
    ...Array.from(
      { length: height },
      (_, i): Line => [span('│ ', 'focus'), ...fitLine(lines[i] ?? [], columns), span(' │', 'focus')],
    ),
    edge('╰', hint, '╯'),
  ];
  return (
    <Box flexDirection="column">
      <Lines lines={framed} columns={columns + 4} rows={height + 2} paint={paint} />
    </Box>
  );
}
