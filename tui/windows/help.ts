import { padTo, wrap } from '../../base/terminal-text.js';
import { usage } from '../commands/command.js';
import { COMMANDS } from '../commands/table.js';
import { type KeyGroup, type KeyRow, keyLabel } from '../input/keys.js';
import { cutLine, type Line, rule, span } from '../line.js';
import { PANES } from '../panes/table.js';
import type { Overlay, Pane } from '../state/state.js';
import { textWindow } from './text-window.js';
import type { WindowKind } from './window.js';

const KEY_COLUMNS = 26;
const USE_COLUMNS = 32;

type Help = Extract<Overlay, { kind: 'help' }>;

/** @param groups all there are; they come from a table in which this window stands, too */
export const helpWindow = (groups: () => readonly KeyGroup[]): WindowKind<Help> =>
  textWindow<Help>({
    title: () => 'Help',
    lines: ({ focus }, _, columns) => [...keyLines(groups(), focus, columns), ...commandLines(columns)],
  });

/** The keys of where the reader is come first. */
function keyLines(groups: readonly KeyGroup[], focus: Pane, columns: number): Line[] {
  const here = PANES[focus];
  const others = groups.filter(({ name }) => name !== here.name);
  return [here, ...others].flatMap((group) => groupLines(group, group === here, columns));
}

function groupLines({ name, keys }: KeyGroup, isHere: boolean, columns: number): Line[] {
  const title = isHere ? `${name} (you are here)` : name;
  const rows = keys.flatMap((each) => keyRow(each, columns));
  return [rule(title, columns, isHere ? 'accent' : 'border'), ...rows, []];
}

function keyRow({ keys, summary }: KeyRow, columns: number): Line[] {
  const room = Math.max(10, columns - KEY_COLUMNS - 2);
  return wrap(summary, room).map((row, i) => [
    span(`  ${padTo(i === 0 ? keys.map(keyLabel).join(', ') : '', KEY_COLUMNS)}`, 'accent'),
    span(row),
  ]);
}

export function commandLines(columns: number): Line[] {
  const room = Math.max(10, columns - USE_COLUMNS - 2);
  const rows = COMMANDS.flatMap((command) =>
    wrap(command.summary, room).map((row, i) =>
      cutLine([span(`  ${padTo(i === 0 ? usage(command) : '', USE_COLUMNS)}`, 'accent'), span(row)], columns),
    ),
  );
  return [rule('Commands', columns), ...rows];
}
