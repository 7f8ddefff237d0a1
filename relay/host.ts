/** The hub's end of the spool: takes requests, has them executed, answers them (arc-v1 §7.3). */
import { homePath } from '../base/home-path.js';
import type { Sharing } from '../base/sharing.js';
import { Admission, type Bounds } from './admission.js';
import { type Execute, Execution } from './execution.js';
import { BEAT_SEC, type HubIdentity } from './hub-file.js';
import { Intake } from './intake.js';
import { Registration } from './registration.js';
import { clean } from './retention.js';
import { type RelayLog, SpoolWatch, type WatchMode } from './spool-watch.js';
import { Taking } from './taking.js';
import { UnderWay } from './under-way.js';

export interface RelayOptions {
  spoolDir: string;
  execute: Execute;
  /** Undefined while the hub cannot be reached: then the spool does not claim to be served. */
  identify: () => Promise<HubIdentity | undefined>;
  log: RelayLog;
  watch?: WatchMode | undefined;
  /** Who else on this machine may use the spool (default: nobody), since a sandbox may be another account. */
  sharing?: Sharing | undefined;
  /** Bytes of a request file: the hub's cap for a body, and something for the envelope. */
  maxRequestBytes: number;
  /** Files of answered requests older than this are removed; undefined keeps them all. */
  retentionSec?: number | undefined;
  bounds?: Partial<Bounds> | undefined;
}

const STOP_WITHIN_MS = 2_000;
const LONGEST_RETENTION_PAUSE_MS = 3_600_000;

export class RelayHost {
  readonly #options: RelayOptions;
  readonly #registration: Registration;
  readonly #watch: SpoolWatch;
  readonly #intake: Intake;
  readonly #execution: Execution;
  readonly #underWay = new UnderWay();
  readonly #chores = new UnderWay();
  #timers: NodeJS.Timeout[] = [];
  #paused = false;

  constructor(options: RelayOptions) {
    const { execute, identify, log } = options;
    const spool = homePath(options.spoolDir);
    const admission = new Admission(options.bounds);
    const underWay = this.#underWay;
    const registration = new Registration(spool, identify);
    this.#options = options;
    this.#registration = registration;
    this.#watch = new SpoolWatch({
      spool,
      mode: options.watch ?? 'auto',
      sharing: options.sharing,
      log,
      onFound: (agent, names) => this.#intake.found(agent, names),
      onChanged: (agent, name) => this.#intake.changed(agent, name),
      isKnown: (agent, name) => this.#intake.isKnown(agent, name),
      onRoot: (root) => registration.enter(root),
    });
    const shared = { agents: this.#watch.agents, admission, ledger: registration, underWay, log };
    this.#execution = new Execution({ ...shared, execute });
    this.#intake = new Intake({
      ...shared,
      taking: new Taking(registration, admission, options.maxRequestBytes, log),
      serve: (held, refused) => this.#execution.serve(held, refused),
    });
  }

  /**
   * Starts serving the spool, what has lain in it since before included.
   *
   * @throws when the spool cannot be made or opened
   */
  async start(): Promise<void> {
    await this.#watch.start();
    // What a dead relay took comes before what nobody has taken yet.
    await this.#inherit().catch((err) => this.#options.log.warn({ err }, 'cannot take over requests'));
    this.#intake.open();
    this.#every(BEAT_SEC * 1_000, async () => {
      await this.#registration.beat();
      await this.#inherit();
    });
    const { retentionSec } = this.#options;
    if (retentionSec !== undefined) {
      const pauseMs = Math.min(LONGEST_RETENTION_PAUSE_MS, Math.max(1_000, (retentionSec * 1_000) / 4));
      this.#every(pauseMs, () => this.#clean(retentionSec));
    }
  }

  /** Requests that were taken and are not answered. */
  get inFlight(): number {
    return this.#underWay.size;
  }

  /** Takes nothing more: what comes from now on waits in the spool for the next start. */
  async pause(): Promise<void> {
    if (this.#paused) return;
    this.#paused = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#intake.pause();
    await this.#watch.stop();
  }

  /** Answers what it has taken as far as it can within 2 s; the rest is answered by the next relay. */
  async stop(): Promise<void> {
    await this.pause();
    this.#execution.abort();
    const late = new Promise<void>((resolve) => setTimeout(resolve, STOP_WITHIN_MS).unref());
    await Promise.race([this.#underWay.settled(), late]);
    this.#execution.stop();
    await this.#chores.settled();
    await this.#registration.leave();
    await this.#watch.close();
  }

  #every(ms: number, run: () => Promise<void>): void {
    let running = false;
    const timer = setInterval(() => {
      if (running) return;
      running = true;
      const chore = run()
        .catch((err) => this.#options.log.warn({ err }, 'the spool cannot be looked after; trying again'))
        .finally(() => {
          running = false;
        });
      this.#chores.follow(chore);
    }, ms);
    this.#timers.push(timer);
  }

  async #inherit(): Promise<void> {
    for await (const taken of this.#registration.inherit()) {
      this.#options.log.info({ requests: taken.length }, 'taking over requests of a relay that has died');
      this.#intake.inherit(taken);
    }
  }

  async #clean(retentionSec: number): Promise<void> {
    const { removed } = await clean(this.#options.spoolDir, retentionSec);
    if (removed > 0) this.#options.log.info({ removed }, 'removed files of old requests');
  }
}
