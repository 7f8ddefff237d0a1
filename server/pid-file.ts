import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { dirname, join } from 'node:path';
import { json } from 'node:stream/consumers';

export const PIDFILE_NAME = '.arc.pid';

export interface PidFile {
  pid: number;
  port: number;
  url: string;
  /** Path of its Unix socket. */
  socket?: string | undefined;
  /** SHA-256 of the public key of its TLS certificate, base64url. */
  fingerprint?: string | undefined;
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

/** Whether a hub of this store answers at `url`. It is told nothing, so it need not prove more than that it is there. */
async function isHub(url: string, instanceId: string): Promise<boolean> {
  const options = { signal: AbortSignal.timeout(500), agent: false, rejectUnauthorized: false };
  const [, socketPath] = /^unix:(.+)$/.exec(url) ?? [];
  const open = url.startsWith('https:') ? tlsRequest : request;
  try {
    const call =
      socketPath === undefined
        ? open(`${url}/v1/hub-info`, options)
        : request({ ...options, socketPath, path: '/v1/hub-info' });
    return await new Promise((done, reject) => {
      call.once('error', reject);
      // Hubs of this make name their store on every answer, refusals included; for others it is in the body.
      call.once('response', (answer) => {
        const named = answer.headers['x-arc-instance'];
        if (named === undefined) json(answer).then((body) => done(instanceOf(body) === instanceId), reject);
        else done(named === instanceId);
        answer.once('close', () => call.destroy()).resume();
      });
      call.end();
    });
  } catch {
    return false;
  }
}

const instanceOf = (body: unknown) => (body as { result?: { instance_id?: unknown } } | null)?.result?.instance_id;
