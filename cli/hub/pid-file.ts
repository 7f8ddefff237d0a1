/** `.arc.pid`, in the folder of the storage file: how commands find a hub on this machine (arc-v1 §8.4). */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const PID_FILE = '.arc.pid';

export interface PidFile {
  path: string;
  pid: number;
  port: number;
  url: string;
}

/** The pid file in `folder`; undefined when there is none, or none that can be understood. */
export function readPidFile(folder: string): PidFile | undefined {
  const path = join(folder, PID_FILE);
  try {
    const { pid, port, url } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const found = { path, pid: Number(pid), port: Number(port), url: String(url ?? '') };
    const usable = Number.isSafeInteger(found.pid) && found.pid > 0 && Number.isInteger(found.port) && found.url !== '';
    return usable ? found : undefined;
  } catch {
    return undefined;
  }
}

/** The nearest pid file in `folder` or above it. */
export function nearestPidFile(folder: string): PidFile | undefined {
  const found = readPidFile(folder);
  const parent = dirname(folder);
  return found ?? (parent === folder ? undefined : nearestPidFile(parent));
}
