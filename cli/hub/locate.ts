/**
 * Which hub a command is about. A pid file is only a hint, which may be stale or somebody else's: a hub counts as found
 * when it answers there and says itself that it serves the storage in question (arc-v1 §8.4, §12 F1–F4).
 */
import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { homePath } from '../../base/home-path.js';
import { nearestPidFile, type PidFile, pidFilesIn } from '../../base/pid-file.js';
import { listensOn } from '../../base/process.js';
import { socketOf } from '../../client/base-url.js';
import { DEFAULT_HOST, DEFAULT_PORT, DEFAULT_STORAGE } from '../../protocol/hub.js';
import { type HubIdentity, probeHub, urlOf } from './probe.js';

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
  const {
    host = DEFAULT_HOST,
    port = DEFAULT_PORT,
    storage = DEFAULT_STORAGE,
    ...opts
  } = command.opts<TargetOptions>();
  const named = (name: string) => ![undefined, 'default'].includes(command.getOptionValueSource(name));
  return {
    storage: homePath(storage),
    storageNamed: named('storage'),
    portNamed: named('port') || named('host'),
    host,
    port,
    url: opts.tcp === false && opts.socket ? `unix:${homePath(opts.socket)}` : urlOf(host, port),
  };
}

interface TargetOptions extends Partial<Pick<Target, 'host' | 'port' | 'storage'>> {
  socket?: string;
  tcp?: boolean;
}

/** A hub that serves exactly this storage, by a pid file beside it or at the address given; what was named goes first. */
export async function findByStorage(target: Target): Promise<FoundHub | undefined> {
  const known = pidFilesIn(dirname(target.storage)).map(({ url }) => url);
  for (const url of new Set(target.portNamed ? [target.url, ...known] : [...known, target.url])) {
    const hub = await probeHub(url, dirname(target.storage));
    if (hub !== undefined && sameFile(hub.storage_path, target.storage)) return identified(hub);
  }
  return undefined;
}

/**
 * The hub that `ensure` accepts: one on the storage. Where none was named, also the one of a folder above (unless a port
 * was named either), and else whichever hub answers at the address.
 */
export async function findHub(target: Target): Promise<FoundHub | undefined> {
  const hub = await findByStorage(target);
  if (hub !== undefined || target.storageNamed) return hub;
  const above = target.portNamed ? undefined : nearestPidFile(process.cwd());
  const there = above === undefined ? undefined : await probeHub(above.url, dirname(above.path));
  if (there !== undefined && above !== undefined && dirname(above.path) === folderOf(there.storage_path)) {
    return identified(there);
  }
  return findAtAddress(target);
}

/** The hub that `stop` means. A port that was named is the only one to be looked at. */
export function findToStop(target: Target): Promise<FoundHub | undefined> {
  return target.portNamed ? findAtAddress(target) : findHub(target);
}

async function findAtAddress(target: Target): Promise<FoundHub | undefined> {
  const hub = await probeHub(target.url, dirname(target.storage));
  if (hub === undefined || (target.storageNamed && !sameFile(hub.storage_path, target.storage))) return undefined;
  return identified(hub);
}

/** Adds a pid file beside the hub's storage if it names this hub, and a process that may be it. */
function identified(hub: HubIdentity): FoundHub {
  const place = placeOf(hub.url);
  const named = pidFilesIn(folderOf(hub.storage_path)).filter((file) => placeOf(file.url) === place);
  const pidFile = named.find(({ pid }) => listensOn(pid, place) !== false);
  return pidFile === undefined ? hub : { ...hub, pidFile };
}

/** What a process must hold to be the hub at `url`: its port, or its Unix socket. */
export function placeOf(url: string): number | string {
  const socket = socketOf(url);
  if (socket !== undefined) return socket;
  const { protocol, port } = new URL(url);
  return Number(port || (protocol === 'https:' ? 443 : 80));
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
