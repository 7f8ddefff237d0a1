/** What a scenario measures with: a load process, and servers that take turns under it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { LoadAnswer, LoadRequest } from './load-process.js';
import type { Figures, Measured, Target } from './scenario.js';
import { type BaselineName, type HubCommand, type Prepare, startBaseline, startHub } from './servers.js';
import { medians } from './stats.js';

export interface BenchOptions {
  hub: HubCommand;
  quick: boolean;
  log: (line: string) => void;
}

export interface Alternation {
  load: string;
  params: unknown;
  baseline?: BaselineName;
  /** Where the baseline does not speak the hub's protocol of this scenario; by default `load`. */
  baselineLoad?: string;
  prepareBaseline?: Prepare;
  prepareHub?: Prepare;
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
    await using bare = baseline === undefined ? undefined : await startBaseline(baseline, alternation.prepareBaseline);
    await using hub = await startHub(this.#options.hub, alternation.prepareHub);
    const baselineRuns: Figures[] = [];
    const hubRuns: Figures[] = [];
    for (let round = 0; round < rounds; round += 1) {
      if (bare !== undefined)
        baselineRuns.push(await this.#run(generator, 'baseline', baselineLoad, bare.target, params));
      hubRuns.push(await this.#run(generator, 'hub', load, hub.target, params));
    }
    return bare === undefined ? { hub: medians(hubRuns) } : { baseline: medians(baselineRuns), hub: medians(hubRuns) };
  }

  async #run(generator: LoadProcess, who: string, load: string, target: Target, params: unknown): Promise<Figures> {
    const figures = await generator.run({ load, target, params });
    const shown = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
    this.#options.log(`  ${who.padEnd(8)} ${shown.join('  ')}`);
    return figures;
  }
}

class LoadProcess implements AsyncDisposable {
  readonly #child: ChildProcess;

  constructor(scenarioFile: string) {
    this.#child = fork(new URL('./load-process.ts', import.meta.url), [scenarioFile], {
      execArgv: ['--import', import.meta.resolve('tsx')],
    });
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
