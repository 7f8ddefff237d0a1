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
  readonly thread_id?: string | undefined;
  readonly exclude_from?: string | undefined;
}

export function matches(filter: MessageFilter, row: MessageRow): boolean {
  if (filter.inbox_of !== undefined) {
    if (row.to_agent !== filter.inbox_of) return false;
  } else if (row.to_agent !== null && row.to_agent !== filter.viewer && filter.all_direct !== true) return false;
  return (
    (filter.channel === undefined || row.channel === filter.channel) &&
    (filter.thread_id === undefined || row.thread_id === filter.thread_id) &&
    (filter.exclude_from === undefined || row.from_agent !== filter.exclude_from)
  );
}
