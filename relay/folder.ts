/**
 * A folder that a stranger may write to. Every step goes down from an open handle and follows no symbolic link, so that
 * what is put in the place of a folder or a file leads nowhere outside.
 *
 * On Linux the handle itself is the start of each path (`/proc/self/fd/N/name`), which leaves no moment in between.
 * Elsewhere the folder is looked at just before each step, which leaves a short one.
 */
import { type BigIntStats, constants, existsSync } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, realpath, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isPlainName, temporaryName } from './spool.js';

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_DIRECTORY = 0 } = constants;
const HANDLES_ARE_PATHS = process.platform === 'linux' && existsSync('/proc/self/fd');

export type FileStat = BigIntStats;

export class Folder {
  readonly #path: string;
  readonly #handle: FileHandle | undefined;
  readonly #stat: FileStat;
  #using = 0;
  #closed = false;

  private constructor(path: string, handle: FileHandle | undefined, stat: FileStat) {
    this.#path = path;
    this.#handle = handle;
    this.#stat = stat;
  }

  /** The root, which its owner named: a symbolic link in its path is meant. It is created if need be. */
  static async openRoot(path: string): Promise<Folder> {
    await mkdir(path, { recursive: true });
    return Folder.#open(await realpath(path));
  }

  static async #open(path: string): Promise<Folder> {
    if (!HANDLES_ARE_PATHS) {
      const stat = await lstat(path, { bigint: true });
      if (!stat.isDirectory()) throw fsError('ENOTDIR', `not a folder: ${path}`);
      return new Folder(path, undefined, stat);
    }
    const handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    return new Folder(path, handle, await handle.stat({ bigint: true }));
  }

  /** A path at which the system finds this folder while it is open, for watching it. */
  get path(): string {
    return this.#handle === undefined ? this.#path : `/proc/self/fd/${this.#handle.fd}`;
  }

  /** @throws ENOTDIR or ELOOP when something else stands there; ENOENT when nothing does and it is not to be created */
  openFolder(name: string, options: { create?: boolean; mode?: number } = {}): Promise<Folder> {
    return this.#use(name, async (path) => {
      if (options.create === true) {
        await mkdir(path, options.mode === undefined ? {} : { mode: options.mode }).catch((cause) => {
          if (codeOf(cause) !== 'EEXIST') throw cause;
        });
      }
      return Folder.#open(path);
    });
  }

  /** Whether `stat` is of this very folder. */
  isSame({ dev, ino }: FileStat): boolean {
    return dev === this.#stat.dev && ino === this.#stat.ino;
  }

  list(): Promise<string[]> {
    return this.#use('.', (path) => readdir(path));
  }

  /** Of a file in it, or of itself as `.`; of a link and not of what it leads to. */
  stat(name: string): Promise<FileStat> {
    return this.#use(name, (path) => lstat(path, { bigint: true }));
  }

  /** Opens what must be a plain file; a FIFO does not make it wait. */
  openFile(name: string): Promise<FileHandle> {
    return this.#use(name, (path) => open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  }

  openNew(name: string, mode: number): Promise<FileHandle> {
    return this.#use(name, (path) => open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#use(from, (path) => this.#use(to, (target) => rename(path, target)));
  }

  remove(name: string): Promise<void> {
    return this.#use(name, (path) => unlink(path));
  }

  /** Writes a file whole or not at all; what stood there before, a link included, is replaced and not written through. */
  async write(name: string, text: string): Promise<void> {
    const temporary = temporaryName(name);
    const file = await this.openNew(temporary, 0o666);
    try {
      try {
        await file.writeFile(text);
      } finally {
        await file.close();
      }
      await this.rename(temporary, name);
    } catch (cause) {
      await this.remove(temporary).catch(() => undefined);
      throw cause;
    }
  }

  /** What is under way is finished first: the number of a closed handle soon belongs to another folder. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#using === 0) await this.#handle?.close();
  }

  async #use<T>(name: string, run: (path: string) => Promise<T>): Promise<T> {
    if (name !== '.' && !isPlainName(name)) throw fsError('EINVAL', 'not a plain name');
    if (this.#closed) throw fsError('ENOENT', 'the folder was closed');
    this.#using += 1;
    try {
      if (this.#handle !== undefined) return await run(`/proc/self/fd/${this.#handle.fd}/${name}`);
      const stat = await lstat(this.#path, { bigint: true });
      if (!this.isSame(stat)) throw fsError('ENOENT', `replaced: ${this.#path}`);
      return await run(join(this.#path, name));
    } finally {
      this.#using -= 1;
      if (this.#closed && this.#using === 0) await this.#handle?.close();
    }
  }
}

const fsError = (code: string, text: string) => Object.assign(new Error(text), { code });

export function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}
