/** Who else on the machine may use what this program makes: nobody, its group, or everybody. */
import { chmodSync, closeSync, lstatSync, mkdirSync, openSync, statSync } from 'node:fs';
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
 * Gives what is ours the mode that it should have; what belongs to another account, or is a link, stays as it is.
 *
 * @returns whether others could use it before and no longer can
 */
export function share(path: string, sharing: Sharing): boolean {
  if (!hasModes) return false;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.isSymbolicLink() || stat.uid !== process.geteuid?.()) return false;
  const wanted = (stat.isDirectory() ? FOLDER_MODES : FILE_MODES)[sharing];
  const mode = stat.mode & 0o777;
  if (mode === wanted) return false;
  try {
    chmodSync(path, wanted);
  } catch {
    // A file system without modes, or mounted read-only.
    return false;
  }
  return (mode & ~wanted) !== 0;
}
