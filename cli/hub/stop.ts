/** Stops a hub that is known to be the right one, and waits until it is gone (arc-v1 §8.6, §12 F1, F5). */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type PidFile, pidFilesIn } from '../../base/pid-file.js';
import { isAlive, listensOn } from '../../base/process.js';
import { type FoundHub, placeOf } from './locate.js';
import { askToShutDown, probeHub } from './probe.js';

const LOOK_EVERY_MS = 50;
/** A hub promises to be gone within 5 s. */
const GONE_WITHIN_MS = 10_000;

export type Stopped = { stopped: true; pid: number; url: string } | { stopped: false; error: string };

export async function stopHub(hub: FoundHub | undefined): Promise<Stopped> {
  if (hub === undefined) return { stopped: false, error: 'no running hub found' };
  const { pidFile, url } = hub;
  if (pidFile === undefined) {
    return { stopped: false, error: 'hub is responding but no pidfile found to identify process' };
  }
  const { pid } = pidFile;
  if (!(await askToShutDown(hub))) {
    const problem = signal(pidFile);
    if (problem !== undefined) return { stopped: false, error: `failed to stop pid ${pid}: ${problem}` };
  }
  const deadline = Date.now() + GONE_WITHIN_MS;
  while (isAlive(pid) || (await probeHub(url, dirname(pidFile.path)))?.instance_id === hub.instance_id) {
    if (Date.now() > deadline) return { stopped: false, error: `failed to stop pid ${pid}: it is still running` };
    await sleep(LOOK_EVERY_MS);
  }
  // A clean exit removes its files; what is left of an unclean one would mislead the next command.
  for (const left of pidFilesIn(dirname(pidFile.path))) if (left.pid === pid) rmSync(left.path, { force: true });
  return { stopped: true, pid, url };
}

/** For a hub that does not take the request. A signal is only for the process that holds the hub's own port. */
function signal({ pid, url }: PidFile): string | undefined {
  if (listensOn(pid, placeOf(url)) !== true) return 'it refused to shut down, and cannot be identified for a signal';
  try {
    process.kill(pid, 'SIGTERM');
    return undefined;
  } catch (cause) {
    return (cause as Error).message;
  }
}
