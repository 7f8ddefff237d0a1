/**
 * A folder that a stranger may write to. Every step goes down from an open handle and follows no symbolic link, so that
 * what is put in the place of a folder or a file leads nowhere outside.
 *
 * On Linux the handle itself is the start of each path (`/proc/self/fd/N/name`), which leaves no moment in between.
 * Elsewhere the folder is looked at just before each step, which leaves a short one.
 */
import { type BigIntStats, constants, existsSync, readFileSync } from 'node:fs';
import { lstat, mkdir, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { FILE_MODES, FOLDER_MODES, makeFolder, type Sharing, share } from '../base/sharing.js';
import { type Io, ioFor } from './io.js';
import { isPlainName, temporaryName } from './spool.js';

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_DIRECTORY = 0 } = constants;
const MAX_FOLDERS = 4_096;
const HANDLES_ARE_PATHS = process.platform === 'linux' && existsSync('/proc/self/fd');

export type FileStat = BigIntStats;

/**
 * How many agents' folders may be open, with the one for answers of each: half of what the process may open stays for
 * sockets and the store, whatever a stranger makes in a spool.
 */
export function foldersAtMost(): number {
  if (!HANDLES_ARE_PATHS) return MAX_FOLDERS;
  const [, openFiles] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return openFiles === undefined ? MAX_FOLDERS : Math.min(MAX_FOLDERS, Math.floor(Number(openFiles) / 4));
}

export class Folder {
  readonly #path: string;
  readonly #fd: number | undefined;
  readonly #stat: FileStat;
  readonly #io: Io;
  readonly #sharing: Sharing;
  #using = 0;
  #closed = false;

  private constructor(path: string, fd: number | undefined, stat: FileStat, io: Io, sharing: Sharing) {
    this.#path = path;
    this.#sharing = sharing;
    this.#fd = fd;
    this.#stat = stat;
    this.#io = io;
  }

  /**
   * The root, which its owner named: a symbolic link in its path is meant. It is created if need be.
   *
   * @param sharing who else may use what is made in it
   */
  static async openRoot(path: string, sharing: Sharing = 'owner'): Promise<Folder> {
    makeFolder(path, sharing);
    const real = await realpath(path);
    return Folder.#open(real, await ioFor(real), sharing);
  }

  static async #open(path: string, io: Io, sharing: Sharing): Promise<Folder> {
    if (!HANDLES_ARE_PATHS) {
      const stat = await lstat(path, { bigint: true });
      if (!stat.isDirectory()) throw fsError('ENOTDIR', `not a folder: ${path}`);
      return new Folder(path, undefined, stat, io, sharing);
    }
    const fd = await io.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    try {
      return new Folder(path, fd, await io.stat(fd), io, sharing);
    } catch (cause) {
      await io.close(fd);
      throw cause;
    }
  }

  /** A path at which the system finds this folder while it is open, for watching it. */
  get path(): string {
    return this.#fd === undefined ? this.#path : `/proc/self/fd/${this.#fd}`;
  }

  /** @throws ENOTDIR or ELOOP when something else stands there; ENOENT when nothing does and it is not to be created */
  openFolder(name: string, options: { create?: boolean; mode?: number } = {}): Promise<Folder> {
    return this.#use(name, async (path) => {
      if (options.create === true) {
        try {
          await mkdir(path, { mode: options.mode ?? FOLDER_MODES[this.#sharing] });
          if (options.mode === undefined) share(path, this.#sharing);
        } catch (cause) {
          if (codeOf(cause) !== 'EEXIST') throw cause;
        }
      }
      return Folder.#open(path, this.#io, this.#sharing);
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
    return this.#use(name, (path) => this.#io.lstat(path));
  }

  /**
   * Opens a file, hands it to `run` and closes it. What is no plain file may be opened; a FIFO does not make it wait, and
   * a device is for the caller to leave alone.
   */
  read<T>(name: string, run: (file: OpenFile) => Promise<T>): Promise<T> {
    return this.#use(name, async (path) => {
      const fd = await this.#io.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      try {
        return await run({
          stat: await this.#io.stat(fd),
          bytes: async (length) => {
            const buffer = Buffer.alloc(length);
            return buffer.subarray(0, await this.#io.read(fd, buffer));
          },
        });
      } finally {
        await this.#io.close(fd);
      }
    });
  }

  /** A file of our own that grows; it must not be there yet. */
  openNew(name: string, mode: number): Promise<OwnFile> {
    return this.#use(name, async (path) => {
      const io = this.#io;
      const fd = await io.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
      return { write: async (text) => io.write(fd, text), close: async () => io.close(fd) };
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#use(from, (path) => this.#use(to, async (target) => this.#io.rename(path, target)));
  }

  remove(name: string): Promise<void> {
    return this.#use(name, (path) => this.#io.unlink(path));
  }

  /** Writes a file whole or not at all; what stood there before, a link included, is replaced and not written through. */
  async write(name: string, text: string): Promise<void> {
    const temporary = temporaryName(name);
    const file = await this.openNew(temporary, FILE_MODES[this.#sharing]);
    try {
      try {
        await file.write(text);
      } finally {
        await file.close();
      }
      // The process may leave fewer rights to what it makes than are wanted here.
      if (this.#sharing !== 'owner') await this.#use(temporary, (path) => void share(path, this.#sharing));
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
    if (this.#using === 0) await this.#release();
  }

  async #release(): Promise<void> {
    if (this.#fd !== undefined) await this.#io.close(this.#fd);
  }

  async #use<T>(name: string, run: (path: string) => T | Promise<T>): Promise<T> {
    if (name !== '.' && !isPlainName(name)) throw fsError('EINVAL', 'not a plain name');
    if (this.#closed) throw fsError('ENOENT', 'the folder was closed');
    this.#using += 1;
    try {
      if (this.#fd !== undefined) return await run(`/proc/self/fd/${this.#fd}/${name}`);
      const stat = await lstat(this.#path, { bigint: true });
      if (!this.isSame(stat)) throw fsError('ENOENT', `replaced: ${this.#path}`);
      return await run(join(this.#path, name));
    } finally {
      this.#using -= 1;
      if (this.#closed && this.#using === 0) await this.#release();
    }
  }
}

export interface OpenFile {
  readonly stat: FileStat;
  /** The file from its beginning, at most `length` bytes of it. */
  bytes(length: number): Promise<Buffer>;
}

export interface OwnFile {
  write(text: string): Promise<void>;
  close(): Promise<void>;
}

const fsError = (code: string, text: string) => Object.assign(new Error(text), { code });

export function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}
