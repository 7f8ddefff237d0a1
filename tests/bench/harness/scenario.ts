/** What a scenario file says of itself, and what it is given to measure with. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TOKEN_FILE } from '../../../protocol/index.js';
import type { Bench } from './bench.js';

/** Named numbers that one run of a load gives back. */
export type Figures = Record<string, number>;

/** The figure that the bench adds to each run: cores that processes other than ours kept busy meanwhile. */
export const NEIGHBOURS = 'neighbours';

/** Above this share of a core the neighbours show in the figures. */
export const isNoisy = (figures: Figures): boolean => (figures[NEIGHBOURS] ?? 0) > 0.25;

/** A server under load: where it is and which process it is. */
export interface Target {
  port: number;
  /** Of a hub: its address, which says whether it has TLS. */
  url?: string;
  pid: number;
  /** Of a hub: its database, in the folder that it runs in. */
  storage_path?: string;
}

/** `Bearer …` for a hub that asks for a token; undefined for one that does not. */
export function authorization({ storage_path }: Target): string | undefined {
  const file = storage_path === undefined ? '' : join(dirname(storage_path), TOKEN_FILE);
  return existsSync(file) ? `Bearer ${readFileSync(file, 'utf8').trim()}` : undefined;
}

export const hasTls = ({ url }: Target): boolean => url?.startsWith('https:') === true;

/** Runs inside the load process; `params` is what the scenario passed, as JSON. */
export type Load<P = never> = (target: Target, params: P) => Promise<Figures>;

export type Unit = 'per_sec' | 'ms' | 'percent_of_core' | 'count' | 'times';

/** A goal for the figure of a row. Ratios are hub ÷ baseline, whatever the unit. */
export type Goal =
  | { atLeastRatio: number }
  | { atMostRatio: number }
  | { atLeast: number; because?: string }
  | { atMost: number; because?: string };

export interface Row {
  title: string;
  /** The key of `Figures` that this row shows. */
  figure: string;
  unit: Unit;
  /** Shown beside the goal, never asserted. None: the row is there for orientation. */
  goals: readonly Goal[];
  /** What the baseline did where the goals were set; a baseline below half of it makes the row invalid. */
  expectedBaseline?: number;
  /** The baseline waits for the disk, so a slow disk explains a slow baseline. */
  baselineSyncs?: boolean;
  /** What the Python reference did on the machine where the goals were set; a constant, not measured here. */
  reference?: string;
}

/** Medians over all runs. A scenario whose goals are absolute may have no baseline. */
export interface Measured {
  baseline?: Figures;
  hub: Figures;
}

/** One measurement, of which rows of the table show figures. */
export interface Scenario {
  name: string;
  rows: readonly Row[];
  measure(bench: Bench): Promise<Measured>;
}

/** The default export of each file in `scenarios/`. Its `loads` are called by name in the load process. */
export interface ScenarioFile {
  loads: Readonly<Record<string, Load>>;
  scenarios: readonly Scenario[];
}
