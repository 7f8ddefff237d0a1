/** Which files of a commit another agent has locked. */
import { isAbsolute, posix, relative, sep } from 'node:path';
import type { Lock } from '../../protocol/entities.js';

export interface Collision {
  readonly file: string;
  readonly lock: Lock;
}

/**
 * @param files paths below the top of the working tree, as git gives them
 * @param agent whose own locks are no obstacle; undefined when nobody said who commits
 */
export function collisions(
  files: readonly string[],
  locks: readonly Lock[],
  agent: string | undefined,
  top: string,
): Collision[] {
  const foreign = locks.filter((lock) => lock.agent_id !== agent);
  const paths = foreign.flatMap((lock) => {
    const path = pathInTree(lock.file_path, top);
    return path === undefined ? [] : [{ path, lock }];
  });
  return files.flatMap((file) => {
    const hit = paths.find(({ path }) => path === '' || path === file || file.startsWith(`${path}/`));
    return hit === undefined ? [] : [{ file, lock: hit.lock }];
  });
}

/** Agents write `a`, `./a`, `src/` or an absolute path; git writes `a`. Undefined for what lies elsewhere. */
function pathInTree(path: string, top: string): string | undefined {
  const local = isAbsolute(path) ? relative(top, path).split(sep).join('/') : path.replaceAll('\\', '/');
  const plain = posix.normalize(local === '' ? '.' : local).replace(/\/+$/, '');
  if (plain === '..' || plain.startsWith('../')) return undefined;
  return plain === '.' ? '' : plain;
}
