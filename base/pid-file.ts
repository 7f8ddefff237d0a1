/** `.arc.pid`, in the folder of the storage file: how programs find a hub on this machine (arc-v1 §8.4). */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const PID_FILE = '.arc.pid';

export interface PidFile {
  readonly path: string;
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  /** Path of its Unix socket. */
  readonly socket?: string | undefined;
  /** SHA-256 of the public key of its TLS certificate, base64url. */
  readonly fingerprint?: string | undefined;
}

/** The one that all hubs of a storage share, and one of its own for each port, since several may serve it. */
export function pidFilePaths(storage: string, port: number): { shared: string; own: string } {
  const folder = dirname(storage);
  return { shared: join(folder, PID_FILE), own: join(folder, `.arc.${port}.pid`) };
}

/** Undefined when there is none, or none that can be understood. */
export function readPidFile(path: string): PidFile | undefined {
  try {
    const { pid, port, url, socket, fingerprint } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const found = {
      ...{ path, pid: Number(pid), port: Number(port), url: String(url ?? '') },
      ...(typeof socket === 'string' && { socket }),
      ...(typeof fingerprint === 'string' && { fingerprint }),
    };
    const usable = Number.isSafeInteger(found.pid) && found.pid > 0 && Number.isInteger(found.port) && found.url !== '';
    return usable ? found : undefined;
  } catch {
    return undefined;
  }
}

/** All pid files in `folder`, the shared one first. */
export function pidFilesIn(folder: string): PidFile[] {
  let names: string[] = [];
  try {
    names = readdirSync(folder).filter((name) => /^\.arc\.(\d+\.)?pid$/.test(name));
  } catch {
    // No such folder, no hub there.
  }
  const shared = names.includes(PID_FILE) ? [PID_FILE] : [];
  const own = names.filter((name) => name !== PID_FILE).sort();
  return [...shared, ...own].flatMap((name) => readPidFile(join(folder, name)) ?? []);
}

/** The nearest pid file in `folder` or above it. */
export function nearestPidFile(folder: string): PidFile | undefined {
  const found = readPidFile(join(folder, PID_FILE));
  const parent = dirname(folder);
  return found ?? (parent === folder ? undefined : nearestPidFile(parent));
}
