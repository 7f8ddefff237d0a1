/** Asks an address whether a hub answers there, and which one. */
import { request } from 'node:http';

const PROBE_MS = 2_000;

/** Enough to know a hub again: any server may answer, but only a hub names its storage and its instance. */
export interface HubIdentity {
  url: string;
  storage_path: string;
  instance_id: string;
}

/** The hub at `url`; undefined when nothing answers there within 2 s, or something that is no hub. */
export async function probeHub(url: string): Promise<HubIdentity | undefined> {
  const { result } = (await ask('GET', `${url}/v1/hub-info`).catch(() => undefined)) ?? {};
  if (typeof result !== 'object' || result === null) return undefined;
  const { storage_path, instance_id } = result as Record<string, unknown>;
  if (typeof storage_path !== 'string' || typeof instance_id !== 'string') return undefined;
  return { url, storage_path, instance_id };
}

/** Tells the hub at `url` to go down now, as any client may: with its notice, and without a signal to anybody. */
export async function askToShutDown(url: string): Promise<boolean> {
  const { ok } = (await ask('POST', `${url}/v1/shutdown`, { delay_sec: 0 }).catch(() => undefined)) ?? {};
  return ok === true;
}

// Not `fetch`, which refuses to talk to some ports that a hub may well listen on.
function ask(method: string, url: string, body?: unknown): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const call = request(url, { method, headers, agent: false, timeout: PROBE_MS }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
        if (text.length > 1_000_000) call.destroy(new Error('no hub answers at such length'));
      });
      answer.once('error', reject);
      answer.once('end', () => {
        try {
          resolve(JSON.parse(text) as Record<string, unknown>);
        } catch (cause) {
          reject(cause);
        }
      });
    });
    const deadline = setTimeout(() => call.destroy(new Error('timed out')), PROBE_MS);
    call.once('close', () => clearTimeout(deadline));
    call.once('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** The address at which a hub bound to `host` is reached from this machine (arc-v1 §8.4). */
export function urlOf(host: string, port: number): string {
  const bare = host.replace(/^\[|\]$/g, '');
  const reachable = bare === '0.0.0.0' || bare === '::' ? '127.0.0.1' : bare;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
