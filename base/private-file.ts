/**
 * Files that hold a secret: of this account's own, closed to every other, and never behind a symbolic link. What a file says
 * of itself is asked of the open file, so that nothing can be put in its place between the look and the reading.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';

import { makeFolder } from './sharing.js';

/** One line for people: which file, what is wrong with it, and what to do. */
export class PrivateFileError extends Error {
  override readonly name = 'PrivateFileError';
}

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
const MAX_BYTES = 1_048_576;

/**
 * Undefined for a file that does not exist.
 * @throws {PrivateFileError} it is a link or no plain file, belongs to another account, is open to others, or cannot be read
 */
export function readPrivateFile(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP') throw new PrivateFileError(`${path} is a symbolic link: put the file itself there`);
    throw new PrivateFileError(`${path} cannot be read: ${message}`);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new PrivateFileError(`${path} is not a plain file`);
    if (stat.size > MAX_BYTES) throw new PrivateFileError(`${path} is larger than ${MAX_BYTES} bytes`);
    checkOwner(path, stat);
    if (hasModes() && (stat.mode & 0o077) !== 0) {
      throw new PrivateFileError(`${path} is open to others (mode ${octal(stat)}): chmod 600 ${path}`);
    }
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** Replaces the file in one step; who reads it meanwhile sees the old one or the new one. */
export function writePrivateFile(path: string, text: string): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx' });
  try {
    renameSync(draft, path);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw cause;
  }
}

/** Makes the file unless there is one (a link counts); false when there is. */
export function createPrivateFile(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cause;
  }
}

/**
 * Makes the folder, with those above it, for this account alone.
 * @throws {PrivateFileError} it is a link or no folder, belongs to another account, or others may write into it
 */
export function ensurePrivateFolder(path: string): void {
  makeFolder(path, 'owner');
  checkOwnFolder(path);
}

function checkOwnFolder(path: string): void {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) throw new PrivateFileError(`${path} is a symbolic link: put the folder itself there`);
  if (!stat.isDirectory()) throw new PrivateFileError(`${path} is not a folder`);
  checkOwner(path, stat);
  if (hasModes() && (stat.mode & 0o022) !== 0) {
    throw new PrivateFileError(`others may write into ${path} (mode ${octal(stat)})`);
  }
}

function checkOwner(path: string, { uid }: Stats): void {
  const own = process.geteuid?.();
  if (own === undefined || uid === own) return;
  throw new PrivateFileError(`${path} belongs to account ${uid} and not to this one (${own})`);
}

/** Windows guards files by lists of its own, which the mode does not show. */
const hasModes = () => process.platform !== 'win32';
const octal = ({ mode }: Stats) => (mode & 0o777).toString(8).padStart(4, '0');
