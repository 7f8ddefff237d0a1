/** The hub of this folder or one above, as its pid file tells of it, for a client that runs on the hub's own account. */
import { lstatSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type PidFile, pidFilePaths, pidFilesIn, readPidFile } from '../../base/pid-file.js';
import { PrivateFileError, readPrivateFile } from '../../base/private-file.js';
import { isAlive } from '../../base/process.js';
import { HubError } from '../../protocol/errors.js';
import { TOKEN_FILE } from '../../protocol/hub.js';
import { canonicalUrl, socketOf } from '../base-url.js';

/** A hub at `url` whose pid file lies here or above; without a URL, the nearest that runs, wherever it listens. */
export function findLocalHub(url: string | undefined, folder = process.cwd()): PidFile | undefined {
  const wanted = url === undefined ? undefined : loopbackUrl(url);
  for (const file of url === undefined ? pidFilesIn(folder) : ofPort(portOf(url), folder)) {
    if (isOwn(file.path) && isMeant(file, wanted)) return file;
  }
  const above = dirname(folder);
  return above === folder ? undefined : findLocalHub(url, above);
}

/**
 * Undefined when there is none, or it is another account's.
 * @throws {HubError} `unauthorized`: it is this account's, and open to others
 */
export function localToken({ path }: PidFile): string | undefined {
  const file = join(dirname(path), TOKEN_FILE);
  try {
    if (lstatSync(file, { throwIfNoEntry: false })?.uid !== process.geteuid?.()) return undefined;
    return readPrivateFile(file)?.trim();
  } catch (cause) {
    if (cause instanceof PrivateFileError) throw new HubError('unauthorized', cause.message);
    throw cause;
  }
}

function ofPort(port: number, folder: string): PidFile[] {
  const { shared, own } = pidFilePaths(join(folder, 'store'), port);
  return [shared, own].flatMap((path) => readPidFile(path) ?? []);
}

/** A pid file says whom to trust, so it counts only when nobody else can have written it. */
function isOwn(path: string): boolean {
  const own = process.geteuid?.();
  if (own === undefined) return true;
  const { uid, mode } = statSync(path);
  return uid === own && (mode & 0o002) === 0;
}

function isMeant({ url, pid, socket }: PidFile, wanted: string | undefined): boolean {
  if (!/^(https?|unix):/.test(url)) return false;
  // What a hub that crashed has left leads nowhere.
  if (wanted === undefined) return isAlive(pid);
  return loopbackUrl(url) === wanted || (socket !== undefined && `unix:${socket}` === wanted);
}

/** As pid files are named after it; 0 is a hub on a Unix socket only. */
function portOf(url: string): number {
  if (socketOf(url) !== undefined) return 0;
  const { port, protocol } = new URL(canonicalUrl(url));
  return Number(port || (protocol === 'https:' ? 443 : 80));
}

/** The names of this machine that mean the same here. */
const loopbackUrl = (url: string) =>
  canonicalUrl(url).replace(/^(https?:\/\/)(localhost|\[::1\])(?=:|$)/, '$1127.0.0.1');
