/** Who else on the machine may use what this program makes: nobody, its group, or everybody. */
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';

export const SHARINGS = ['owner', 'group', 'everybody'] as const;
export type Sharing = (typeof SHARINGS)[number];

export const FILE_MODES: Readonly<Record<Sharing, number>> = { owner: 0o600, group: 0o660, everybody: 0o666 };
export const FOLDER_MODES: Readonly<Record<Sharing, number>> = { owner: 0o700, group: 0o770, everybody: 0o777 };

/** Who may use a folder that is there; nobody else where there is none. */
export function sharingOf(folder: string): Sharing {
  const mode = statSync(folder, { throwIfNoEntry: false })?.mode ?? 0;
  return (mode & 0o002) !== 0 ? 'everybody' : (mode & 0o020) !== 0 ? 'group' : 'owner';
}

/** Windows guards files by lists of its own, which the mode does not show. */
const hasModes = process.platform !== 'win32';

/** Makes the file, if there is none, so that nobody else can open it before its mode is set. */
export function makeFile(path: string, sharing: Sharing): void {
  closeSync(openSync(path, 'a', FILE_MODES[sharing]));
  share(path, sharing);
}

/**
 * Makes the folder with those above it. Node's own `recursive` never returns where a parent exists and still takes no
 * folder, as `/proc` does.
 */
export function makeFolder(folder: string, sharing: Sharing): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder), sharing);
  try {
    mkdirSync(folder, { mode: FOLDER_MODES[sharing] });
    share(folder, sharing);
  } catch (cause) {
    // Somebody else made it meanwhile.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw cause;
  }
}

/**
 * Gives what is ours the mode that it should have; what belongs to another account, or is a link, stays as it is, also when it
 * is put in the place of ours meanwhile.
 *
 * @returns whether others could use it before and no longer can
 */
export function share(path: string, sharing: Sharing): boolean {
  if (!hasModes) return false;
  try {
    return process.platform === 'linux' ? shareOpened(path, sharing) : shareNamed(path, sharing);
  } catch {
    // Nothing there, a file system without modes, or one that is mounted read-only.
    return false;
  }
}

/** Names the file itself, a link too, without opening what is in it: Linux, and not among Node's constants. */
const O_PATH = 0o10000000;

/**
 * By a handle, so that the mode goes to what was looked at. One that only names the file may be closed without dropping the
 * locks that SQLite has on it, as an ordinary one would.
 */
function shareOpened(path: string, sharing: Sharing): boolean {
  const handle = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    return tightens(fstatSync(handle), sharing, (mode) => chmodSync(`/proc/self/fd/${handle}`, mode));
  } finally {
    closeSync(handle);
  }
}

/** Where there are no such handles, at least no link is followed if the system can leave them alone. */
function shareNamed(path: string, sharing: Sharing): boolean {
  const chmod = lchmodSync ?? chmodSync;
  return tightens(lstatSync(path), sharing, (mode) => chmod(path, mode));
}

function tightens(stat: Stats, sharing: Sharing, chmod: (mode: number) => void): boolean {
  if (stat.isSymbolicLink() || stat.uid !== process.geteuid?.()) return false;
  const wanted = (stat.isDirectory() ? FOLDER_MODES : FILE_MODES)[sharing];
  const mode = stat.mode & 0o777;
  if (mode === wanted) return false;
  chmod(wanted);
  return (mode & ~wanted) !== 0;
}
