/** Tells this process from every other, so that a relay that died is known to be dead and a live one is left alone. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Where process ids mean the same. */
export interface Machine {
  host: string;
  /** Boot and process namespace, where the system tells. */
  space: string;
  /** When the process began, in the system's own count; the same id later is another process. */
  began: string;
}

export function thisMachine(): Machine {
  return { host: hostname(), space: space(), began: began(process.pid) ?? '' };
}

/** Whether the process is gone; undefined when this machine cannot know. */
export function isDead(machine: Machine | undefined, pid: number): boolean | undefined {
  if (machine === undefined || machine.host !== hostname() || machine.space !== space()) return undefined;
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  try {
    process.kill(pid, 0);
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ESRCH';
  }
  if (machine.began === '') return undefined;
  const now = began(pid);
  return now === undefined ? undefined : now !== machine.began;
}

let known: string | undefined;

function space(): string {
  known ??= [read('/proc/sys/kernel/random/boot_id'), link('/proc/self/ns/pid')].join(' ').trim();
  return known;
}

/** Start time and state of a process by `/proc/PID/stat`, whose second field may hold anything, brackets included. */
function began(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === '') return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // One that has ended but was not yet waited for does nothing any more.
  return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : fields[19];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
