/** What this machine tells of another process, so that no stranger is mistaken for a hub. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Whether a process of that id runs; one that has ended but was not yet waited for counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    // The state stands behind the command's name, which may itself hold anything, brackets included.
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

/**
 * Whether process `pid` itself listens on a TCP port, or on the Unix socket of a path; undefined where that cannot be
 * learned.
 */
export function listensOn(pid: number, place: number | string): boolean | undefined {
  return process.platform === 'linux' ? listensByProc(pid, place) : listensByLsof(pid, place);
}

function listensByProc(pid: number, place: number | string): boolean | undefined {
  try {
    const sockets = new Set(
      typeof place === 'string'
        ? unixSockets(place)
        : ['tcp', 'tcp6'].flatMap((table) => listeningSockets(table, place)),
    );
    if (sockets.size === 0) return undefined;
    return readdirSync(`/proc/${pid}/fd`).some((fd) => sockets.has(linkOf(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return isAlive(pid) ? undefined : false;
  }
}

/** `socket:[inode]` of every listener on `port`; a row of the table: slot, local address, remote, state, …, inode. */
function listeningSockets(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync(`/proc/self/net/${table}`, 'utf8').split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) && state === '0A')
    .map((columns) => `socket:[${columns[9]}]`);
}

/** `socket:[inode]` of every listener at `path`; a row of the table: …, flags (accepting), type, state, inode, path. */
function unixSockets(path: string): string[] {
  const rows = readFileSync('/proc/self/net/unix', 'utf8').split('\n').slice(1);
  return rows
    .filter((row) => row.endsWith(` ${path}`))
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , , flags]) => flags === '00010000')
    .map((columns) => `socket:[${columns[6]}]`);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}

function listensByLsof(pid: number, place: number | string): boolean | undefined {
  const which = typeof place === 'string' ? ['-U', '-Fn'] : [`-iTCP:${place}`, '-sTCP:LISTEN', '-t'];
  const { status, error, stdout } = spawnSync('lsof', ['-nP', '-a', '-p', String(pid), ...which], { encoding: 'utf8' });
  if (error || status === null) return undefined;
  if (typeof place === 'number') return stdout.trim() === String(pid);
  // Names with unusual letters are written in ways of its own, so that only a match says something.
  return stdout.split('\n').some((line) => `${line} `.startsWith(`n${place} `)) || undefined;
}
