/** What lies in a spool, and the removal of what is old. Requests that nobody has taken are never removed. */

import { existsSync } from 'node:fs';
import { homePath } from '../base/home-path.js';
import { Folder } from './folder.js';
import { type HubFile, isServed, readHubFile } from './hub-file.js';
import { openIn, RELAYS, readSmall, type Taken } from './journal.js';
import { CLAIMED_SUFFIX, REQUEST_SUFFIX, REQUESTS, RESPONSES } from './spool.js';

const AT_ONCE = 64;

export interface SpoolStatus {
  spool: string;
  exists: boolean;
  /** Whether somebody serves it now. */
  served: boolean;
  hub: HubFile | null;
  /** Requests that relays have taken and not answered. */
  in_flight: number;
  agents: { folder: string; waiting: number; taken: number; answers: number }[];
}

export async function spoolStatus(spoolDir: string): Promise<SpoolStatus> {
  const spool = homePath(spoolDir);
  const hub = (await readHubFile(spool)) ?? null;
  const status: SpoolStatus = { spool, exists: false, served: await isServed(spool), hub, in_flight: 0, agents: [] };
  const root = await existing(spool);
  if (root === undefined) return status;
  status.exists = true;
  const found = new Map<string, SpoolStatus['agents'][number]>();
  const row = (folder: string) => {
    const known = found.get(folder) ?? { folder, waiting: 0, taken: 0, answers: 0 };
    found.set(folder, known);
    return known;
  };
  await eachFolder(root, REQUESTS, async (name, folder) => {
    const names = await folder.list();
    row(name).waiting = names.filter((each) => each.endsWith(REQUEST_SUFFIX)).length;
    row(name).taken = names.filter((each) => each.endsWith(CLAIMED_SUFFIX)).length;
  });
  await eachFolder(root, RESPONSES, async (name, folder) => {
    row(name).answers = (await folder.list()).filter((each) => each.endsWith(REQUEST_SUFFIX)).length;
  });
  status.in_flight = (await openRequests(root)).length;
  status.agents = [...found.values()].sort((a, b) => (a.folder < b.folder ? -1 : 1));
  await root.close();
  return status;
}

/** Removes taken requests, answers and temporary files that have not changed for `olderThanSec`. */
export async function clean(spoolDir: string, olderThanSec: number): Promise<{ removed: number }> {
  const root = await existing(homePath(spoolDir));
  if (root === undefined) return { removed: 0 };
  let removed = 0;
  try {
    const beforeMs = Date.now() - olderThanSec * 1_000;
    const open = new Set((await openRequests(root)).map(({ folder, name }) => `${folder}/${name}`));
    const isWork = (folder: string, name: string) =>
      name.endsWith(CLAIMED_SUFFIX) && !open.has(`${folder}/${name.slice(0, -CLAIMED_SUFFIX.length)}${REQUEST_SUFFIX}`);
    const isTemporary = (name: string) => name.startsWith('.') && name.endsWith('.tmp');
    await eachFolder(root, REQUESTS, async (agent, folder) => {
      removed += await removeOld(folder, (name) => isWork(agent, name) || isTemporary(name), beforeMs);
    });
    await eachFolder(root, RESPONSES, async (_agent, folder) => {
      removed += await removeOld(folder, (name) => name.endsWith(REQUEST_SUFFIX) || isTemporary(name), beforeMs);
    });
  } finally {
    await root.close();
  }
  return { removed };
}

async function removeOld(folder: Folder, isMeant: (name: string) => boolean, beforeMs: number): Promise<number> {
  const names = (await folder.list()).filter(isMeant);
  let removed = 0;
  for (let at = 0; at < names.length; at += AT_ONCE) {
    await Promise.all(
      names.slice(at, at + AT_ONCE).map(async (name) => {
        try {
          const stat = await folder.stat(name);
          if (stat.isDirectory() || Number(stat.ctimeMs) > beforeMs || Number(stat.mtimeMs) > beforeMs) return;
          await folder.remove(name);
          removed += 1;
        } catch {
          // Gone already, or not ours to remove.
        }
      }),
    );
  }
  return removed;
}

async function openRequests(root: Folder): Promise<Taken[]> {
  const open: Taken[] = [];
  const relays = await root.openFolder(RELAYS).catch(() => undefined);
  if (relays === undefined) return open;
  for (const name of await relays.list()) {
    if (!name.endsWith('.log')) continue;
    open.push(...openIn(await readSmall(relays, name).catch(() => '')));
  }
  await relays.close();
  return open;
}

async function eachFolder(root: Folder, name: string, visit: (name: string, folder: Folder) => Promise<void>) {
  const parent = await root.openFolder(name).catch(() => undefined);
  if (parent === undefined) return;
  for (const each of await parent.list()) {
    const folder = await parent.openFolder(each).catch(() => undefined);
    if (folder === undefined) continue;
    await visit(each, folder).catch(() => undefined);
    await folder.close();
  }
  await parent.close();
}

/** Undefined where there is no spool: looking at one must not make it. */
async function existing(spool: string): Promise<Folder | undefined> {
  return existsSync(spool) ? Folder.openRoot(spool) : undefined;
}
