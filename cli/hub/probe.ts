/** Asks an address whether a hub answers there, and which one. */
import { type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import type { Access } from '../../client/access.js';

const PROBE_MS = 2_000;
const MAX_CHARS = 1_000_000;

/** Enough to know a hub again: any server may answer, but only a hub names its storage and its instance. */
export interface HubIdentity {
  url: string;
  storage_path: string;
  instance_id: string;
  /** How it was reached, and as whom. */
  access: Access;
}

/**
 * The hub at `url`; undefined when nothing answers there within 2 s, or something that is no hub. One that has TLS is found
 * by its plain address too.
 *
 * @param folder where a hub of this account may have left its key and its token, or above
 */
export async function probeHub(url: string, folder = process.cwd()): Promise<HubIdentity | undefined> {
  try {
    const access = await accessTo(url, folder);
    const { answer, body } = await ask(access, 'GET', '/v1/hub-info');
    if (answer.headers['x-arc-scheme'] === 'https' && url.startsWith('http:')) {
      return await probeHub(url.replace(/^http/, 'https'), folder);
    }
    const { result } = body as { result?: unknown };
    if (typeof result !== 'object' || result === null) return undefined;
    const { storage_path, instance_id } = result as Record<string, unknown>;
    if (typeof storage_path !== 'string' || typeof instance_id !== 'string') return undefined;
    return { url, storage_path, instance_id, access };
  } catch {
    return undefined;
  }
}

/** Tells the hub to go down now, as its operator may: with its notice, and without a signal to anybody. */
export async function askToShutDown({ access }: HubIdentity): Promise<boolean> {
  const asked = await ask(access, 'POST', '/v1/shutdown', { delay_sec: 0 }).catch(() => undefined);
  return (asked?.body as { ok?: unknown } | undefined)?.ok === true;
}

/** What a token in the environment is for is another hub, as often as not: the one at hand has its own. */
async function accessTo(baseUrl: string, folder: string): Promise<Access> {
  const { resolveAccess } = await import('../../client/credentials/resolve.js');
  return resolveAccess({ baseUrl }, undefined, { ...process.env, ARC_TOKEN: '' }, folder);
}

// Not `fetch`, which refuses to talk to some ports that a hub may well listen on.
async function ask(access: Access, method: string, path: string, body?: object) {
  const { hubAddress } = await import('../../client/base-url.js');
  const { HubAgent } = await import('../../client/net/agent.js');
  const { hostname, port, protocol, pathname } = new URL(hubAddress('http', access.baseUrl));
  const headers = {
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
    ...(access.token !== undefined && { Authorization: `Bearer ${access.token}` }),
  };
  const agent = new HubAgent(access, { keepAlive: false });
  const host = hostname.replace(/^\[|\]$/g, '');
  const place = { host, port: port || (protocol === 'https:' ? 443 : 80), path: pathname.replace(/\/+$/, '') + path };
  const signal = AbortSignal.timeout(PROBE_MS);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const call = request({ ...place, method, headers, agent, signal }, resolve);
    call.once('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
  let chars = 0;
  answer.on('data', (piece: Buffer) => {
    chars += piece.length;
    if (chars > MAX_CHARS) answer.destroy(new Error('no hub answers at such length'));
  });
  return { answer, body: await json(answer) };
}

/** The address at which a hub bound to `host` is reached from this machine (arc-v1 §8.4). */
export function urlOf(host: string, port: number): string {
  const bare = host.replace(/^\[|\]$/g, '');
  const reachable = bare === '0.0.0.0' || bare === '::' ? '127.0.0.1' : bare;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
