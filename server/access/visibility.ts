import { DIRECT_CHANNEL } from '../../protocol/index.js';
import type { PublishedChange } from '../domain/feed.js';
import type { Caller } from './caller.js';

/** What of a message says who may see it. */
interface Sent {
  readonly from_agent: string;
  readonly to_agent: string | null;
  readonly channel: string;
}

/** Whether the channel exists for the caller. Direct messages have one of their own, which hides nothing. */
export const seesChannel = ({ channels }: Caller, channel: string | null): boolean =>
  channels === undefined || channel === null || channel === DIRECT_CHANNEL || channels.has(channel);

/**
 * Whether the caller may see the message, whatever it asked for: broadcasts of its channels, and direct messages from or to
 * its own names (identity §4). What a query asks for one agent is narrower still, and the store's to keep.
 */
export function isVisible(caller: Caller, { from_agent, to_agent, channel }: Sent): boolean {
  const { names } = caller;
  if (to_agent === null) return seesChannel(caller, channel);
  return names === undefined || names.has(to_agent) || names.has(from_agent);
}

/** As whom the caller looks: the agent that it names, and nobody for an observer, which sees no direct message. */
export const viewerOf = ({ role }: Caller, agentId: string | undefined): string | undefined =>
  role === 'observer' ? undefined : agentId;

/** Whether the caller is told of the change. Leases and sessions lie in no channel. */
export function seesChange(caller: Caller, change: PublishedChange): boolean {
  // It names addresses and tokens.
  if (change.topic === 'hub' && change.change === 'limited') return caller.role === 'operator';
  if (change.topic === 'channel') return seesChannel(caller, change.row.name);
  return change.topic !== 'task' || seesChannel(caller, change.row.channel);
}
