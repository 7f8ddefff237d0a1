/**
 * The calls of the file system that both ends make, in two ways. On a local disk, reading is answered from memory in
 * microseconds, and asking for it by way of another thread costs ten times as much; making and renaming files may wait
 * for the disk, when others make it write. On a mount whose other side may be slow or gone nothing may hold the process up.
 */
import {
  type BigIntStats,
  close,
  closeSync,
  constants,
  fstat,
  fstatSync,
  lstat,
  lstatSync,
  open,
  openSync,
  read,
  readSync,
  rename,
  unlink,
  write,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { remoteMount } from './mounts.js';

type MaybePromise<T> = T | Promise<T>;

/** What fails throws, or rejects; `await` takes either. */
export interface Io {
  open(path: string, flags: number, mode?: number): MaybePromise<number>;
  close(fd: number): MaybePromise<void>;
  stat(fd: number): MaybePromise<BigIntStats>;
  lstat(path: string): MaybePromise<BigIntStats>;
  /** All that is there, up to the length of `buffer`; how many bytes. */
  read(fd: number, buffer: Buffer): MaybePromise<number>;
  write(fd: number, text: string): MaybePromise<void>;
  rename(from: string, to: string): MaybePromise<void>;
  unlink(path: string): MaybePromise<void>;
}

const later = {
  open: promisify(open) as (path: string, flags: number, mode?: number) => Promise<number>,
  close: promisify(close),
  fstat: promisify(fstat),
  lstat: promisify(lstat),
  read: promisify(read),
  write: promisify(write),
  rename: promisify(rename),
  unlink: promisify(unlink),
};

const AT_ONCE: Io = {
  open: (path, flags, mode) => (flags & constants.O_CREAT ? later.open(path, flags, mode) : openSync(path, flags)),
  close: closeSync,
  stat: (fd) => fstatSync(fd, { bigint: true }),
  lstat: (path) => lstatSync(path, { bigint: true }),
  read(fd, buffer) {
    let at = 0;
    for (let got = -1; got !== 0 && at < buffer.length; at += got)
      got = readSync(fd, buffer, at, buffer.length - at, at);
    return at;
  },
  write(fd, text) {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
  },
  rename: later.rename,
  unlink: later.unlink,
};

const IN_TURN: Io = {
  open: later.open,
  close: later.close,
  stat: (fd) => later.fstat(fd, { bigint: true }),
  lstat: (path) => later.lstat(path, { bigint: true }),
  async read(fd, buffer) {
    let at = 0;
    for (let got = -1; got !== 0 && at < buffer.length; at += got) {
      ({ bytesRead: got } = await later.read(fd, buffer, at, buffer.length - at, at));
    }
    return at;
  },
  async write(fd, text) {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += (await later.write(fd, bytes, at, bytes.length - at)).bytesWritten;
  },
  rename: later.rename,
  unlink: later.unlink,
};

/** For a folder that exists. Where the system does not tell what it lies on, it may be anything. */
export async function ioFor(path: string): Promise<Io> {
  const isLocal = process.platform === 'linux' && (await remoteMount(path)) === undefined;
  return isLocal ? AT_ONCE : IN_TURN;
}
