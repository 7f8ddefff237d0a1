/**
 * Finds request files. Where the mount tells of them, events name each as it comes; a sweep finds what events miss.
 *
 * Old files cost nothing: a folder is listed only when its modification time has changed, and the more names it has the more
 * seldom. chokidar tells which agents' folders come and go. What is in them it is not asked: it keeps a list of all files and
 * goes through it for each event. A request in a folder with 100, 10,000 and 100,000 old files costs version 5 of it 20, 270 and
 * 1,500 ms of CPU, and those of the start 12 s and 600 MB; the system's own events cost 1 ms with any number.
 */

import { type FSWatcher, watch } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type FSWatcher as FolderWatcher, watch as watchFolders } from 'chokidar';
import { type Sharing, share } from '../base/sharing.js';
import { codeOf, type FileStat, Folder, foldersAtMost } from './folder.js';
import { remoteMount } from './mounts.js';
import { agentFolder, isPlainName, REQUEST_SUFFIX, REQUESTS, RESPONSES } from './spool.js';

export type WatchMode = 'auto' | 'events' | 'polling';

export interface RelayLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/** Between two looks while requests come, and while none do. */
const BUSY_MS = 15;
const IDLE_MS = 100;
const STAYS_BUSY_MS = 2_000;
/** Beside file events. */
const BESIDE_EVENTS_MS = 1_000;
/**
 * Pauses that keep looking below a twentieth of a core: listing costs 1.5 µs a name, looking at a folder 30 µs. They are
 * counted and not measured, since on a busy machine the clock tells of the neighbours.
 */
const PAUSE_PER_NAME_MS = 0.03;
const PAUSE_PER_FOLDER_MS = 0.6;
/** Some systems count modification times in steps of two seconds: a change within a step would not show. */
const COARSE_MS = 2_500;
/** Names that are looked at in one turn. */
const TURN_NAMES = 256;
/** An event is late by no more than this. */
const LATE_EVENT_MS = 250;
const MISSES_TO_POLL = 2;

/** When a folder has to be listed again. */
class Listing {
  #mtimeNs: bigint | undefined;
  #againUntilMs = 0;
  #notBeforeMs = 0;

  /** @returns the time from which it may be listed, or undefined when there is no reason to */
  dueMs({ mtimeNs }: FileStat, nowMs: number): number | undefined {
    if (mtimeNs !== this.#mtimeNs) return this.#notBeforeMs;
    return nowMs < this.#againUntilMs ? this.#notBeforeMs : undefined;
  }

  /** @param stat from before the listing, so that a change during it shows */
  listed({ mtimeNs }: FileStat, names: number): void {
    const nowMs = performance.now();
    if (mtimeNs !== this.#mtimeNs) this.#againUntilMs = nowMs + COARSE_MS;
    this.#mtimeNs = mtimeNs;
    this.#notBeforeMs = nowMs + names * PAUSE_PER_NAME_MS;
  }

  /** There is more in the folder than was dealt with. */
  unfinished(): void {
    this.#mtimeNs = undefined;
  }
}

/** One agent's folders. */
export class AgentFolder {
  readonly listing = new Listing();
  watcher: FSWatcher | undefined;
  /** Its first listing was dealt with: what events name until then waits, since older files may lie there. */
  isListed = false;
  onListed: (() => void) | undefined;
  readonly watchedSinceMs = performance.now();
  /** How often each name was in an event lately. */
  readonly events = new Map<string, number>();
  #responses: Promise<Folder> | undefined;

  constructor(
    readonly name: string,
    readonly requests: Folder,
    readonly openResponses: () => Promise<Folder>,
  ) {}

  /** The folder for answers, made if the client has not. */
  responses(): Promise<Folder> {
    this.#responses ??= this.openResponses();
    return this.#responses;
  }

  /** The next answer opens it anew. */
  forgetResponses(): void {
    const old = this.#responses;
    this.#responses = undefined;
    old?.then(
      (folder) => folder.close(),
      () => undefined,
    );
  }

  async close(): Promise<void> {
    this.watcher?.close();
    this.forgetResponses();
    await this.requests.close();
  }
}

export interface SpoolWatchOptions {
  spool: string;
  mode: WatchMode;
  /** Who else may use the spool (default: nobody). */
  sharing?: Sharing | undefined;
  log: RelayLog;
  /** @returns false when it could not deal with all of them now, and wants to be told again */
  onFound: (agent: AgentFolder, names: readonly string[]) => boolean;
  /** A file that is known has changed. */
  onChanged: (agent: AgentFolder, name: string) => void;
  isKnown: (agent: AgentFolder, name: string) => boolean;
  /** The spool is there, at the start or again. */
  onRoot: (root: Folder) => Promise<void>;
}

export class SpoolWatch {
  readonly #options: SpoolWatchOptions;
  readonly agents = new Map<string, AgentFolder>();
  readonly #maxFolders = foldersAtMost();
  #root: Folder | undefined;
  #requests: Folder | undefined;
  #listing = new Listing();
  #rootWatcher: FolderWatcher | undefined;
  #polling = false;
  #misses = 0;
  #busyUntilMs = 0;
  /** When a folder may be listed that could not be in the last sweep. */
  #wantedAtMs = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;
  #again = false;
  #over = false;
  #complained = new Set<string>();

  constructor(options: SpoolWatchOptions) {
    this.#options = options;
  }

  /** @throws when the spool cannot be made or opened */
  async start(): Promise<void> {
    await this.#openSpool();
    await this.#choose();
    await this.#sweep();
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#over = true;
    clearTimeout(this.#timer);
    await this.#rootWatcher?.close();
    for (const agent of this.agents.values()) agent.watcher?.close();
    await this.#sweeping;
  }

  /** Lets go of all folders; nothing can be answered after this. */
  async close(): Promise<void> {
    await this.stop();
    for (const agent of this.agents.values()) await agent.close();
    await this.#requests?.close();
    await this.#root?.close();
  }

  /** Requests come: looks are close together for a while. */
  #busy(): void {
    this.#busyUntilMs = performance.now() + STAYS_BUSY_MS;
  }

  async #openSpool(): Promise<void> {
    const { spool, sharing = 'owner', log } = this.#options;
    const root = await Folder.openRoot(spool, sharing);
    const open = [spool, join(spool, REQUESTS), join(spool, RESPONSES)].filter((path) => share(path, sharing));
    if (open.length > 0) log.warn({ folders: open }, 'folders that other accounts could use are closed to them now');
    try {
      const requests = await root.openFolder(REQUESTS, { create: true });
      await (await root.openFolder(RESPONSES, { create: true })).close();
      await this.#options.onRoot(root);
      this.#root = root;
      this.#requests = requests;
    } catch (cause) {
      await root.close();
      throw cause;
    }
  }

  async #choose(): Promise<void> {
    const { mode, spool, log } = this.#options;
    const remote = await remoteMount(spool);
    this.#polling = mode === 'polling' || (mode === 'auto' && remote !== undefined);
    const because =
      mode !== 'auto'
        ? 'as it was told'
        : remote === undefined
          ? 'the folder is local; a sweep each second finds what events miss'
          : `the folder lies on ${remote}, which does not tell of what the other side writes`;
    log.info({ spool, watch: this.#polling ? 'polling' : 'events' }, `relay started: ${because}`);
    await this.#watchRoot();
  }

  async #watchRoot(): Promise<void> {
    await this.#rootWatcher?.close();
    this.#rootWatcher = undefined;
    if (this.#polling || this.#over) return;
    const requests = join(await realpath(this.#options.spool), REQUESTS);
    this.#rootWatcher = watchFolders(requests, {
      depth: 0,
      followSymlinks: false,
      ignoreInitial: true,
      persistent: false,
      ignored: (_path, stats) => stats !== undefined && !stats.isDirectory(),
    });
    this.#rootWatcher.on('all', () => this.#soon());
    this.#rootWatcher.on('error', (cause) => this.#withoutEvents(cause));
  }

  #withoutEvents(cause: unknown): void {
    this.#complain('events', cause, 'file events cannot be had: looking regularly instead');
    this.#poll();
  }

  #soon(): void {
    if (this.#sweeping !== undefined) this.#again = true;
    else if (!this.#over) {
      clearTimeout(this.#timer);
      void this.#sweep().then(() => this.#schedule());
    }
  }

  #schedule(): void {
    if (this.#over) return;
    clearTimeout(this.#timer);
    const nowMs = performance.now();
    const paceMs = this.#polling ? (nowMs < this.#busyUntilMs ? BUSY_MS : IDLE_MS) : BESIDE_EVENTS_MS;
    const wantedMs = Math.min(paceMs, Math.max(0, this.#wantedAtMs - nowMs));
    const delayMs = this.#again ? 0 : Math.max(wantedMs, this.agents.size * PAUSE_PER_FOLDER_MS);
    this.#again = false;
    this.#timer = setTimeout(() => void this.#sweep().then(() => this.#schedule()), delayMs);
  }

  /** One look at everything; never rejects. */
  #sweep(): Promise<void> {
    this.#sweeping ??= this.#look()
      .catch((cause) => this.#complain('spool', cause, 'the spool cannot be read; trying again'))
      .finally(() => {
        this.#sweeping = undefined;
      });
    return this.#sweeping;
  }

  async #look(): Promise<void> {
    const begunMs = performance.now();
    this.#wantedAtMs = Number.POSITIVE_INFINITY;
    await this.#checkSpool();
    const requests = this.#requests as Folder;
    const stat = await requests.stat('.');
    if (this.#isDue(this.#listing, stat, begunMs)) {
      const names = await requests.list();
      this.#listing.listed(stat, names.length);
      for (const [index, name] of names.entries()) {
        // A stranger may have put any number of names there, and looking at one on a local disk lets nobody else run.
        if (index % TURN_NAMES === TURN_NAMES - 1) await nextTurn();
        if (!this.agents.has(name)) await this.#enter(name, requests);
      }
    }
    await Promise.all([...this.agents.values()].map((agent) => this.#visit(agent, requests)));
    this.#complained.delete('spool');
  }

  /** Whether the spool is still the one that we opened; a new one is made where it vanished. */
  async #checkSpool(): Promise<void> {
    const stat = await this.#root?.stat(REQUESTS).catch(() => undefined);
    const rootStat = await lstat(this.#options.spool, { bigint: true }).catch(() => undefined);
    const rootIsThere = rootStat !== undefined && (rootStat.isSymbolicLink() || this.#root?.isSame(rootStat) === true);
    if (rootIsThere && stat !== undefined && this.#requests?.isSame(stat) === true) return;
    this.#options.log.warn({ spool: this.#options.spool }, 'the spool has vanished or was replaced; opening it anew');
    for (const agent of this.agents.values()) await agent.close();
    this.agents.clear();
    await this.#requests?.close();
    await this.#root?.close();
    this.#requests = undefined;
    this.#root = undefined;
    this.#listing = new Listing();
    await this.#openSpool();
    await this.#watchRoot();
  }

  /** A listing that has a reason and not yet the right has its sweep as soon as it has both. */
  #isDue(listing: Listing, stat: FileStat, nowMs: number): boolean {
    const dueMs = listing.dueMs(stat, nowMs);
    if (dueMs !== undefined && dueMs > nowMs) this.#wantedAtMs = Math.min(this.#wantedAtMs, dueMs);
    return dueMs !== undefined && dueMs <= nowMs;
  }

  async #enter(name: string, requests: Folder): Promise<void> {
    if (!isPlainName(name) || !isPlainName(agentFolder(name))) return;
    if (this.agents.size >= this.#maxFolders) {
      this.#complain('folders', undefined, `more than ${this.#maxFolders} agent folders: the others are not served`);
      return;
    }
    let folder: Folder;
    try {
      const stat = await requests.stat(name);
      if (!stat.isDirectory()) return;
      folder = await requests.openFolder(name);
    } catch (cause) {
      if (codeOf(cause) !== 'ENOENT') this.#complain(`enter ${name}`, cause, `cannot serve the folder of ${name}`);
      return;
    }
    const agent = new AgentFolder(name, folder, () => this.#openResponses(name));
    this.agents.set(name, agent);
    this.#watchAgent(agent);
  }

  async #openResponses(name: string): Promise<Folder> {
    if (this.#root === undefined) throw Object.assign(new Error('the spool is gone'), { code: 'ENOENT' });
    const all = await this.#root.openFolder(RESPONSES, { create: true });
    try {
      return await all.openFolder(agentFolder(name), { create: true });
    } finally {
      await all.close();
    }
  }

  #watchAgent(agent: AgentFolder): void {
    if (this.#polling) return;
    const found = new Set<string>();
    const tell = () => {
      if (!agent.isListed) return;
      const names = [...found].filter((name) => !this.#options.isKnown(agent, name));
      found.clear();
      if (!this.#over && names.length > 0) this.#options.onFound(agent, names);
    };
    agent.onListed = tell;
    try {
      agent.watcher = watch(agent.requests.path, { persistent: false }, (_event, name) => {
        if (name === null || !name.endsWith(REQUEST_SUFFIX)) return;
        agent.events.set(name, (agent.events.get(name) ?? 0) + 1);
        if (this.#options.isKnown(agent, name)) {
          this.#options.onChanged(agent, name);
          return;
        }
        if (found.size === 0) setImmediate(tell);
        found.add(name);
      });
      agent.watcher.on('error', () => undefined);
    } catch (cause) {
      this.#withoutEvents(cause);
    }
  }

  async #visit(agent: AgentFolder, requests: Folder): Promise<void> {
    const begunMs = performance.now();
    let stat: FileStat;
    try {
      stat = await requests.stat(agent.name);
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') await this.#leave(agent);
      return;
    }
    if (!agent.requests.isSame(stat)) {
      await this.#leave(agent);
      await this.#enter(agent.name, requests);
      this.#again = true;
      return;
    }
    if (!this.#isDue(agent.listing, stat, begunMs)) return;
    // The folder for answers may have been replaced too.
    agent.forgetResponses();
    try {
      const all = await agent.requests.list();
      agent.listing.listed(stat, all.length);
      const names = all.filter((name) => name.endsWith(REQUEST_SUFFIX) && !this.#options.isKnown(agent, name));
      const counts = names.map((name) => agent.events.get(name) ?? 0);
      agent.events.clear();
      if (names.length > 0) {
        this.#busy();
        if (!this.#options.onFound(agent, names)) agent.listing.unfinished();
        this.#countMisses(agent, names, counts);
      }
      agent.isListed = true;
      agent.onListed?.();
    } catch (cause) {
      this.#complain(`list ${agent.name}`, cause, `cannot list the folder of ${agent.name}`);
    }
  }

  /** A look that finds what no event named: then events are not to be relied on, whatever the mount says it is. */
  #countMisses(agent: AgentFolder, names: readonly string[], counts: readonly number[]): void {
    const { mode, log, spool } = this.#options;
    if (mode !== 'auto' || this.#polling || performance.now() - agent.watchedSinceMs < BESIDE_EVENTS_MS) return;
    setTimeout(() => {
      if (this.#polling || this.#over) return;
      // Our own renaming is an event too, so a file that was made here has two at least.
      const missed = names.filter((name, index) => (counts[index] ?? 0) + (agent.events.get(name) ?? 0) < 2);
      this.#misses = missed.length === 0 ? 0 : this.#misses + 1;
      if (this.#misses < MISSES_TO_POLL) return;
      log.info({ spool, watch: 'polling' }, 'file events miss what is written to the spool: looking regularly instead');
      this.#poll();
    }, LATE_EVENT_MS).unref();
  }

  #poll(): void {
    this.#polling = true;
    void this.#rootWatcher?.close();
    for (const agent of this.agents.values()) agent.watcher?.close();
    this.#soon();
  }

  async #leave(agent: AgentFolder): Promise<void> {
    this.agents.delete(agent.name);
    await agent.close();
  }

  #complain(about: string, cause: unknown, text: string): void {
    if (this.#complained.has(about)) return;
    if (this.#complained.size > 1_000) this.#complained.clear();
    this.#complained.add(about);
    this.#options.log.warn({ ...(cause !== undefined && { err: cause }) }, text);
  }
}
