import { EVERY, type Interest } from './audience.js';
import type { MessageRow } from './rows.js';

/** Which messages a reader asks for. The store has the same meaning in SQL (`store/message-store.ts`). */
export interface MessageFilter {
  /** Sees broadcasts and the direct messages to this agent; absent: broadcasts only. */
  readonly viewer?: string | undefined;
  /** Direct messages to this agent, nothing else. */
  readonly inbox_of?: string | undefined;
  /** Every direct message too, whoever it is for: the operator's view. */
  readonly all_direct?: boolean | undefined;
  readonly channel?: string | undefined;
  /** Broadcasts of these only. */
  readonly channels?: readonly string[] | undefined;
  readonly thread_id?: string | undefined;
  readonly exclude_from?: string | undefined;
}

/** What the index can tell of it: all that matches is among this. */
export function interestOf({ viewer, inbox_of, all_direct, channel, thread_id }: MessageFilter): Interest {
  if (inbox_of !== undefined) return { agents: [inbox_of] };
  if (thread_id !== undefined) return { threads: [thread_id] };
  return {
    channels: [channel ?? EVERY],
    agents: all_direct === true ? [EVERY] : viewer === undefined ? [] : [viewer],
  };
}

export function matches(filter: MessageFilter, row: MessageRow): boolean {
  if (filter.inbox_of !== undefined) {
    if (row.to_agent !== filter.inbox_of) return false;
  } else if (row.to_agent !== null && row.to_agent !== filter.viewer && filter.all_direct !== true) return false;
  return (
    (filter.channel === undefined || row.channel === filter.channel) &&
    (filter.channels === undefined || row.to_agent !== null || filter.channels.includes(row.channel)) &&
    (filter.thread_id === undefined || row.thread_id === filter.thread_id) &&
    (filter.exclude_from === undefined || row.from_agent !== filter.exclude_from)
  );
}
