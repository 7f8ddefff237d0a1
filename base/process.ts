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

/** Whether process `pid` itself listens on TCP `port`; undefined where that cannot be learned. */
export function listensOn(pid: number, port: number): boolean | undefined {
  return process.platform === 'linux' ? listensByProc(pid, port) : listensByLsof(pid, port);
}

function listensByProc(pid: number, port: number): boolean | undefined {
  try {
    const sockets = new Set(['tcp', 'tcp6'].flatMap((table) => listeningSockets(table, port)));
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

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}

function listensByLsof(pid: number, port: number): boolean | undefined {
  const words = ['-nP', '-a', '-p', String(pid), `-iTCP:${port}`, '-sTCP:LISTEN', '-t'];
  const { status, error, stdout } = spawnSync('lsof', words, { encoding: 'utf8' });
  return error || status === null ? undefined : stdout.trim() === String(pid);
}
