import { Text, Transform } from 'ink';
import { cutLine, type Line, paintLine } from '../line.js';
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
 * So it is given a block of spaces, the same for every frame of one size, and the lines are put in its place when it is
 * drawn.
 */
export function Lines({ lines, columns, rows, paint }: LinesProps) {
  if (columns <= 0 || rows <= 0) return null;
  const painted = Array.from({ length: rows }, (_, i) => {
    const each = lines[i] ?? [];
    return paintLine(cutLine(each, columns), paint) || ' ';
  });
  return (
    <Transform transform={(_, i) => painted[i] ?? ''}>
      <Text>{blank(columns, rows)}</Text>
    </Transform>
  );
}

const blanks = new Map<string, string>();

function blank(columns: number, rows: number): string {
  const key = `${columns}x${rows}`;
  let text = blanks.get(key);
  if (text === undefined) {
    // Letters instead of spaces: Ink drops spaces at the end when it measures.
    text = Array.from({ length: rows }, () => '.'.repeat(columns)).join('\n');
    blanks.set(key, text);
  }
  return text;
}
