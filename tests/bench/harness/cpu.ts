/** CPU time as Linux accounts it; elsewhere nothing is known and nothing is claimed. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const TICKS_PER_SEC = 100; // USER_HZ, which Linux fixes for every program

/** Seconds of user and system time that a process has used; NaN where there is no /proc. */
export function processCpuSec(pid: number): number {
  const fields = read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11] ?? Number.NaN) + Number(fields[12] ?? Number.NaN)) / TICKS_PER_SEC;
}

/** The same for the whole machine, interrupts left out. */
function machineCpuSec(): number {
  const [, user = Number.NaN, nice = Number.NaN, system = Number.NaN] = read('/proc/stat').split(/\s+/).map(Number);
  return (user + nice + system) / TICKS_PER_SEC;
}

/** Measures how many cores were busy with anything but `pids`: neighbours that would be taken for a slow server. */
export function watchNeighbours(pids: readonly number[]): () => number {
  const others = () => pids.reduce((left, pid) => left - processCpuSec(pid), machineCpuSec());
  const before = others();
  const begun = performance.now();
  return () => Math.min(cpus().length, Math.max(0, (others() - before) / ((performance.now() - begun) / 1000)));
}

/** Resolves when other processes have left the machine alone for half a second, or after `patienceMs`. */
export async function quietMoment(patienceMs: number): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    const neighbours = watchNeighbours([process.pid]);
    await sleep(500);
    if (!(neighbours() > 0.1)) return;
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
