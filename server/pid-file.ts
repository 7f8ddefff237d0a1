/** Says where this hub is, for programs that look for one beside the storage file (arc-v1 §8.4, §12 C8). */
import { rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { json } from 'node:stream/consumers';
import { type PidFile, pidFilePaths, readPidFile } from '../base/pid-file.js';
import { FILE_MODES, type Sharing, share } from '../base/sharing.js';

/** @returns a function that removes what is still this process's */
export async function writePidFiles(
  storagePath: string,
  file: Omit<PidFile, 'path'>,
  instanceId: string,
  sharing: Sharing,
): Promise<() => void> {
  const { shared, own } = pidFilePaths(storagePath, file.port);
  const text = `${JSON.stringify(file)}\n`;
  const write = (path: string) => {
    writeFileSync(path, text, { mode: FILE_MODES[sharing] });
    share(path, sharing);
  };
  write(own);
  // Another live hub on the same store keeps its entry; a stale one is overwritten (arc-v1 §12 C8). The address is ours now,
  // so whoever answers there is not the other one.
  const other = readPidFile(shared);
  if (other === undefined || other.url === file.url || !(await isHub(other.url, instanceId))) write(shared);
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
