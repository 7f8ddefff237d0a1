/**
 * Who may speak to the hub at all, on every door and before any work (websocket §1). Programs send none of the headers that
 * betray a web page; a page cannot hide them.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { HubError } from '../../protocol/index.js';
import type { PeerOf } from '../listen/peers.js';

export interface DefenceSettings {
  readonly allowed_host: readonly string[];
  readonly allowed_origin: readonly string[];
  /** Asked for each request, since it changes at run time. */
  readonly allowRemote: () => boolean;
  readonly peerOf: PeerOf;
}

export class BrowserDefence {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #allowRemote: () => boolean;
  readonly #peerOf: PeerOf;

  constructor({ allowed_host, allowed_origin, allowRemote, peerOf }: DefenceSettings) {
    const own = hostname().toLowerCase();
    const bare = own.replace(/\.local$/, '');
    this.#hosts = new Set([
      'localhost',
      'host.docker.internal',
      own,
      bare,
      `${bare}.local`,
      ...allowed_host.map((host) => host.toLowerCase()),
    ]);
    this.#origins = new Set(allowed_origin.map((origin) => origin.toLowerCase()));
    this.#allowRemote = allowRemote;
    this.#peerOf = peerOf;
  }

  /** @throws {HubError} `forbidden` */
  check(req: IncomingMessage): void {
    const { host, origin, 'sec-fetch-site': site } = req.headers;
    const { loopback, secure } = this.#peerOf(req);
    if (!this.#allowRemote() && !loopback) throw new HubError('forbidden', 'remote requests disabled');
    if (!this.#mayName(host, req.httpVersion)) throw new HubError('forbidden', `host not allowed: ${host ?? ''}`);
    if (origin !== undefined) {
      if (this.isListed(origin)) return;
      if (!isOwn(origin, host, secure)) throw new HubError('forbidden', `origin not allowed: ${origin}`);
    }
    if (site !== undefined && site !== 'none' && site !== 'same-origin' && !isNavigationHome(req)) {
      throw new HubError('forbidden', `cross-site requests are not allowed: ${String(site)}`);
    }
  }

  isListed(origin: string | undefined): origin is string {
    return origin !== undefined && this.#origins.has(origin.toLowerCase());
  }

  #mayName(header: string | undefined, httpVersion: string): boolean {
    if (header === undefined) return httpVersion === '1.0';
    const name = hostOf(header);
    return name !== undefined && (isIP(name) !== 0 || name.endsWith('.localhost') || this.#hosts.has(name));
  }
}

/** The name in a Host header without port and brackets; undefined when it is none. */
function hostOf(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:/@[\]]+))(?::\d{1,5})?$/i.exec(header);
  return (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '');
}

function isOwn(origin: string, host: string | undefined, secure: boolean): boolean {
  return host !== undefined && origin.toLowerCase() === `${secure ? 'https' : 'http'}://${host.toLowerCase()}`;
}

/** A link from anywhere may open the hub's page; the page shows nothing of the hub's data. */
function isNavigationHome(req: IncomingMessage): boolean {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': destination } = req.headers;
  // Not in a frame of another page: its destination is `iframe`.
  const isTopLevel = mode === 'navigate' && (destination === undefined || destination === 'document');
  return req.method === 'GET' && req.url === '/' && isTopLevel;
}
