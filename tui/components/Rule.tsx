import { span } from '../line.js';
import type { Paint } from '../theme.js';
import { Lines } from './Lines.js';

/** The line between two panes. */
export function Rule({ rows, paint }: { readonly rows: number; readonly paint: Paint }) {
  return (
    <Lines lines={Array.from({ length: rows }, () => [span('│', 'border')])} columns={1} rows={rows} paint={paint} />
  );
}
