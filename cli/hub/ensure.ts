/** Finds the hub of a storage, or starts one in the background (arc-v1 §8.5). */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pidFilesIn } from '../../base/pid-file.js';
import { makeFolder } from '../../base/sharing.js';
import { hubOutOfReach } from '../relay/spools.js';
import { type FoundHub, findByStorage, findHub, sameFile, type Target } from './locate.js';
import { probeHub } from './probe.js';
import { takingTurns } from './start-lock.js';

const LOOK_EVERY_MS = 50;
const LOG_FILE = 'arc.log';

export interface Ensured {
  running: boolean;
  started: boolean;
  url: string;
  /** The file that the hub's log goes to, when this call started it. */
  log?: string;
  pid?: number;
  /** The spool whose hub this process cannot reach, so that a hub started here would be alone. */
  spool?: string;
  /** The storage of the hub that was found, where it is not the one of this folder. */
  storage_path?: string;
  error?: string;
}

/**
 * @param flags what `serve` is started with
 * @param timeoutMs how long the new hub may take until it answers
 * @param spool where a hub out of reach may be serving agents of this folder; undefined starts one all the same
 */
export async function ensureHub(
  target: Target,
  flags: readonly string[],
  timeoutMs: number,
  spool: string | undefined,
): Promise<Ensured> {
  const hub = await findHub(target);
  if (hub !== undefined) return found(hub, target);
  const other = target.port === 0 ? undefined : await probeHub(target.url, dirname(target.storage));
  if (other !== undefined) {
    const error = `${target.url} is a hub on ${other.storage_path}, not on ${target.storage}; choose another --port`;
    return { running: false, started: false, url: target.url, error };
  }
  const elsewhere = spool === undefined ? undefined : await hubOutOfReach(spool);
  if (elsewhere !== undefined) {
    const error =
      `a hub that cannot be reached from here serves ${elsewhere}; one started here would be alone. ` +
      `Use it through the relay (arc whoami --agent NAME --relay ${elsewhere}), or start another with --force`;
    return { running: false, started: false, url: target.url, spool: elsewhere, error };
  }
  return takingTurns(target.storage, timeoutMs, async () => {
    // Another command may have started one meanwhile.
    const started = await findByStorage(target);
    return started === undefined ? startHub(target, flags, timeoutMs) : found(started, target);
  });
}

function found(hub: FoundHub, target: Target): Ensured {
  const elsewhere = !sameFile(hub.storage_path, target.storage);
  return { running: true, started: false, url: hub.url, ...(elsewhere && { storage_path: hub.storage_path }) };
}

/** Starts a hub that outlives this command, and waits until it answers. */
export async function startHub(target: Target, flags: readonly string[], timeoutMs: number): Promise<Ensured> {
  const folder = dirname(target.storage);
  const log = join(folder, LOG_FILE);
  const failed = { running: false, started: false, url: target.url };
  let output: number;
  try {
    makeFolder(folder, 'owner');
    output = openSync(log, 'a', 0o600);
  } catch (cause) {
    return { ...failed, error: `spawn failed: ${(cause as Error).message}` };
  }
  const logStart = statSync(log).size;
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  const child = spawn(process.execPath, [main, 'serve', ...flags], {
    detached: true,
    stdio: ['ignore', output, output],
    windowsHide: true,
  });
  closeSync(output);
  const spawned = await new Promise<Error | undefined>((resolve) => {
    child.once('spawn', () => resolve(undefined)).once('error', resolve);
  });
  if (spawned !== undefined || child.pid === undefined) return { ...failed, error: 'spawn failed' };
  child.unref();

  const deadline = Date.now() + timeoutMs;
  do {
    const ready = await answering(target, child.pid);
    if (ready !== undefined) return { running: true, started: true, url: ready, pid: child.pid, log };
    if (child.exitCode !== null || child.signalCode !== null) {
      // Of several commands that start a hub at once, one wins the port; for the others it is simply running.
      const winner = await findByStorage(target);
      if (winner !== undefined) return { running: true, started: false, url: winner.url };
      const how = `child exited rc=${child.exitCode ?? child.signalCode}`;
      const hint = `port ${target.port}, storage ${target.storage}: ${lastLine(log, logStart)}`;
      return { ...failed, started: true, log, error: `${how} (${hint})` };
    }
    await sleep(LOOK_EVERY_MS);
  } while (Date.now() < deadline);
  return { ...failed, started: true, log, error: 'timeout' };
}

/** The address of our own child once it serves the storage; with port 0 only its pid file knows it. */
async function answering(target: Target, pid: number): Promise<string | undefined> {
  const pidFile = pidFilesIn(dirname(target.storage)).find((file) => file.pid === pid);
  if (pidFile === undefined) return undefined;
  const hub = await probeHub(pidFile.url, dirname(target.storage));
  return hub !== undefined && sameFile(hub.storage_path, target.storage) ? hub.url : undefined;
}

/** What the hub said last: the reason why it did not start. */
function lastLine(log: string, from: number): string {
  const said = readFileSync(log).subarray(from).toString('utf8').trim();
  return said.slice(said.lastIndexOf('\n') + 1) || `see ${log}`;
}
