/** Makes a request ours: reads its file, notes it in the journal and renames it, so that no two relays execute it. */
import type { Admission } from './admission.js';
import { codeOf, type FileStat } from './folder.js';
import type { Ledger, Taken } from './journal.js';
import type { Entry } from './lane.js';
import { identityOf, type Reading, readRequest } from './request-file.js';
import { CLAIMED_SUFFIX, REQUEST_SUFFIX } from './spool.js';
import type { AgentFolder, RelayLog } from './spool-watch.js';

/** A file that is no request stays as it is for so long before it is refused, and changes for no longer than so long. */
const GRACE_MS = 750;
const LONGEST_GRACE_MS = 10_000;
const GRACE_LOOK_MS = 50;
/** Between attempts to take a request that cannot be taken now, on a full disk for instance. */
const TAKE_RETRY_MS = 1_000;
const MAX_UNCLAIMABLE = 10_000;
/** What renaming says of something that is no file, or has no room for a longer name. */
const CANNOT_BE_RENAMED = new Set(['EISDIR', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'ENAMETOOLONG']);

/** A request that is ours to answer, with what its file held. */
export interface Held {
  agent: AgentFolder;
  /** Of the file before it was taken. */
  name: string;
  reading: Exclude<Reading, { is: 'gone' }>;
  taken: Taken;
}

/** A request, or when to try again in ms; undefined when it is not ours, or is no more. */
export type Take = Held | number | undefined;

export class Taking {
  readonly #ledger: Ledger;
  readonly #admission: Admission;
  readonly #maxBytes: number;
  readonly #log: RelayLog;
  /** Files that can be answered and not taken, so that they are answered once. */
  readonly #unclaimable = new Set<string>();

  constructor(ledger: Ledger, admission: Admission, maxBytes: number, log: RelayLog) {
    this.#ledger = ledger;
    this.#admission = admission;
    this.#maxBytes = maxBytes;
    this.#log = log;
  }

  isUnclaimable(stat: FileStat): boolean {
    return this.#unclaimable.has(fileKey(stat));
  }

  /** @param onRenamed called when the name is free for another request */
  take(agent: AgentFolder, entry: Entry, onRenamed: () => void): Promise<Take> {
    return this.#admission.inTurn(() => this.#take(agent, entry, onRenamed));
  }

  async #take(agent: AgentFolder, entry: Entry, onRenamed: () => void): Promise<Take> {
    const { name } = entry;
    const reading = await this.#read(agent, name);
    if (typeof reading === 'number') return reading;
    if (reading.is === 'gone') return undefined;
    if (reading.is === 'unready' && isPatient(entry, reading.stat)) return GRACE_LOOK_MS;
    const taken = takenOf(agent.name, name, reading.stat);
    try {
      await this.#ledger.take(taken);
    } catch (err) {
      this.#log.warn({ err }, 'the relay cannot note what it takes, so it takes nothing; trying again');
      return TAKE_RETRY_MS;
    }
    try {
      await agent.requests.rename(name, workName(name));
    } catch (cause) {
      this.#ledger.done(taken);
      const code = codeOf(cause);
      if (code === 'ENOENT') return undefined; // another relay has it
      if (!CANNOT_BE_RENAMED.has(code)) {
        this.#log.warn({ err: cause, agent_folder: agent.name }, 'cannot take a request; trying again');
        return TAKE_RETRY_MS;
      }
      this.#rememberUnclaimable(reading.stat);
      const reason = 'request file cannot be taken';
      return { agent, name, reading: { is: 'unusable', reason, stat: reading.stat }, taken };
    }
    onRenamed();
    const stat = await agent.requests.stat(workName(name)).catch(() => undefined);
    if (stat !== undefined && !isSameFile(stat, reading.stat)) {
      this.#ledger.done(taken);
      return this.#readAnew(agent, name);
    }
    return { agent, name, reading, taken };
  }

  /** The file was replaced between reading and taking; what we have is the new one. */
  async #readAnew(agent: AgentFolder, name: string): Promise<Take> {
    const reading = await readRequest(agent.requests, workName(name), this.#limits(agent));
    if (reading.is === 'gone') return undefined;
    const taken = takenOf(agent.name, name, reading.stat);
    // It is ours by now, so it is answered even if it cannot be noted.
    await this.#ledger.take(taken).catch(() => undefined);
    return { agent, name, reading, taken };
  }

  /** A request that a dead relay took, unless it has answered it after all or the name is another request's by now. */
  async retake(agent: AgentFolder, taken: Taken): Promise<Take> {
    const reading = await this.#read(agent, workName(taken.name));
    if (typeof reading === 'number') return reading;
    if (reading.is !== 'gone' && String(reading.stat.mtimeNs) === taken.mtime_ns) {
      const answered = await answeredSince(agent, taken.name, reading.stat);
      if (!answered) return { agent, name: taken.name, reading, taken };
    }
    // Not renamed yet when the other died: then it is found as any other.
    this.#ledger.done(taken);
    return undefined;
  }

  async #read(agent: AgentFolder, name: string): Promise<Reading | number> {
    try {
      return await readRequest(agent.requests, name, this.#limits(agent));
    } catch (err) {
      this.#log.warn({ err, agent_folder: agent.name }, 'cannot read a request; trying again');
      return TAKE_RETRY_MS;
    }
  }

  #limits(agent: AgentFolder) {
    return { folderName: agent.name, maxBytes: this.#maxBytes };
  }

  #rememberUnclaimable(stat: FileStat): void {
    if (this.#unclaimable.size >= MAX_UNCLAIMABLE) this.#unclaimable.clear();
    this.#unclaimable.add(fileKey(stat));
  }
}

/** The name under which a request lies once it is taken. */
export const workName = (name: string) => name.slice(0, -REQUEST_SUFFIX.length) + CLAIMED_SUFFIX;

const takenOf = (folder: string, name: string, stat: FileStat): Taken => ({ folder, name, ...identityOf(stat) });

const fileKey = ({ ino, mtimeNs }: FileStat) => `${ino} ${mtimeNs}`;

const isSameFile = (a: FileStat, b: FileStat) => a.ino === b.ino && a.mtimeNs === b.mtimeNs && a.size === b.size;

async function answeredSince(agent: AgentFolder, name: string, work: FileStat): Promise<boolean> {
  try {
    const stat = await (await agent.responses()).stat(name);
    // The rename that took the request set its change time.
    return stat.isFile() && stat.mtimeNs >= work.ctimeNs;
  } catch {
    agent.forgetResponses();
    return false;
  }
}

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
