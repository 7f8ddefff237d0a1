/** A place in the file system to listen at (identity §7): for this account alone, and never taken from a hub that lives. */
import { chmodSync, lstatSync, readFileSync, realpathSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { homePath } from '../../base/home-path.js';
import { createPrivateFile, ensurePrivateFolder, PrivateFileError } from '../../base/private-file.js';
import { ConfigError } from '../config.js';

/** The kernel keeps the path in a field of this size, its end included. */
const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103;
const ANSWER_MS = 1_000;
const TAKING_MS = 5_000;

/** Absolute, `~` expanded, links of its folder resolved. */
export function socketPath(given: string): string {
  const path = homePath(given);
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}

/**
 * Listens at `path`, which only this account can connect to. What a dead hub left there is replaced.
 * @throws {ConfigError} the path is too long, the folder is open to others, or somebody listens there
 */
export async function listenAt(server: Server, path: string): Promise<void> {
  if (process.platform === 'win32') throw new ConfigError('--socket is not available on Windows');
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_PATH_BYTES) {
    const limit = `the path of a socket is at most ${MAX_PATH_BYTES} bytes long on this system`;
    throw new ConfigError(`${limit}, and --socket ${path} has ${bytes}: choose a shorter one`);
  }
  try {
    ensurePrivateFolder(dirname(path));
  } catch (cause) {
    const why = cause instanceof PrivateFileError ? cause.message : `${dirname(path)}: ${(cause as Error).message}`;
    throw new ConfigError(`--socket needs a folder that only you may write: ${why}`);
  }
  // One at a time from the look at what is there until the socket stands: of two that start, one would else remove the other's.
  const lock = `${path}.lock`;
  await take(lock, path);
  try {
    await removeStale(path);
    await bind(server, path);
  } finally {
    rmSync(lock, { force: true });
  }
}

async function take(lock: string, path: string): Promise<void> {
  const deadlineMs = performance.now() + TAKING_MS;
  while (!createPrivateFile(lock, `${process.pid}\n`)) {
    if (!holderLives(lock)) rmSync(lock, { force: true });
    else if (performance.now() > deadlineMs) throw new ConfigError(`another hub is starting on the socket ${path}`);
    else await sleep(20);
  }
}

function holderLives(lock: string): boolean {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    // Without a number it is being written, or was left by one that died over it.
    if (!(pid > 0)) return Date.now() - statSync(lock).mtimeMs < TAKING_MS;
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function removeStale(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) throw new ConfigError(`${path} is there already and is no socket: choose another --socket`);
  if (await answers(path)) throw new ConfigError(`the socket ${path} is in use: another hub listens there`);
  unlinkSync(path);
}

/** Whether anybody listens; one who is too busy to answer does. */
function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path);
    const settle = (isThere: boolean) => {
      socket.destroy();
      done(isThere);
    };
    socket.setTimeout(ANSWER_MS, () => settle(true));
    socket.once('connect', () => settle(true));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => settle(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  });
}

function bind(server: Server, path: string): Promise<void> {
  return new Promise((done, reject) => {
    server.once('error', (cause) => reject(new ConfigError(`cannot listen on the socket ${path}: ${cause.message}`)));
    // The socket is made within this call, closed to others from its first moment.
    const umask = process.umask(0o177);
    try {
      server.listen(path, () => {
        chmodSync(path, 0o600);
        done();
      });
    } finally {
      process.umask(umask);
    }
  });
}
