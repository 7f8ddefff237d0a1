import { Box, Text, Transform } from 'ink';
import { useContext } from 'react';
import { fitLine, type Line, paintLine } from '../line.js';
import { CanvasContext } from '../terminal/canvas.js';
import type { Paint } from '../theme.js';

interface LinesProps {
  readonly lines: readonly Line[];
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

/**
 * A block of lines of a fixed size.
 *
 * Ink measures and wraps every text it sees and keeps the result for good, which is right for a form and a leak for a feed.
 * So it is given a block of dots, the same for every frame of one size, and the lines are put in its place when it is drawn:
 * by Ink, or past it where there is a canvas.
 */
export function Lines({ lines, columns, rows, paint }: LinesProps) {
  const canvas = useContext(CanvasContext);
  if (columns <= 0 || rows <= 0) return null;
  const painted = Array.from({ length: rows }, (_, i) => {
    const text = paintLine(fitLine(lines[i] ?? [], columns), paint);
    return canvas?.put(text, columns) ?? text;
  });
  return (
    <Box width={columns} height={rows} flexShrink={0}>
      <Transform transform={(_, i) => painted[i] ?? ''}>
        <Text>{block(canvas === undefined ? columns : 1, rows)}</Text>
      </Transform>
    </Box>
  );
}

const blocks = new Map<string, string>();

function block(columns: number, rows: number): string {
  const key = `${columns}x${rows}`;
  let text = blocks.get(key);
  if (text === undefined) {
    // Spaces at the end of a line would not be measured.
    text = Array.from({ length: rows }, () => '.'.repeat(columns)).join('\n');
    blocks.set(key, text);
  }
  return text;
}
