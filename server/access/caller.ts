import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Role } from '../../protocol/index.js';
import { isLoopback } from '../config.js';

/** Ways into the hub. */
export type DoorName = 'websocket' | 'http' | 'mcp' | 'relay' | 'arcp' | 'local';

/** Names that a caller may act as. */
export interface NameSet {
  has(name: string): boolean;
  /** The one name that it stands for, which is filled in where a call names nobody; undefined when there are several. */
  readonly only: string | undefined;
  /** All that stand for themselves, and the beginnings of those that stand for many. */
  readonly whole: readonly string[];
  readonly prefixes: readonly string[];
}

/** The token by which a caller has shown who it is. */
export interface Grant {
  readonly id: string;
  readonly label: string;
  readonly role: Role;
  readonly names: NameSet | undefined;
  readonly channels: ReadonlySet<string> | undefined;
  readonly expires_at: string | null;
  /** As they were given, for people. */
  readonly given: readonly string[];
  /** Aborted when the token is revoked, expires, or has another secret. */
  readonly ended: AbortSignal;
}

/** Who asks: found out once by the door, and asked about by `authorize` alone. */
export interface Caller {
  readonly door: DoorName;
  /** IP address; `unix` on a Unix socket; `local` in the hub's own process. */
  readonly address: string;
  /** Comes from off this machine. */
  readonly remote: boolean;
  readonly role: Role;
  /** Undefined: any name. */
  readonly names: NameSet | undefined;
  /** Undefined: any channel. */
  readonly channels: ReadonlySet<string> | undefined;
  /** Undefined: it has not shown who it is. */
  readonly grant: Grant | undefined;
}

/** What a request of HTTP shows of its sender. */
export type CallerOf = (door: DoorName, req: IncomingMessage) => Caller;

export const isOnThisMachine = (address: string): boolean =>
  address === 'local' || address === 'unix' || isLoopback(address);

/**
 * Whose an address is, for counting: this machine as a whole, and with IPv6 the network of 64 bits that one customer has to
 * itself.
 */
export function networkOf(address: string): string {
  if (isLoopback(address)) return 'loopback';
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const groups = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - groups.length - last.length)).fill('0');
  const network = [...groups, ...zeros, ...last].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}

/** Whoever reaches an open hub without saying who they are: as in Arc v1, every name and everything. */
export const anybody = (door: DoorName, address = 'local'): Caller => ({
  door,
  address,
  remote: !isOnThisMachine(address),
  role: 'operator',
  names: undefined,
  channels: undefined,
  grant: undefined,
});

/** An agent that speaks for itself alone, as the relay's folders do where they are bound. */
export const speakingFor = (door: DoorName, names: NameSet): Caller => ({
  door,
  address: 'local',
  remote: false,
  role: 'agent',
  names,
  channels: undefined,
  grant: undefined,
});

/** Whoever has shown a token. */
export const holderOf = (grant: Grant, door: DoorName, address: string): Caller => ({
  door,
  address,
  remote: !isOnThisMachine(address),
  role: grant.role,
  names: grant.names,
  channels: grant.channels,
  grant,
});
