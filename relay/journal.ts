/**
 * Which requests a relay has taken and not yet answered, so that another can answer them if it dies. A line is written
 * before a request is renamed, and one after its answer stands; a request whose second line is missing is done again,
 * under the same key, so the hub does it once.
 *
 * `relays/ID.json` beats while relay ID lives; `relays/ID~N.log` are its journals. Whoever finds a dead relay renames its
 * journals to names of its own: the rename decides who takes them over.
 */
import { randomBytes } from 'node:crypto';
import { codeOf, type Folder, type OwnFile } from './folder.js';
import { isDead, type Machine } from './machine.js';
import type { Identity } from './request-file.js';
import { isPlainName } from './spool.js';

export const RELAYS = 'relays';
const COMPACT_BYTES = 256 * 1_024;

/** A request that was taken: folder, file name before it was taken, and identity. */
export interface Taken extends Identity {
  folder: string;
  name: string;
}

/** Where it is noted what is taken and what is answered. */
export interface Ledger {
  /** Rejects when it cannot be noted: then the request must not be taken. */
  take(request: Taken): Promise<void>;
  done(request: Taken): void;
}

export interface RelayMark {
  relay_id: string;
  pid: number;
  machine: Machine;
  /** Grows with each beat. */
  beat: number;
}

const lineKey = ({ folder, name, ino, mtime_ns }: Taken) => JSON.stringify([folder, name, ino, mtime_ns]);

/** One journal file. Lines of the same turn are written together. */
export class Journal implements Ledger {
  readonly name: string;
  readonly #folder: Folder;
  #file: OwnFile | undefined;
  #bytes = 0;
  /** The last line may be cut short, as by a full disk: the next begins on a line of its own. */
  #isTorn = false;
  readonly #open = new Set<string>();
  #pending = '';
  #flushing: Promise<void> | undefined;
  #writing: Promise<void> = Promise.resolve();

  private constructor(folder: Folder, name: string) {
    this.#folder = folder;
    this.name = name;
  }

  static async create(folder: Folder, relayId: string): Promise<Journal> {
    const journal = new Journal(folder, `${relayId}~${randomBytes(4).toString('hex')}.log`);
    await journal.#start();
    return journal;
  }

  /** @throws when the line could not be written: then the request must not be taken */
  take(request: Taken): Promise<void> {
    const key = lineKey(request);
    this.#open.add(key);
    return this.#write(`+${key}\n`).catch((cause) => {
      this.#open.delete(key);
      throw cause;
    });
  }

  /** A line that is lost costs a repetition after a crash, which changes nothing. */
  done(request: Taken): void {
    const key = lineKey(request);
    if (this.#open.delete(key)) this.#write(`-${key}\n`).catch(() => undefined);
  }

  #write(lines: string): Promise<void> {
    this.#pending += lines;
    this.#flushing ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#flush());
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    const lines = this.#pending;
    this.#pending = '';
    this.#flushing = undefined;
    this.#writing = this.#writing.then(() => this.#append(lines));
    const written = this.#writing;
    this.#writing = written.catch(() => undefined);
    await written;
  }

  async #append(lines: string): Promise<void> {
    if (this.#bytes > COMPACT_BYTES && this.#bytes > this.#open.size * 400) await this.#compact();
    if (this.#file === undefined) await this.#start();
    const text = this.#isTorn ? `\n${lines}` : lines;
    this.#isTorn = true;
    await this.#file?.write(text);
    this.#isTorn = false;
    this.#bytes += text.length;
  }

  async #start(): Promise<void> {
    await this.#folder.remove(this.name).catch(() => undefined);
    this.#file = await this.#folder.openNew(this.name, 0o600);
    this.#bytes = 0;
  }

  /** A new file with what is open, put in the place of the old one. */
  async #compact(): Promise<void> {
    const text = [...this.#open].map((key) => `+${key}\n`).join('');
    const name = `.${this.name}.tmp`;
    await this.#folder.remove(name).catch(() => undefined);
    const file = await this.#folder.openNew(name, 0o600);
    try {
      await file.write(text);
      await this.#folder.rename(name, this.name);
    } catch (cause) {
      await file.close();
      throw cause;
    }
    await this.#file?.close();
    this.#file = file;
    this.#bytes = text.length;
  }

  /** Ends it; the file stays while requests stand open in it. */
  async close(): Promise<void> {
    await this.#flushing?.catch(() => undefined);
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
    if (this.#open.size === 0) await this.#folder.remove(this.name).catch(() => undefined);
  }
}

/** What stands open in a journal; a last line cut short by the crash counts as not written. */
export function openIn(text: string): Taken[] {
  const open = new Map<string, Taken>();
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    const taken = parseKey(line.slice(1));
    if (taken === undefined) continue;
    if (line.startsWith('+')) open.set(line.slice(1), taken);
    else open.delete(line.slice(1));
  }
  return [...open.values()];
}

function parseKey(key: string): Taken | undefined {
  try {
    const [folder, name, ino, mtime_ns] = JSON.parse(key) as string[];
    if (typeof folder !== 'string' || typeof name !== 'string' || !isPlainName(folder) || !isPlainName(name)) {
      return undefined;
    }
    return { folder, name, ino: String(ino), mtime_ns: String(mtime_ns) };
  } catch {
    return undefined;
  }
}

const MAX_JOURNAL_BYTES = 64 * 1_024 * 1_024;
/** A relay of another machine that has not beaten for so long, by our clock, is dead. */
const DEAD_AFTER_MS = 20_000;

/** Watches the other relays of a spool, and takes over what the dead ones left. */
export class Heirs {
  readonly #folder: Folder;
  readonly #relayId: string;
  readonly #beats = new Map<string, { beat: number; sinceMs: number }>();

  constructor(folder: Folder, relayId: string) {
    this.#folder = folder;
    this.#relayId = relayId;
  }

  /** Journals of relays that are dead, now ours: their names and what stands open in them. */
  async inherit(): Promise<{ journal: string; taken: Taken[] }[]> {
    const names = await this.#folder.list();
    const inherited: { journal: string; taken: Taken[] }[] = [];
    for (const name of names) {
      const owner = /^([\w-]+)~[\w-]+\.log$/.exec(name)?.[1];
      if (owner === undefined || owner === this.#relayId || !(await this.#isDead(owner))) continue;
      const journal = `${this.#relayId}~${randomBytes(4).toString('hex')}.log`;
      // Another may have been first; or it is no journal, but something that a stranger put there.
      const taken = await this.#takeOver(name, journal).catch(() => undefined);
      if (taken === undefined) continue;
      inherited.push({ journal, taken });
      await this.#folder.remove(`${owner}.json`).catch(() => undefined);
    }
    return inherited;
  }

  async #takeOver(name: string, journal: string): Promise<Taken[]> {
    await this.#folder.rename(name, journal);
    return openIn(await readSmall(this.#folder, journal));
  }

  async #isDead(owner: string): Promise<boolean> {
    let mark: RelayMark;
    try {
      mark = JSON.parse(await readSmall(this.#folder, `${owner}.json`)) as RelayMark;
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return true; // it left, and could not answer everything
      mark = { relay_id: owner, pid: 0, machine: { host: '', space: '', began: '' }, beat: -1 };
    }
    const dead = isDead(mark.machine, mark.pid);
    if (dead !== undefined) return dead;
    const seen = this.#beats.get(owner);
    const nowMs = performance.now();
    if (seen === undefined || seen.beat !== mark.beat) {
      this.#beats.set(owner, { beat: mark.beat, sinceMs: nowMs });
      return false;
    }
    return nowMs - seen.sinceMs > DEAD_AFTER_MS;
  }
}

export async function readSmall(folder: Folder, name: string): Promise<string> {
  return folder.read(name, async ({ stat, bytes }) => {
    if (!stat.isFile() || stat.nlink > 1n || stat.size > MAX_JOURNAL_BYTES) throw new Error('not a journal');
    return (await bytes(Number(stat.size))).toString('utf8');
  });
}
