/** Whoever acts, as rules over rows need to know it; made by `access/`, which knows callers. */

/** What of a message says who may see it. */
export interface Sent {
  readonly from_agent: string;
  readonly to_agent: string | null;
  readonly channel: string;
}

/** One that may not act as everybody, or not in every channel (identity §4). */
export interface Party {
  /** Whether it may act under the name. */
  has(name: string): boolean;
  sees(sent: Sent): boolean;
  seesChannel(channel: string): boolean;
}
