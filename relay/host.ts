/** The hub's end of the spool: takes requests, has them executed, answers them (arc-v1 §7.3). */
import { randomBytes } from 'node:crypto';
import { Answers } from './answers.js';
import { codeOf, type FileStat, type Folder } from './folder.js';
import { BEAT_SEC, HUB_FILE, type HubFile, readHubFile } from './hub-file.js';
import { Heirs, Journal, RELAYS, type RelayMark, type Taken } from './journal.js';
import { type Entry, Lane } from './lane.js';
import { thisMachine } from './machine.js';
import { identityOf, keyOf, type Reading, readRequest } from './request-file.js';
import { clean } from './retention.js';
import { isAnswer, type Routed, route } from './route.js';
import {
  agentFolder,
  answerOf,
  CLAIMED_SUFFIX,
  type Executed,
  RELAY_STATUS,
  REQUEST_SUFFIX,
  type RelayAnswer,
  refusal,
  spoolPath,
} from './spool.js';
import { type AgentFolder, type RelayLog, SpoolWatch, type WatchMode } from './spool-watch.js';

export type { RelayLog, WatchMode };

/** A request without a socket. */
export interface RelayCall {
  method: string;
  path: string;
  /** JSON text. */
  body: string | undefined;
  idempotency_key: string | undefined;
  /** Aborted when the relay stops. */
  signal: AbortSignal;
  /** How long the hub may wait by itself before it answers. */
  waitSec: number;
  /** Folder that the request lay in. */
  folder: string;
  /** Who the request says it is from; agents may share a folder. */
  agent_id: string;
}

type Sender = Pick<RelayCall, 'folder' | 'agent_id'>;

/** Has a request executed, by a hub in this process or by HTTP. May reject when the hub cannot be reached. */
export type Execute = (call: RelayCall) => Promise<Executed>;

/** The hub that the spool leads to. */
export interface HubIdentity {
  instance_id: string;
  implementation: string;
  version: string;
  url: string | undefined;
}

export interface RelayOptions {
  spoolDir: string;
  execute: Execute;
  /** Undefined while the hub cannot be reached: then the spool does not claim to be served. */
  identify: () => Promise<HubIdentity | undefined>;
  log: RelayLog;
  watch?: WatchMode | undefined;
  /** Bytes of a request file: the hub's cap for a body, and something for the envelope. */
  maxRequestBytes: number;
  /** Files of answered requests older than this are removed; undefined keeps them all. */
  retentionSec?: number | undefined;
  bounds?: Partial<Bounds> | undefined;
}

/** What is more than this is answered 429. */
export interface Bounds {
  /** Requests of one folder that were found and not answered. */
  perAgent: number;
  inAll: number;
  waitsPerAgent: number;
  waitsInAll: number;
  /** Of all requests that are being executed. */
  bytes: number;
}

const BOUNDS: Bounds = { perAgent: 1_000, inAll: 10_000, waitsPerAgent: 64, waitsInAll: 2_000, bytes: 256 * 2 ** 20 };
/** Requests that are read and executed at the same time, waits aside. */
const AT_ONCE = 32;
/** Names of one look that are dealt with; the next look finds the others. */
const LOOK_MAX = 2_000;
/** A file that is no request stays as it is for so long before it is refused, and changes for no longer than so long. */
const GRACE_MS = 750;
const LONGEST_GRACE_MS = 10_000;
const GRACE_LOOK_MS = 50;
/** Between attempts to take a request that cannot be taken now, on a full disk for instance. */
const TAKE_RETRY_MS = 1_000;
/** Between looks whether a wait's file is still there. */
const WITHDRAWN_LOOK_MS = 1_000;
const STOP_WITHIN_MS = 2_000;
const MAX_UNCLAIMABLE = 10_000;
const LONGEST_RETENTION_PAUSE_MS = 3_600_000;

export class RelayHost {
  readonly #options: RelayOptions;
  readonly #bounds: Bounds;
  readonly #relayId = randomBytes(8).toString('hex');
  readonly #startedAt = new Date().toISOString();
  readonly #machine = thisMachine();
  readonly #lanes = new Map<string, Lane>();
  readonly #waits = new Map<string, number>();
  readonly #answers: Answers;
  readonly #watch: SpoolWatch;
  readonly #over = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();
  /** Files that can be answered and not taken, so that they are answered once. */
  readonly #unclaimable = new Set<string>();
  readonly #slots: (() => void)[] = [];
  readonly #ready: Promise<void>;
  #begin: () => void = () => undefined;
  #free = AT_ONCE;
  #queued = 0;
  #waiting = 0;
  #bytes = 0;
  #root: Folder | undefined;
  #relays: Folder | undefined;
  #journal: Journal | undefined;
  #heirs: Heirs | undefined;
  #beat = 0;
  #timers: NodeJS.Timeout[] = [];
  #paused = false;
  #beating: Promise<void> = Promise.resolve();

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#bounds = { ...BOUNDS, ...options.bounds };
    this.#answers = new Answers(options.log);
    this.#ready = new Promise((resolve) => {
      this.#begin = resolve;
    });
    this.#watch = new SpoolWatch({
      spool: spoolPath(options.spoolDir),
      mode: options.watch ?? 'auto',
      log: options.log,
      onFound: (agent, names) => this.#found(agent, names),
      onChanged: (agent, name) => this.#lane(agent.name).nudge(name, 10),
      isKnown: (agent, name) => this.#lanes.get(agent.name)?.knows(name) === true,
      onRoot: (root) => this.#open(root),
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
    this.#begin();
    this.#every(BEAT_SEC * 1_000, () => this.#onBeat());
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

  get isPolling(): boolean {
    return this.#watch.isPolling;
  }

  /** Takes nothing more: what comes from now on waits in the spool for the next start. */
  async pause(): Promise<void> {
    if (this.#paused) return;
    this.#paused = true;
    this.#begin();
    for (const timer of this.#timers) clearInterval(timer);
    for (const lane of this.#lanes.values()) lane.pause();
    await this.#watch.stop();
  }

  /** Answers what it has taken as far as it can within 2 s; the rest is answered by the next relay. */
  async stop(): Promise<void> {
    await this.pause();
    this.#over.abort();
    const late = new Promise<void>((resolve) => setTimeout(resolve, STOP_WITHIN_MS).unref());
    await Promise.race([Promise.all(this.#underWay), late]);
    this.#answers.stop();
    await this.#beating;
    await this.#journal?.close();
    await this.#relays?.remove(`${this.#relayId}.json`).catch(() => undefined);
    await this.#relays?.close();
    const hub = await readHubFile(spoolPath(this.#options.spoolDir));
    if (hub?.relay_id === this.#relayId) await this.#root?.remove(HUB_FILE).catch(() => undefined);
    await this.#watch.close();
  }

  #every(ms: number, run: () => Promise<void>): void {
    let running = false;
    const timer = setInterval(() => {
      if (running) return;
      running = true;
      this.#beating = run()
        .catch((err) => this.#options.log.warn({ err }, 'the spool cannot be looked after; trying again'))
        .finally(() => {
          running = false;
        });
    }, ms);
    this.#timers.push(timer);
  }

  /** The spool is there, or there again: its journal, its mark, and what dead relays left. */
  async #open(root: Folder): Promise<void> {
    await this.#journal?.close();
    await this.#relays?.close();
    this.#root = root;
    this.#relays = await root.openFolder(RELAYS, { create: true, mode: 0o700 });
    await this.#mark();
    this.#journal = await Journal.create(this.#relays, this.#relayId);
    this.#heirs = new Heirs(this.#relays, this.#relayId);
    await this.#tellOfHub();
  }

  async #onBeat(): Promise<void> {
    await this.#mark();
    await this.#tellOfHub();
    await this.#inherit();
  }

  async #mark(): Promise<void> {
    this.#beat += 1;
    const mark: RelayMark = {
      relay_id: this.#relayId,
      pid: process.pid,
      machine: this.#machine,
      beat: this.#beat,
    };
    await this.#relays?.write(`${this.#relayId}.json`, `${JSON.stringify(mark)}\n`);
  }

  async #tellOfHub(): Promise<void> {
    const hub = await this.#options.identify();
    if (hub === undefined || this.#paused) return;
    const file: HubFile = {
      ...hub,
      started_at: this.#startedAt,
      beat_at: new Date().toISOString(),
      beat_sec: BEAT_SEC,
      relay_id: this.#relayId,
      pid: process.pid,
      machine: this.#machine,
    };
    await this.#root?.write(HUB_FILE, `${JSON.stringify(file, null, 2)}\n`);
  }

  async #inherit(): Promise<void> {
    const inherited = (await this.#heirs?.inherit()) ?? [];
    for (const { journal, taken } of inherited) {
      const found: Entry[] = [];
      for (const request of taken) {
        await this.#journal?.take(request);
        found.push({ name: request.name, mtimeNs: BigInt(request.mtime_ns), taken: request });
      }
      // From here on our own journal says that they are open.
      await this.#relays?.remove(journal).catch(() => undefined);
      if (taken.length === 0) continue;
      this.#options.log.info({ requests: taken.length }, 'taking over requests of a relay that has died');
      for (const entry of found) {
        if (entry.taken !== undefined) this.#add(entry.taken.folder, [entry]);
      }
    }
  }

  async #clean(retentionSec: number): Promise<void> {
    const { removed } = await clean(this.#options.spoolDir, retentionSec);
    if (removed > 0) this.#options.log.info({ removed }, 'removed files of old requests');
  }

  #lane(folder: string): Lane {
    let lane = this.#lanes.get(folder);
    if (lane === undefined) {
      lane = new Lane((entry) => this.#serveSafely(folder, entry));
      this.#lanes.set(folder, lane);
    }
    return lane;
  }

  #add(folder: string, entries: Entry[]): void {
    const lane = this.#lane(folder);
    for (const entry of entries) {
      entry.refused = lane.length >= this.#bounds.perAgent || this.#queued >= this.#bounds.inAll;
      this.#queued += 1;
      lane.add([entry]);
    }
  }

  #found(agent: AgentFolder, all: readonly string[]): boolean {
    if (this.#paused) return true;
    const names = all.length > LOOK_MAX ? all.slice(0, LOOK_MAX) : all;
    this.#lane(agent.name).expect(names);
    void this.#enqueue(agent, names);
    return names.length === all.length;
  }

  /** Times first: requests take effect in file order, whatever order they were found in. */
  async #enqueue(agent: AgentFolder, names: readonly string[]): Promise<void> {
    const lane = this.#lane(agent.name);
    const entries: Entry[] = [];
    await Promise.all(
      names.map(async (name) => {
        try {
          const { mtimeNs, ino } = await agent.requests.stat(name);
          if (this.#unclaimable.has(`${ino} ${mtimeNs}`)) lane.forget(name);
          else entries.push({ name, mtimeNs });
        } catch {
          lane.forget(name); // gone already
        }
      }),
    );
    await this.#ready;
    entries.sort((a, b) => (a.mtimeNs === b.mtimeNs ? (a.name < b.name ? -1 : 1) : a.mtimeNs < b.mtimeNs ? -1 : 1));
    this.#add(agent.name, entries);
  }

  async #serveSafely(folder: string, entry: Entry): Promise<number | undefined> {
    let retryMs: number | undefined;
    try {
      const serving = this.#serve(folder, entry);
      this.#follow(serving);
      retryMs = await serving;
    } catch (err) {
      this.#options.log.error({ err, agent_folder: folder, file: entry.name }, 'a relay request failed');
    }
    if (retryMs === undefined) this.#queued -= 1;
    return retryMs;
  }

  /** @returns when to try again, in ms; undefined when the next request of the folder may begin */
  async #serve(folder: string, entry: Entry): Promise<number | undefined> {
    const agent = this.#watch.agents.get(folder);
    if (agent === undefined) {
      if (entry.taken !== undefined) this.#journal?.done(entry.taken);
      return undefined;
    }
    const taken = entry.taken === undefined ? await this.#take(agent, entry) : await this.#retake(agent, entry.taken);
    if (taken === undefined || typeof taken === 'number') return taken;
    try {
      await this.#answer(agent, entry, taken.reading, taken.taken);
    } catch (err) {
      // Of its own making or of ours: whoever wrote it waits for an answer.
      this.#options.log.error({ err, agent_folder: folder, file: entry.name }, 'a relay request failed');
      const answer = refusal(500, 'internal', 'internal error of the relay');
      await this.#write(agent, entry.name, entry.name.slice(0, -REQUEST_SUFFIX.length), taken.taken, answer);
    }
    return undefined;
  }

  /** Reads the request and renames it, which makes it ours alone. */
  async #take(agent: AgentFolder, entry: Entry): Promise<{ reading: Reading; taken: Taken } | number | undefined> {
    const limits = { folderName: agent.name, maxBytes: this.#options.maxRequestBytes };
    await this.#slot();
    try {
      let reading: Reading;
      try {
        reading = await readRequest(agent.requests, entry.name, limits);
      } catch (err) {
        this.#options.log.warn({ err, agent_folder: agent.name }, 'cannot read a request; trying again');
        return TAKE_RETRY_MS;
      }
      if (reading.is === 'gone') return undefined;
      if (reading.is === 'unready' && isPatient(entry, reading.stat)) return GRACE_LOOK_MS;
      let taken = takenOf(agent.name, entry.name, reading.stat);
      const work = workName(entry.name);
      try {
        await this.#journal?.take(taken);
      } catch (err) {
        this.#options.log.warn({ err }, 'the relay cannot note what it takes, so it takes nothing; trying again');
        return TAKE_RETRY_MS;
      }
      try {
        await agent.requests.rename(entry.name, work);
      } catch (cause) {
        this.#journal?.done(taken);
        const code = codeOf(cause);
        if (code === 'ENOENT') return undefined; // another relay has it
        if (!['EISDIR', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'ENAMETOOLONG'].includes(code)) {
          this.#options.log.warn({ err: cause, agent_folder: agent.name }, 'cannot take a request; trying again');
          return TAKE_RETRY_MS;
        }
        this.#rememberUnclaimable(reading.stat);
        return { reading: { is: 'unusable', reason: 'request file cannot be taken', stat: reading.stat }, taken };
      }
      this.#lane(agent.name).release(entry);
      const stat = await agent.requests.stat(work).catch(() => undefined);
      if (stat !== undefined && !isSameFile(stat, reading.stat)) {
        // It was replaced between reading and taking.
        this.#journal?.done(taken);
        reading = await readRequest(agent.requests, work, limits);
        if (reading.is === 'gone') return undefined;
        taken = takenOf(agent.name, entry.name, reading.stat);
        // It is ours by now, so it is answered even if it cannot be noted.
        await this.#journal?.take(taken).catch(() => undefined);
      }
      return { reading, taken };
    } finally {
      this.#freeSlot();
    }
  }

  /** A request that a dead relay took, unless it has answered it after all or the name is another request's by now. */
  async #retake(agent: AgentFolder, taken: Taken): Promise<{ reading: Reading; taken: Taken } | number | undefined> {
    const limits = { folderName: agent.name, maxBytes: this.#options.maxRequestBytes };
    const work = workName(taken.name);
    let reading: Reading;
    try {
      reading = await readRequest(agent.requests, work, limits);
    } catch (err) {
      this.#options.log.warn({ err, agent_folder: agent.name }, 'cannot read a request; trying again');
      return TAKE_RETRY_MS;
    }
    if (reading.is !== 'gone' && String(reading.stat.mtimeNs) === taken.mtime_ns) {
      const answered = await this.#answeredSince(agent, taken.name, reading.stat);
      if (!answered) return { reading, taken };
    }
    // Not renamed yet when the other died: then it is found as any other.
    this.#journal?.done(taken);
    return undefined;
  }

  async #answeredSince(agent: AgentFolder, name: string, work: FileStat): Promise<boolean> {
    try {
      const stat = await (await agent.responses()).stat(name);
      // The rename that took the request set its change time.
      return stat.isFile() && stat.mtimeNs >= work.ctimeNs;
    } catch {
      agent.forgetResponses();
      return false;
    }
  }

  /** Resolves when the next request of the folder may begin: a wait goes on by itself. */
  async #answer(agent: AgentFolder, entry: Entry, reading: Reading, taken: Taken): Promise<void> {
    if (reading.is === 'gone') return;
    if (reading.is !== 'request') {
      const stem = entry.name.slice(0, -REQUEST_SUFFIX.length);
      return this.#write(agent, entry.name, stem, taken, unusable(reading.reason));
    }
    const { request, stat } = reading;
    if (entry.refused === true) return this.#write(agent, entry.name, request.request_id, taken, tooMany('requests'));
    const routed = route(request);
    const from = { folder: agentFolder(agent.name), agent_id: request.agent_id };
    if (isAnswer(routed)) return this.#write(agent, entry.name, request.request_id, taken, routed);
    const size = Number(stat.size);
    if (this.#bytes + size > this.#bounds.bytes) {
      return this.#write(agent, entry.name, request.request_id, taken, tooMany('large requests'));
    }
    const key = request.idempotency_key ?? keyOf(agent.name, entry.name, taken);
    if (!routed.waits) {
      await this.#slot();
      const answer = await this.#execute(routed, from, key, size).finally(() => this.#freeSlot());
      this.#follow(this.#write(agent, entry.name, request.request_id, taken, answer));
      return;
    }
    const waits = this.#waits.get(agent.name) ?? 0;
    if (waits >= this.#bounds.waitsPerAgent || this.#waiting >= this.#bounds.waitsInAll) {
      return this.#write(agent, entry.name, request.request_id, taken, tooMany('waiting requests'));
    }
    this.#waits.set(agent.name, waits + 1);
    this.#waiting += 1;
    const withdrawn = this.#untilWithdrawn(agent, workName(entry.name), stat);
    const answered = this.#execute(routed, from, key, size, withdrawn.signal).then((answer) => {
      withdrawn.stop();
      this.#waiting -= 1;
      const left = (this.#waits.get(agent.name) ?? 1) - 1;
      if (left === 0) this.#waits.delete(agent.name);
      else this.#waits.set(agent.name, left);
      // Cut short by our own end: the next relay lets it wait anew.
      if (this.#over.signal.aborted) return undefined;
      if (withdrawn.signal.aborted) return this.#journal?.done(taken);
      return this.#write(agent, entry.name, request.request_id, taken, answer);
    });
    this.#follow(answered);
  }

  #follow(work: Promise<unknown>): void {
    this.#underWay.add(work);
    const forget = () => this.#underWay.delete(work);
    work.then(forget, forget);
  }

  /** Ends a wait whose file its client has removed. */
  #untilWithdrawn(agent: AgentFolder, work: string, stat: FileStat): { signal: AbortSignal; stop: () => void } {
    const end = new AbortController();
    const onOver = () => end.abort();
    this.#over.signal.addEventListener('abort', onOver);
    const timer = setInterval(() => {
      agent.requests.stat(work).then(
        (now) => now.ino !== stat.ino && end.abort(),
        (cause) => codeOf(cause) === 'ENOENT' && this.#watch.agents.get(agent.name) === agent && end.abort(),
      );
    }, WITHDRAWN_LOOK_MS);
    const stop = () => {
      clearInterval(timer);
      this.#over.signal.removeEventListener('abort', onOver);
    };
    return { signal: end.signal, stop };
  }

  /** Never rejects. */
  async #execute(routed: Routed, from: Sender, key: string, size: number, signal = this.#over.signal) {
    const { method, path, body, waitSec } = routed;
    this.#bytes += size;
    try {
      const idempotency_key = method === 'GET' ? undefined : key;
      const call = { method, path, body, idempotency_key, signal, waitSec, ...from };
      return answerOf(await this.#options.execute(call));
    } catch (cause) {
      const error = `connection error: ${cause instanceof Error ? cause.message : String(cause)}`;
      return refusal(RELAY_STATUS.unreachable, 'unavailable', error);
    } finally {
      this.#bytes -= size;
    }
  }

  async #write(agent: AgentFolder, name: string, requestId: string, taken: Taken, answer: RelayAnswer): Promise<void> {
    const stands = await this.#answers.write(agent, name, requestId, answer);
    // What could not be answered stays open in the journal, for the next relay.
    if (stands) this.#journal?.done(taken);
    if (this.#watch.agents.get(agent.name) !== agent) agent.forgetResponses();
  }

  async #slot(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#slots.push(resolve));
  }

  #freeSlot(): void {
    const next = this.#slots.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }

  #rememberUnclaimable({ ino, mtimeNs }: FileStat): void {
    if (this.#unclaimable.size >= MAX_UNCLAIMABLE) this.#unclaimable.clear();
    this.#unclaimable.add(`${ino} ${mtimeNs}`);
  }
}

const workName = (name: string) => name.slice(0, -REQUEST_SUFFIX.length) + CLAIMED_SUFFIX;

const takenOf = (folder: string, name: string, stat: FileStat): Taken => ({ folder, name, ...identityOf(stat) });

const isSameFile = (a: FileStat, b: FileStat) => a.ino === b.ino && a.mtimeNs === b.mtimeNs && a.size === b.size;

/** Whether a file that is no request may still become one: it has changed lately. */
function isPatient(entry: Entry, { size, mtimeNs }: FileStat): boolean {
  const nowMs = performance.now();
  const { patience } = entry;
  if (patience === undefined) entry.patience = { size, mtimeNs, sinceMs: nowMs, firstMs: nowMs };
  else if (patience.size !== size || patience.mtimeNs !== mtimeNs) {
    Object.assign(patience, { size, mtimeNs, sinceMs: nowMs });
  }
  const { sinceMs, firstMs } = entry.patience as NonNullable<Entry['patience']>;
  return nowMs - sinceMs < GRACE_MS && nowMs - firstMs < LONGEST_GRACE_MS;
}

/** The relay's own 400 has no `body` (arc-v1 §7.4). */
const unusable = (reason: string): RelayAnswer => ({
  status: 400,
  body: undefined,
  ok: false,
  error: `invalid relay request: ${reason}`,
  code: 'invalid_request',
});

const tooMany = (what: string) =>
  refusal(429, 'rate_limited', `too many ${what} in flight over the relay; try again when some are answered`);
