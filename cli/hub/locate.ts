/**
 * Which hub a command is about. A pid file is only a hint, which may be stale or somebody else's: a hub counts as found
 * when it answers there and says itself that it serves the storage in question (arc-v1 §8.4, §12 F1–F4).
 */
import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { DEFAULT_HOST, DEFAULT_PORT, DEFAULT_STORAGE } from '../../protocol/hub.js';
import { nearestPidFile, type PidFile, readPidFile } from './pid-file.js';
import { type HubIdentity, probeHub, urlOf } from './probe.js';
import { listensOn } from './process.js';

export interface Target {
  /** Absolute path of the storage file. */
  storage: string;
  /** Whether somebody named the storage, or it is the default of this folder. */
  storageNamed: boolean;
  portNamed: boolean;
  host: string;
  port: number;
  url: string;
}

export interface FoundHub extends HubIdentity {
  /** Present when a pid file is known to belong to this very hub. */
  pidFile?: PidFile;
}

export function targetOf(command: Command): Target {
  const { host = DEFAULT_HOST, port = DEFAULT_PORT, storage = DEFAULT_STORAGE } = command.opts<Partial<Target>>();
  const named = (name: string) => ![undefined, 'default'].includes(command.getOptionValueSource(name));
  return {
    storage: storagePath(storage),
    storageNamed: named('storage'),
    portNamed: named('port') || named('host'),
    host,
    port,
    url: urlOf(host, port),
  };
}

/** The hub that serves exactly this storage, by its pid file or at the address given. */
export async function findByStorage(target: Target): Promise<FoundHub | undefined> {
  const pidFile = readPidFile(dirname(target.storage));
  for (const url of new Set([pidFile?.url, target.url])) {
    const hub = url === undefined ? undefined : await probeHub(url);
    if (hub !== undefined && sameFile(hub.storage_path, target.storage)) return identified(hub);
  }
  return undefined;
}

/**
 * The hub that `ensure` and `stop` mean: the one on the storage. Where none was named, also the one of a folder above
 * (unless a port was named either), and else whichever hub answers at the address.
 */
export async function findHub(target: Target): Promise<FoundHub | undefined> {
  const hub = await findByStorage(target);
  if (hub !== undefined || target.storageNamed) return hub;
  const above = target.portNamed ? undefined : nearestPidFile(process.cwd());
  const there = above === undefined ? undefined : await probeHub(above.url);
  if (there !== undefined && above !== undefined && dirname(above.path) === folderOf(there.storage_path)) {
    return identified(there);
  }
  const atAddress = await probeHub(target.url);
  return atAddress === undefined ? undefined : identified(atAddress);
}

/** Adds the pid file beside the hub's storage if it names this hub, and a process that may be it. */
function identified(hub: HubIdentity): FoundHub {
  const pidFile = readPidFile(folderOf(hub.storage_path));
  if (pidFile === undefined || pidFile.port !== Number(new URL(hub.url).port || 80)) return hub;
  return listensOn(pidFile.pid, pidFile.port) === false ? hub : { ...hub, pidFile };
}

/** `~` is expanded once, and nowhere else: shells leave it alone in `--storage=~/arc.sqlite3`. */
export function storagePath(storage: string): string {
  return resolve(storage.replace(/^~(?=$|[/\\])/, homedir()));
}

export function sameFile(a: string, b: string): boolean {
  return real(a) === real(b);
}

const folderOf = (storage: string) => dirname(real(storage));

/** With symbolic links resolved, as far as the path exists. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return dirname(path) === path ? path : join(real(dirname(path)), basename(path));
  }
}
