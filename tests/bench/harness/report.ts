/** The table: one row a figure, its goals beside it, and what makes a row worthless said aloud. */
import { type Goal, isNoisy, type Measured, type Row, type Unit } from './scenario.js';

/** The sync time of the disk on which the expected baselines were measured. */
const EXPECTED_SYNC_MS = 0.16;

export interface ReportLine {
  row: Row;
  measured: Measured | { failed: string };
}

export interface Surroundings {
  date: string;
  cpu: string;
  node: string;
  /** Median time of a 4 KiB write with fdatasync, where the databases lie. */
  sync_ms: number;
  load_average: number;
}

export function toTable(lines: readonly ReportLine[], sync_ms: number): string[][] {
  const head = ['row', 'baseline', 'expected', 'hub', 'hub ÷ baseline', 'target', 'reached?', 'reference did'];
  return [head, ...lines.map(({ row, measured }) => toCells(row, measured, sync_ms))];
}

function toCells(row: Row, measured: ReportLine['measured'], sync_ms: number): string[] {
  const target = row.goals.map((goal) => toText(goal, row.unit)).join(' and ') || '–';
  const expected = row.expectedBaseline === undefined ? '–' : inUnit(row.expectedBaseline, row.unit);
  const reference = row.reference ?? '–';
  if ('failed' in measured) return [row.title, '–', expected, '–', '–', target, measured.failed, reference];
  const baseline = measured.baseline?.[row.figure];
  const hub = measured.hub[row.figure] ?? Number.NaN;
  return [
    row.title,
    baseline === undefined ? '–' : inUnit(baseline, row.unit),
    expected,
    inUnit(hub, row.unit),
    baseline === undefined ? '–' : (hub / baseline).toFixed(2),
    target,
    verdict(row, hub, baseline, sync_ms) + (isNoisy(measured.hub) ? ' (noisy)' : ''),
    reference,
  ];
}

function verdict(row: Row, hub: number, baseline: number | undefined, sync_ms: number): string {
  const reached = row.goals.every((goal) => isReached(goal, hub, baseline)) ? 'yes' : 'NO';
  const answer = row.goals.length === 0 ? '–' : reached;
  if (row.expectedBaseline === undefined || baseline === undefined) return answer;
  const isRate = row.unit === 'per_sec';
  const isPoor = isRate ? baseline < row.expectedBaseline / 2 : baseline > row.expectedBaseline * 2;
  if (!isPoor) return answer;
  const isDisk = row.baselineSyncs === true && sync_ms > 2 * EXPECTED_SYNC_MS;
  return isDisk ? `${answer} (slow disk)` : `invalid (${answer})`;
}

function isReached(goal: Goal, hub: number, baseline = Number.NaN): boolean {
  if ('atLeastRatio' in goal) return hub >= goal.atLeastRatio * baseline;
  if ('atMostRatio' in goal) return hub <= goal.atMostRatio * baseline;
  return 'atLeast' in goal ? hub >= goal.atLeast : hub <= goal.atMost;
}

function toText(goal: Goal, unit: Unit): string {
  if ('atLeastRatio' in goal) return `≥ ${goal.atLeastRatio} × baseline`;
  if ('atMostRatio' in goal) return `≤ ${goal.atMostRatio} × baseline`;
  const limit = 'atLeast' in goal ? `≥ ${inUnit(goal.atLeast, unit)}` : `≤ ${inUnit(goal.atMost, unit)}`;
  return goal.because === undefined ? limit : `${limit} (${goal.because})`;
}

function inUnit(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return '–';
  switch (unit) {
    case 'per_sec':
      return value >= 1e6 ? `${(value / 1e6).toFixed(2)} M/s` : `${(value / 1000).toFixed(value < 1e4 ? 2 : 1)} k/s`;
    case 'ms':
      return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
    case 'percent_of_core':
      return `${value.toFixed(2)} %`;
    case 'times':
      return `${value.toFixed(2)} ×`;
    case 'count':
      return String(Math.round(value));
  }
}

/** A table for the terminal, columns aligned. */
export function toPlain(table: readonly (readonly string[])[]): string {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((cells) => (cells[column] ?? '').length)));
  return table
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function toMarkdown(
  table: readonly (readonly string[])[],
  { date, cpu, node, sync_ms, load_average }: Surroundings,
): string {
  const [head = [], ...rows] = table;
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return `# Figures of the hub

Written by \`npm run bench\`. Each figure is the median of several runs in which baseline and hub take turns under the
same load; the load comes from a process of its own. \`tests/bench/baselines/\` holds the baselines.

| | |
|---|---|
| date | ${date} |
| CPU | ${cpu} |
| node | ${node} |
| 4 KiB write with fdatasync, median | ${sync_ms.toFixed(3)} ms |
| load average at the start | ${load_average.toFixed(2)} |

${line(head)}
${line(head.map(() => '---'))}
${rows.map(line).join('\n')}

- *expected*: what the baseline did on the machine where the targets were set (2 cores, sync ${EXPECTED_SYNC_MS} ms). A baseline
  below half of it makes the row *invalid*, unless it waits for the disk and the disk is slow.
- *reference did*: the Python hub of Arc 0.1.1 on that machine; a constant, not measured in this run. Targets of the
  form "12 × reference" are taken from it.
- *noisy*: other processes kept more than a quarter of a core busy meanwhile.
- Nothing under 20 % is a difference between two runs.
`;
}
