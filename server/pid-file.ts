import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const PIDFILE_NAME = '.arc.pid';

export interface PidFile {
  pid: number;
  port: number;
  url: string;
}

/** `.arc.pid` beside the store, by which other tools find the hub (arc-v1 §8.4), and one of its own for each port. */
export function pidFilePaths(storagePath: string, port: number): { shared: string; own: string } {
  const folder = dirname(storagePath);
  return { shared: join(folder, PIDFILE_NAME), own: join(folder, `.arc.${port}.pid`) };
}

/** Undefined for a file that is missing or no pid file. */
export function readPidFile(path: string): PidFile | undefined {
  try {
    const { pid, port, url } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const file = { pid: Number(pid), port: Number(port), url: String(url ?? '') };
    return Number.isInteger(file.pid) && Number.isInteger(file.port) && file.url !== '' ? file : undefined;
  } catch {
    return undefined;
  }
}

/** @returns a function that removes what is still this process's */
export async function writePidFiles(storagePath: string, file: PidFile, instanceId: string): Promise<() => void> {
  const { shared, own } = pidFilePaths(storagePath, file.port);
  const text = `${JSON.stringify(file)}\n`;
  writeFileSync(own, text);
  // Another live hub on the same store keeps its entry; a stale one is overwritten (arc-v1 §12 C8). The address is ours now,
  // so whoever answers there is not the other one.
  const other = readPidFile(shared);
  if (other === undefined || other.url === file.url || !(await isHub(other.url, instanceId)))
    writeFileSync(shared, text);
  return () => {
    for (const path of [shared, own]) {
      const current = readPidFile(path);
      if (current?.pid !== file.pid || current.port !== file.port) continue;
      try {
        rmSync(path, { force: true });
      } catch {
        // A folder that has become read-only: a stale file does no harm, and the hub has more to do on its way down.
      }
    }
  };
}

async function isHub(url: string, instanceId: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/v1/hub-info`, { signal: AbortSignal.timeout(500) });
    const { result } = (await answer.json()) as { result?: { instance_id?: unknown } };
    return result?.instance_id === instanceId;
  } catch {
    return false;
  }
}
