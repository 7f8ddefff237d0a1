/** Which files of a commit another agent has locked. */
import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, posix, relative, sep } from 'node:path';
import type { Lock } from '../../protocol/entities.js';

export interface Collision {
  readonly file: string;
  readonly lock: Lock;
}

/**
 * @param files paths below the top of the working tree, as git gives them
 * @param agent whose own locks are no obstacle; undefined when nobody said who commits
 * @param tree its `top` without symbolic links; `ignoreCase` where `A` and `a` are one file, as git knows
 */
export function collisions(
  files: readonly string[],
  locks: readonly Lock[],
  agent: string | undefined,
  { top, ignoreCase }: { readonly top: string; readonly ignoreCase: boolean },
): Collision[] {
  const spelling = (path: string) => (ignoreCase ? path.toLowerCase() : path).normalize();
  const foreign = locks.filter((lock) => lock.agent_id !== agent);
  const paths = foreign.flatMap((lock) => {
    const path = pathInTree(lock.file_path, top);
    return path === undefined ? [] : [{ path: spelling(path), lock }];
  });
  return files.flatMap((file) => {
    const name = spelling(file);
    const hit = paths.find(({ path }) => path === '' || path === name || name.startsWith(`${path}/`));
    return hit === undefined ? [] : [{ file, lock: hit.lock }];
  });
}

/** Agents write `a`, `./a`, `src/` or an absolute path; git writes `a`. Undefined for what lies elsewhere. */
function pathInTree(path: string, top: string): string | undefined {
  const local = isAbsolute(path) ? relative(top, straight(path)).split(sep).join('/') : path.replaceAll('\\', '/');
  const plain = posix.normalize(local === '' ? '.' : local).replace(/\/+$/, '');
  if (plain === '..' || plain.startsWith('../')) return undefined;
  return plain === '.' ? '' : plain;
}

/** The same file by way of no linked folder; the file itself may be a link, which git knows by its own name. */
function straight(path: string): string {
  const folder = dirname(path);
  if (folder === path) return path;
  try {
    return join(realpathSync(folder), basename(path));
  } catch {
    // A folder that is not there yet.
    return join(straight(folder), basename(path));
  }
}
