/** Spools that lie where an agent works, and whether their hub can be reached. */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { homePath } from '../../base/home-path.js';
import { DEFAULT_SPOOL_DIR } from '../../protocol/hub.js';
import { HUB_FILE, isServed, readHubFile } from '../../relay/hub-file.js';
import { RELAYS } from '../../relay/journal.js';
import { REQUESTS } from '../../relay/spool.js';
import { probeHub } from '../hub/probe.js';

/** A relay that is there answers in milliseconds. */
const RELAY_PATIENCE_MS = 2_000;

/** The spool named; the default one may also lie in a folder above. Undefined when there is none. */
export function findSpool(dir: string): string | undefined {
  if (dir !== DEFAULT_SPOOL_DIR) return isFolder(homePath(dir)) ? homePath(dir) : undefined;
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    const spool = join(folder, DEFAULT_SPOOL_DIR);
    if (isFolder(spool)) return spool;
    if (dirname(folder) === folder) return undefined;
  }
}

/** The spool, if a hub serves it and does not answer at its address: then this process is in a sandbox. */
export async function hubOutOfReach(dir: string): Promise<string | undefined> {
  const spool = findSpool(dir);
  if (spool === undefined) return undefined;
  if (isPartOfOne(spool)) return (await answers(spool)) ? spool : undefined;
  if (!(await isServed(spool))) return undefined;
  const hub = await readHubFile(spool);
  const there = hub?.url === undefined ? undefined : await probeHub(hub.url);
  return there?.instance_id === hub?.instance_id ? undefined : spool;
}

/** A sandbox may be given its own two folders only, without what a relay of ours keeps beside them. */
const isPartOfOne = (spool: string) => !existsSync(join(spool, HUB_FILE)) && !existsSync(join(spool, RELAYS));

/** Whether somebody serves the folders that are there: then that one is asked, since no file tells. */
async function answers(spool: string): Promise<boolean> {
  const [folder] = isFolder(join(spool, REQUESTS)) ? readdirSync(join(spool, REQUESTS)) : [];
  if (folder === undefined) return false;
  const { HubClient } = await import('../../client/index.js');
  await using client = HubClient.overRelay(folder, { spoolDir: spool, timeoutMs: RELAY_PATIENCE_MS });
  return await client.hubInfo().then(
    () => true,
    () => false,
  );
}

const isFolder = (path: string) => existsSync(path) && statSync(path).isDirectory();
