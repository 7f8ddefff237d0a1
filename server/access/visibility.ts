import { DIRECT_CHANNEL } from '../../protocol/index.js';
import type { PublishedChange } from '../domain/feed.js';
import type { Sent } from '../domain/party.js';
import type { Names, Sight } from '../domain/store.js';
import type { Caller, NameSet } from './caller.js';
import { RESERVED } from './names.js';

/** Whether the channel exists for the caller. Direct messages have one of their own, which hides nothing. */
export const seesChannel = ({ channels }: Pick<Caller, 'channels'>, channel: string | null): boolean =>
  channels === undefined || channel === null || channel === DIRECT_CHANNEL || channels.has(channel);

/**
 * Whether the caller may see the message, whatever it asked for: broadcasts of its channels, and direct messages from or to
 * its own names (identity §4). What a query asks for one agent is narrower still, and the store's to keep.
 */
export function isVisible(
  caller: { channels: Caller['channels']; names: Pick<NameSet, 'has'> | undefined },
  { from_agent, to_agent, channel }: Sent,
): boolean {
  const { names } = caller;
  if (to_agent === null) return seesChannel(caller, channel);
  return names === undefined || names.has(to_agent) || names.has(from_agent);
}

/** Whether nothing is hidden from the caller. */
export const seesAll = ({ names, channels }: Caller): boolean => names === undefined && channels === undefined;

/** What the caller may see, looking as one agent or as itself, for queries to decide. */
export function sightOf(caller: Caller, agentId: string | undefined): Sight {
  const { names, channels } = caller;
  const viewer = viewerOf(caller, agentId);
  const parties: Names[] = viewer === undefined ? [] : [{ whole: [viewer], prefixes: [], except: [] }];
  if (names !== undefined) parties.push({ whole: names.whole, prefixes: names.prefixes, except: RESERVED });
  return { channels: channels && [...channels], parties };
}

/** As whom the caller looks: the agent that it names, and nobody for an observer, which sees no direct message. */
export const viewerOf = ({ role }: Caller, agentId: string | undefined): string | undefined =>
  role === 'observer' ? undefined : agentId;

/** Whether the caller is told of the change. Leases and sessions lie in no channel; a task is seen by who sees its request. */
export function seesChange(caller: Caller, change: PublishedChange): boolean {
  // It names addresses and tokens.
  if (change.topic === 'hub' && change.change === 'limited') return caller.role === 'operator';
  if (change.topic === 'channel') return seesChannel(caller, change.row.name);
  return change.topic !== 'task' || isVisible(caller, change.row);
}
