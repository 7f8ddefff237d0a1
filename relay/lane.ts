/** The requests of one agent's folder, in file order: by modification time, then by name. */
import type { Taken } from './journal.js';

export interface Entry {
  /** As the file was found; a request taken over from a dead relay lies under its `.work` name meanwhile. */
  readonly name: string;
  readonly mtimeNs: bigint;
  /** Set for a request that another relay took and did not answer. */
  readonly taken?: Taken;
  /** Came when too many were in front of it: it is refused, not done. */
  refused?: boolean;
  patience?: Patience;
  /** Its file was taken, so the name may stand for another request already. */
  released?: boolean;
}

/** How long a file that is no request yet has been like that. */
export interface Patience {
  size: bigint;
  mtimeNs: bigint;
  sinceMs: number;
  firstMs: number;
}

export class Lane {
  readonly #serve: (entry: Entry) => Promise<number | undefined>;
  readonly #queue: Entry[] = [];
  readonly #names = new Set<string>();
  readonly #deferred = new Map<string, { entry: Entry; timer: NodeJS.Timeout }>();
  #turn: Promise<void> = Promise.resolve();
  #running = false;
  #paused = false;

  /** @param serve resolves when the next may begin; to a number when this one is to be tried again after so many ms */
  constructor(serve: (entry: Entry) => Promise<number | undefined>) {
    this.#serve = serve;
  }

  /** Requests that lie here and were not begun. */
  get length(): number {
    return this.#queue.length + this.#deferred.size;
  }

  knows(name: string): boolean {
    return this.#names.has(name);
  }

  /** These will be added, or forgotten, as soon as their times are known. */
  expect(names: readonly string[]): void {
    for (const name of names) this.#names.add(name);
  }

  /** Runs what adds them, one after another: what was found first is not overtaken while its times are looked up. */
  inTurn(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work);
  }

  forget(name: string): void {
    this.#names.delete(name);
  }

  /** Entries of one look at the folder, whichever order they come in. */
  add(entries: readonly Entry[]): void {
    for (const entry of entries) this.#insert(entry);
    void this.#pump();
  }

  /** A file that was not ready has changed: it is looked at soon. */
  nudge(name: string, delayMs: number): void {
    const deferred = this.#deferred.get(name);
    if (deferred === undefined) return;
    clearTimeout(deferred.timer);
    this.#defer(deferred.entry, delayMs);
  }

  /** Begins nothing more; what was begun goes on. */
  pause(): void {
    this.#paused = true;
    for (const { timer } of this.#deferred.values()) clearTimeout(timer);
  }

  #insert(entry: Entry): void {
    const queue = this.#queue;
    let at = queue.length;
    while (at > 0 && inFileOrder(entry, queue[at - 1] as Entry) < 0) at -= 1;
    queue.splice(at, 0, entry);
  }

  async #pump(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (;;) {
      const entry = this.#paused ? undefined : this.#queue.shift();
      if (entry === undefined) break;
      const retryMs = await this.#serve(entry);
      if (retryMs === undefined) this.release(entry);
      else this.#defer(entry, retryMs);
    }
    this.#running = false;
  }

  /** The name is free as soon as its file was taken: the client may use it again. */
  release(entry: Entry): void {
    if (entry.released !== true && entry.taken === undefined) this.#names.delete(entry.name);
    entry.released = true;
  }

  #defer(entry: Entry, delayMs: number): void {
    if (this.#paused) return;
    const again = () => {
      this.#deferred.delete(entry.name);
      this.#insert(entry);
      void this.#pump();
    };
    this.#deferred.set(entry.name, { entry, timer: setTimeout(again, delayMs) });
  }
}

/** Compares two requests of one folder. */
export function inFileOrder(a: Entry, b: Entry): number {
  if (a.mtimeNs !== b.mtimeNs) return a.mtimeNs < b.mtimeNs ? -1 : 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
