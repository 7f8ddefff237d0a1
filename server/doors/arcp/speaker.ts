/** What a connection and a generation's speaker have of each other. */
import type { Inbound } from '../../../protocol/arcp/envelope.js';
import type { Caller } from '../../access/caller.js';
import type { Desk } from './desk.js';
import type { ArcpSession, Peer } from './session.js';

export interface Wire extends Peer {
  readonly desk: Desk;
  /** The handshake is over: its timer and its bounds go. */
  accepted(): void;
  /**
   * Who a token stands for; undefined: that of the upgrade, or nobody where none is needed.
   * @throws {HubError} `unauthorized`
   */
  authenticate(token: string | undefined): Caller;
}

/** One generation on one connection. Messages come one after the other. */
export interface Speaker {
  readonly session: ArcpSession | undefined;
  receive(envelope: Inbound): Promise<void>;
  /** Something that is no envelope, whose id could be read. */
  malformed(id: string): void;
  /** The token behind it has ended. */
  expelled(): void;
  /** Once a second. */
  tick(nowMs: number): void;
}

/** For whom a caller stands at the door (arcp §D.1): its name; who has shown none is known by what it says, marked so. */
export function principalOf({ names, grant }: Caller, claimed: string | undefined): string {
  if (grant === undefined) return `anon:${claimed ?? 'client'}`.slice(0, 200);
  return names?.only ?? grant.given[0] ?? grant.role;
}
