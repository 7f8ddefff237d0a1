import type { Caller } from './caller.js';

/** The two ends of a message. */
interface Ends {
  readonly from_agent: string;
  readonly to_agent: string | null;
}

/**
 * Whether the caller may see the message, whatever it asked for: broadcasts, and direct messages from or to its own names
 * (identity §4). What a query asks for one agent is narrower still, and the store's to keep.
 */
export function isVisible({ names }: Caller, { from_agent, to_agent }: Ends): boolean {
  return to_agent === null || names === undefined || names.has(to_agent) || names.has(from_agent);
}
