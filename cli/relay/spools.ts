/** Spools that lie where an agent works, and whether their hub can be reached. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DEFAULT_SPOOL_DIR } from '../../protocol/hub.js';
import { isServed, readHubFile } from '../../relay/hub-file.js';
import { spoolPath } from '../../relay/spool.js';
import { probeHub } from '../hub/probe.js';

/** The spool named; the default one may also lie in a folder above. Undefined when there is none. */
export function findSpool(dir: string): string | undefined {
  if (dir !== DEFAULT_SPOOL_DIR) return isFolder(spoolPath(dir)) ? spoolPath(dir) : undefined;
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    const spool = join(folder, DEFAULT_SPOOL_DIR);
    if (isFolder(spool)) return spool;
    if (dirname(folder) === folder) return undefined;
  }
}

/** The spool, if a hub serves it and does not answer at its address: then this process is in a sandbox. */
export async function hubOutOfReach(dir: string): Promise<string | undefined> {
  const spool = findSpool(dir);
  if (spool === undefined || !(await isServed(spool))) return undefined;
  const hub = await readHubFile(spool);
  const there = hub?.url === undefined ? undefined : await probeHub(hub.url);
  return there?.instance_id === hub?.instance_id ? undefined : spool;
}

const isFolder = (path: string) => existsSync(path) && statSync(path).isDirectory();
