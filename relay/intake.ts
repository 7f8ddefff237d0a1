/** From names that were found to requests that are ours, those of one folder in file order (arc-v1 §7.3). */
import type { Admission } from './admission.js';
import type { Ledger, Taken } from './journal.js';
import { type Entry, inFileOrder, Lane } from './lane.js';
import type { AgentFolder, RelayLog } from './spool-watch.js';
import type { Held, Taking } from './taking.js';
import type { UnderWay } from './under-way.js';

/** Names of one look that are dealt with; the next look finds the others. */
const LOOK_MAX = 2_000;

export interface IntakeOptions {
  agents: ReadonlyMap<string, AgentFolder>;
  admission: Admission;
  ledger: Ledger;
  taking: Taking;
  underWay: UnderWay;
  log: RelayLog;
  /** Answers a request; resolves when the next of its folder may begin. */
  serve: (held: Held, refused: boolean) => Promise<void>;
}

export class Intake {
  readonly #options: IntakeOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #opened: Promise<void>;
  #open: () => void = () => undefined;
  #paused = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** What is found from now on is begun, and what was found before. */
  open(): void {
    this.#open();
  }

  /** Begins nothing more; what was begun goes on. */
  pause(): void {
    this.#paused = true;
    this.#open();
    for (const lane of this.#lanes.values()) lane.pause();
  }

  /** @returns false when these are more than can be dealt with now */
  found(agent: AgentFolder, all: readonly string[]): boolean {
    if (this.#paused) return true;
    const names = all.length > LOOK_MAX ? all.slice(0, LOOK_MAX) : all;
    const lane = this.#lane(agent.name);
    lane.expect(names);
    lane.inTurn(() => this.#enqueue(agent, names));
    return names.length === all.length;
  }

  /** A file that is known has changed. */
  changed(agent: AgentFolder, name: string): void {
    this.#lane(agent.name).nudge(name, 10);
  }

  isKnown(agent: AgentFolder, name: string): boolean {
    return this.#lanes.get(agent.name)?.knows(name) === true;
  }

  /** Requests that a dead relay took. */
  inherit(requests: readonly Taken[]): void {
    for (const taken of requests) {
      this.#add(taken.folder, [{ name: taken.name, mtimeNs: BigInt(taken.mtime_ns), taken }]);
    }
  }

  #lane(folder: string): Lane {
    let lane = this.#lanes.get(folder);
    if (lane === undefined) {
      lane = new Lane((entry) => this.#serveSafely(folder, entry));
      this.#lanes.set(folder, lane);
    }
    return lane;
  }

  #add(folder: string, entries: readonly Entry[]): void {
    const lane = this.#lane(folder);
    for (const entry of entries) {
      entry.refused = !this.#options.admission.enter(lane.length);
      lane.add([entry]);
    }
  }

  /** Times first: requests take effect in file order, whatever order they were found in. */
  async #enqueue(agent: AgentFolder, names: readonly string[]): Promise<void> {
    const lane = this.#lane(agent.name);
    const entries: Entry[] = [];
    await Promise.all(
      names.map(async (name) => {
        try {
          const stat = await agent.requests.stat(name);
          if (this.#options.taking.isUnclaimable(stat)) lane.forget(name);
          else entries.push({ name, mtimeNs: stat.mtimeNs });
        } catch {
          lane.forget(name); // gone already
        }
      }),
    );
    await this.#opened;
    this.#add(agent.name, entries.sort(inFileOrder));
  }

  async #serveSafely(folder: string, entry: Entry): Promise<number | undefined> {
    const { admission, log, underWay } = this.#options;
    let retryMs: number | undefined;
    try {
      const serving = this.#serve(folder, entry);
      underWay.follow(serving);
      retryMs = await serving;
    } catch (err) {
      log.error({ err, agent_folder: folder, file: entry.name }, 'a relay request failed');
    }
    if (retryMs === undefined) admission.leave();
    return retryMs;
  }

  /** @returns when to try again, in ms; undefined when the next request of the folder may begin */
  async #serve(folder: string, entry: Entry): Promise<number | undefined> {
    const { agents, ledger, serve, taking } = this.#options;
    const agent = agents.get(folder);
    if (agent === undefined) {
      if (entry.taken !== undefined) ledger.done(entry.taken);
      return undefined;
    }
    const take =
      entry.taken === undefined
        ? await taking.take(agent, entry, () => this.#lane(folder).release(entry))
        : await taking.retake(agent, entry.taken);
    if (take === undefined || typeof take === 'number') return take;
    await serve(take, entry.refused === true);
    return undefined;
  }
}
