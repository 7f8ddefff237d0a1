/** `.arc.pid`, in the folder of the storage file: how commands find a hub on this machine (arc-v1 §8.4). */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const PID_FILE = '.arc.pid';

export interface PidFile {
  path: string;
  pid: number;
  port: number;
  url: string;
}

/** The pid file in `folder`; undefined when there is none, or none that can be understood. */
export function readPidFile(folder: string, name = PID_FILE): PidFile | undefined {
  const path = join(folder, name);
  try {
    const { pid, port, url } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const found = { path, pid: Number(pid), port: Number(port), url: String(url ?? '') };
    const usable = Number.isSafeInteger(found.pid) && found.pid > 0 && Number.isInteger(found.port) && found.url !== '';
    return usable ? found : undefined;
  } catch {
    return undefined;
  }
}

/** All pid files in `folder`: the shared one, and one for each port, since several hubs may serve one storage. */
export function pidFilesIn(folder: string): PidFile[] {
  let names: string[] = [];
  try {
    names = readdirSync(folder).filter((name) => /^\.arc\.(\d+\.)?pid$/.test(name));
  } catch {
    // No such folder, no hub there.
  }
  const shared = names.includes(PID_FILE) ? [PID_FILE] : [];
  const own = names.filter((name) => name !== PID_FILE).sort();
  return [...shared, ...own].flatMap((name) => readPidFile(folder, name) ?? []);
}

/** The nearest pid file in `folder` or above it. */
export function nearestPidFile(folder: string): PidFile | undefined {
  const found = readPidFile(folder);
  const parent = dirname(folder);
  return found ?? (parent === folder ? undefined : nearestPidFile(parent));
}
