import { Box } from 'ink';
import { completions } from '../input/completion.js';
import { line } from '../line.js';
import { feed } from '../panes/feed.js';
import type { LinesPane } from '../panes/pane.js';
import { sidebar } from '../panes/sidebar.js';
import { RIGHT } from '../panes/table.js';
import type { State } from '../state/state.js';
import type { Paint } from '../theme.js';
import { composeLine, statusLine, titleLine } from '../view/bars.js';
import { type Layout, layoutOf, MIN_COLUMNS, MIN_ROWS, PROMPT, type Size } from '../view/layout.js';
import { windowOf } from '../windows/table.js';
import { windowInside } from '../windows/window.js';
import { Completions } from './Completions.js';
import { Input, inputRows } from './Input.js';
import { Lines } from './Lines.js';
import { Rule } from './Rule.js';
import { Window } from './Window.js';

export interface AppProps {
  readonly state: State;
  readonly size: Size;
  readonly paint: Paint;
}

const PLACEHOLDER = 'Type a message, / for commands, @ for agents, F1 for help';

/** The whole screen: a function of the state, the size and the theme. */
export function App({ state, size, paint }: AppProps) {
  const layout = layoutOf(state, size);
  const { columns, rows } = layout;
  if (layout.tooSmall) return <TooSmall size={size} paint={paint} />;
  if (state.overlay !== undefined) return <Covered state={state} layout={layout} paint={paint} />;
  const found = completions(state);
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      <Lines lines={[titleLine(state, columns)]} columns={columns} rows={1} paint={paint} />
      <Panes state={state} layout={layout} paint={paint} />
      <Completions
        found={found}
        selected={state.completionIndex ?? 0}
        columns={columns}
        rows={layout.completionRows}
        paint={paint}
      />
      <Lines lines={[composeLine(state, columns)]} columns={columns} rows={1} paint={paint} />
      <Input
        editor={state.input}
        placeholder={PLACEHOLDER}
        isFocused={state.focus === 'input'}
        columns={columns}
        rows={layout.inputRows}
        paint={paint}
      />
      <Lines lines={[statusLine(state, columns)]} columns={columns} rows={1} paint={paint} />
    </Box>
  );
}

interface PartProps {
  readonly state: State;
  readonly layout: Layout;
  readonly paint: Paint;
}

function Panes({ state, layout, paint }: PartProps) {
  const { paneRows: rows } = layout;
  const block = (pane: LinesPane, columns: number) =>
    columns > 0 && <Lines lines={pane.lines(state, { columns, rows })} columns={columns} rows={rows} paint={paint} />;
  return (
    <Box height={rows}>
      {block(sidebar, layout.sidebar)}
      {layout.sidebar > 0 && <Rule rows={rows} paint={paint} />}
      {block(feed, layout.feed)}
      {layout.right > 0 && <Rule rows={rows} paint={paint} />}
      {block(RIGHT[state.right], layout.right)}
    </Box>
  );
}

function Covered({ state, layout, paint }: PartProps) {
  const { columns, rows } = layout;
  const { overlay } = state;
  if (overlay === undefined) return null;
  const inside = windowInside({ columns, rows });
  const { title, hint, lines } = windowOf(overlay).view(state, overlay, inside);
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      <Lines lines={[titleLine(state, columns)]} columns={columns} rows={1} paint={paint} />
      <Box height={rows - 2} justifyContent="center" alignItems="flex-start">
        <Window title={title} hint={hint} lines={lines} columns={inside.columns} rows={inside.rows} paint={paint} />
      </Box>
      <Lines lines={[statusLine(state, columns)]} columns={columns} rows={1} paint={paint} />
    </Box>
  );
}

function TooSmall({ size: { columns, rows }, paint }: { readonly size: Size; readonly paint: Paint }) {
  const lines = [
    line('Too small.', 'warn'),
    line(`This is ${columns}×${rows},`),
    line(`${MIN_COLUMNS}×${MIN_ROWS} is needed.`),
    line('Enlarge it, or use arc tui --plain.', 'muted'),
  ];
  return <Lines lines={lines} columns={columns} rows={rows} paint={paint} />;
}

/** Where the terminal's own cursor belongs, counted from 0; undefined where nothing is typed. */
export function cursorOf(state: State, size: Size): { readonly row: number; readonly column: number } | undefined {
  const layout = layoutOf(state, size);
  if (layout.tooSmall) return undefined;
  if (state.overlay !== undefined) {
    const inside = windowInside(layout);
    const { cursor } = windowOf(state.overlay).view(state, state.overlay, inside);
    const left = Math.floor((layout.columns - inside.columns - 4) / 2);
    return cursor === undefined ? undefined : { row: 2, column: left + 2 + cursor };
  }
  if (state.focus !== 'input') return undefined;
  const { row, column } = inputRows(state.input, layout.columns, layout.inputRows);
  return { row: 1 + layout.paneRows + layout.completionRows + 1 + row, column: PROMPT + column };
}
