/**
 * Whether the open file is still the one that has its name. A file that was removed or replaced beneath a hub takes every
 * write, and none of them is there after a restart: then nothing is acknowledged any more.
 */
import { statSync } from 'node:fs';

export interface FileLoss {
  /** What has happened, for people. */
  readonly problem: string;
}

interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly bytes: number;
}

/** Between looks while one group follows the other, in ms; after a rest the next group looks before it begins. */
const LOOK_MS = 20;

export class StoreFile {
  readonly #path: string;
  readonly #log: string | undefined;
  readonly #file: Identity | undefined;
  #logFile: Identity | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #loss: FileLoss | undefined;
  #logBytes = 0;

  /** @param hasLog whether there is a write-ahead log beside it, which must be the same as well */
  constructor(path: string, hasLog: boolean) {
    this.#path = path;
    this.#log = hasLog ? `${path}-wal` : undefined;
    const file = lookAt(path);
    this.#file = isIdentity(file) ? file : undefined;
    this.look();
  }

  /** Bytes of the write-ahead log at the last look. */
  get logBytes(): number {
    return this.#logBytes;
  }

  /** The loss that stands, looked at lately enough for a group that begins now. */
  loss(monotonicMs: number): FileLoss | undefined {
    if (monotonicMs - this.#lookedMs >= LOOK_MS) {
      this.#lookedMs = monotonicMs;
      this.look();
    }
    return this.#loss;
  }

  look(): FileLoss | undefined {
    const file = lookAt(this.#path);
    const log = this.#log === undefined ? undefined : lookAt(this.#log);
    this.#logBytes = (isIdentity(log) && log.bytes) || 0;
    // It may come later than the first look, and it stays for as long as the file is open.
    if (isIdentity(log)) this.#logFile ??= log;
    const logLoss = this.#log === undefined ? undefined : stateOf(log, this.#logFile, this.#log);
    const lost = stateOf(file, this.#file, this.#path) ?? logLoss;
    if (lost?.problem !== this.#loss?.problem) this.#loss = lost;
    return this.#loss;
  }
}

type Look = Identity | { readonly failed: string } | undefined;

/** Undefined when nothing has the name; a folder that was closed or a disk that failed is a loss like any other. */
function lookAt(path: string): Look {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat && { dev: stat.dev, ino: stat.ino, bytes: Number(stat.size) };
  } catch (cause) {
    return { failed: (cause as NodeJS.ErrnoException).code ?? String(cause) };
  }
}

const isIdentity = (look: Look): look is Identity => look !== undefined && 'ino' in look;

function stateOf(now: Look, opened: Identity | undefined, path: string): FileLoss | undefined {
  if (opened === undefined || (isIdentity(now) && now.dev === opened.dev && now.ino === opened.ino)) return undefined;
  const what = isIdentity(now)
    ? 'was replaced by another file'
    : now === undefined
      ? 'was removed or moved away'
      : `was put out of reach (${now.failed})`;
  return {
    problem: `${path} ${what} while the hub had it open; put the same file back, or restart the hub to serve what is there`,
  };
}
