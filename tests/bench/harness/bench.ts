/** What a scenario measures with: a load process, and servers that take turns under it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { quietMoment, watchNeighbours } from './cpu.js';
import type { LoadAnswer, LoadRequest } from './load-process.js';
import { type Figures, isNoisy, type Measured, NEIGHBOURS, type Target } from './scenario.js';
import {
  type BaselineName,
  type HubCommand,
  type Prepare,
  type ServerProcess,
  startBaseline,
  startHub,
} from './servers.js';
import { medians } from './stats.js';

/** Rounds in which other processes took the cores that two of ours need are repeated, this many times at most. */
const MAX_REPEATS = 3;

export interface BenchOptions {
  hub: HubCommand;
  quick: boolean;
  /** Waits up to this long before each round for the machine's other processes to come to rest. */
  patienceMs: number;
  log: (line: string) => void;
}

export interface Alternation {
  load: string;
  params: unknown;
  /** `hub`: the hub itself with its usual flags, for what the other flags cost. */
  baseline?: BaselineName | 'hub';
  /** Where the baseline does not speak the hub's protocol of this scenario; by default `load`. */
  baselineLoad?: string;
  prepareBaseline?: Prepare;
  prepareHub?: Prepare;
  /** Flags of `arc serve` instead of the usual ones. */
  hubFlags?: readonly string[];
  /** Runs of each server; by default five, in a quick bench one. */
  rounds?: number;
}

export class Bench {
  readonly #scenarioFile: string;
  readonly #options: BenchOptions;

  /** @param scenarioFile the address (`file:…`) of the module whose `loads` are run */
  constructor(scenarioFile: string, options: BenchOptions) {
    this.#scenarioFile = scenarioFile;
    this.#options = options;
  }

  /** The first value in a full run, the second in a quick one. */
  either<T>(full: T, quick: T): T {
    return this.#options.quick ? quick : full;
  }

  /**
   * Runs one load on the baseline and on the hub by turns, and gives the median of each figure.
   *
   * Both servers live through all rounds, so that each is warm and the one not under load is idle; a load process
   * that has already learned the one protocol is no faster on the other, since both speak the same.
   */
  async alternate(alternation: Alternation): Promise<Measured> {
    const { load, params, baseline, baselineLoad = load, rounds = this.either(5, 1) } = alternation;
    await using generator = new LoadProcess(this.#scenarioFile);
    await using bare = await this.#startBaseline(baseline, alternation.prepareBaseline);
    await using hub = await startHub(this.#options.hub, alternation.prepareHub, alternation.hubFlags);
    const all: Round[] = [];
    for (let round = 0; round < rounds + MAX_REPEATS && quiet(all).length < rounds; round += 1) {
      await quietMoment(this.#options.patienceMs);
      const baselineRun = bare && (await this.#run(generator, 'baseline', baselineLoad, bare.target, params));
      const hubRun = await this.#run(generator, 'hub', load, hub.target, params);
      all.push({ baseline: baselineRun, hub: hubRun });
    }
    // Where the machine never came to rest the noisy rounds must do; the table says so.
    const kept = quiet(all).length * 2 > rounds ? quiet(all) : all;
    const baselineRuns = kept.flatMap(({ baseline: run }) => (run === undefined ? [] : [run]));
    const hubFigures = medians(kept.map((round) => round.hub));
    return baselineRuns.length === 0 ? { hub: hubFigures } : { baseline: medians(baselineRuns), hub: hubFigures };
  }

  async #startBaseline(name: Alternation['baseline'], prepare?: Prepare): Promise<ServerProcess | undefined> {
    if (name === undefined) return undefined;
    return name === 'hub' ? startHub(this.#options.hub, prepare) : startBaseline(name, prepare);
  }

  async #run(generator: LoadProcess, who: string, load: string, target: Target, params: unknown): Promise<Figures> {
    const neighbours = watchNeighbours([generator.pid, target.pid]);
    const figures: Figures = await generator.run({ load, target, params });
    figures[NEIGHBOURS] = neighbours();
    const shown = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
    this.#options.log(`  ${who.padEnd(8)} ${shown.join('  ')}`);
    return figures;
  }
}

interface Round {
  baseline: Figures | undefined;
  hub: Figures;
}

const quiet = (rounds: readonly Round[]): Round[] =>
  rounds.filter(({ baseline, hub }) => !isNoisy(hub) && !(baseline !== undefined && isNoisy(baseline)));

class LoadProcess implements AsyncDisposable {
  readonly #child: ChildProcess;

  constructor(scenarioFile: string) {
    this.#child = fork(new URL('./load-process.ts', import.meta.url), [scenarioFile], {
      execArgv: ['--import', import.meta.resolve('tsx')],
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async run(request: LoadRequest): Promise<Figures> {
    const answer = new Promise<LoadAnswer>((resolve, reject) => {
      this.#child.once('message', resolve as (message: unknown) => void);
      this.#child.once('exit', (code) => reject(new Error(`the load process ended with ${code}`)));
    });
    this.#child.send(request);
    const said = await answer;
    this.#child.removeAllListeners('exit');
    if ('error' in said) throw new Error(`load ${request.load} failed: ${said.error}`);
    return said.figures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }
}
