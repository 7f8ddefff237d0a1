/** Who is at the other end: as the listener saw it, and beyond that only as a trusted proxy tells (identity §6). */
import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { isLoopback } from '../config.js';
import { addressList } from './cidr.js';

export interface Peer {
  /** An IP address; `unix` on a Unix socket; `unknown` where a trusted proxy names none that is one. */
  readonly address: string;
  /** Came by TLS, to the hub itself or to the trusted proxy before it. */
  readonly secure: boolean;
  /** From this machine, by all that can be known. */
  readonly loopback: boolean;
}

/** As the listener saw it. */
interface Seen {
  readonly peer: Peer;
  /** What it says of those behind it is believed. */
  readonly trusted: boolean;
}

export type PeerOf = (req: IncomingMessage) => Peer;

const UNKNOWN: Peer = { address: 'unknown', secure: false, loopback: false };

export class Peers {
  readonly #seen = new WeakMap<object, Seen>();
  /** Of proxied connections, who stands behind the newest request. */
  readonly #behind = new WeakMap<object, Peer>();
  readonly #isTrusted: (address: string) => boolean;

  /** @param trustedProxy ranges of addresses whose forwarding headers are believed */
  constructor(trustedProxy: readonly string[]) {
    this.#isTrusted = addressList(trustedProxy);
  }

  /** Notes a connection when it comes in: the address of one that is gone cannot be asked for any more. */
  accepted(socket: Socket, how: 'tcp' | 'tls' | 'unix'): void {
    const address = how === 'unix' ? 'unix' : addressOfSocket(socket);
    const peer = { address, secure: how === 'tls', loopback: how === 'unix' || isLoopback(address) };
    // Found out once: a look at a list of ranges costs 2 µs.
    this.#seen.set(socket, { peer, trusted: this.#isTrusted(address) });
  }

  /** The address that a connection of TCP is counted for; undefined for a trusted proxy's, which brings those of many. */
  countedFor(socket: Socket): string | undefined {
    const address = addressOfSocket(socket);
    return this.#isTrusted(address) ? undefined : address;
  }

  /** Who a connection comes from; for one of a trusted proxy, who made the newest request on it. */
  ofSocket(socket: object): Peer {
    return this.#behind.get(socket) ?? this.#seen.get(socket)?.peer ?? UNKNOWN;
  }

  readonly of: PeerOf = (req) => {
    const { peer, trusted } = this.#seen.get(req.socket) ?? { peer: UNKNOWN, trusted: false };
    if (!trusted) return peer;
    const chain = listed(req.headers['x-forwarded-for']);
    if (chain.length === 0) return peer;
    // Read backwards: each trusted proxy vouches for the one before it, and the first stranger is the caller.
    const hops = chain.map(addressOf).reverse();
    const address = hops.find((hop) => !this.#isTrusted(hop)) ?? hops.at(-1) ?? 'unknown';
    const proto = listed(req.headers['x-forwarded-proto']).at(-1)?.toLowerCase();
    const secure = proto === undefined ? peer.secure : proto === 'https' || proto === 'wss';
    const behind = { address, secure, loopback: isLoopback(address) };
    this.#behind.set(req.socket, behind);
    return behind;
  };
}

function listed(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '');
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Some proxies add the port, and brackets around IPv6. */
function addressOf(hop: string): string {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
  return isIP(bare) === 0 ? 'unknown' : plain(bare);
}

const addressOfSocket = (socket: Socket) => plain(socket.remoteAddress ?? 'unknown');

/** IPv4 as itself, also where the system hands it out in IPv6. */
const plain = (address: string) => address.replace(/^::ffff:(?=[\d.]+$)/i, '');
