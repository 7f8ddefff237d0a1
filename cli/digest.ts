/** The unread digest of the command line: `arc inbox --digest`, `arc wait`, and the hooks of agent harnesses. */
import { type Digest, makeDigest } from '../agents/digest/digest.js';
import { openRequests, readUnread } from '../agents/digest/unread.js';
import type { HubClient } from '../client/index.js';

export interface DigestFlags {
  budget: number;
  ack?: boolean;
  /** Flags that lead commands to the hub, such as ` --port 7000`; empty where they find it by themselves. */
  address: string;
}

/** How the commands that a model is told to run are completed. */
export const actingAs = (agentId: string, address: string) => `--agent ${quoted(agentId)}${address}`;

function style({ agentId = '' }: HubClient, { budget, address }: DigestFlags) {
  const who = actingAs(agentId, address);
  return {
    agentId,
    budget,
    howToRead: (since: number) => `arc poll ${who} --since-id ${since} --timeout 0`,
    howToAnswer: (id: number) => `arc reply ${id} "…" ${who}`,
  };
}

/** What is unread, most urgent first; with `ack` it counts as read from now on. */
export async function unreadDigest(hub: HubClient, flags: DigestFlags): Promise<Digest> {
  const unread = await readUnread(hub);
  const digest = makeDigest(unread, style(hub, flags));
  if (flags.ack === true && unread.latest_id !== undefined) await hub.ack(unread.latest_id);
  return digest;
}

/** The requests to this agent that nobody has answered, read or not. */
export async function requestDigest(hub: HubClient, flags: DigestFlags): Promise<Digest> {
  const messages = await openRequests(hub);
  return makeDigest({ messages, answered: new Set() }, style(hub, flags));
}

/** Waits for something unread, until the deadline; false when nothing came. */
export async function waitForUnread(hub: HubClient, timeoutSec: number | undefined): Promise<boolean> {
  const deadlineMs = timeoutSec === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeoutSec * 1_000;
  const cursor = await hub.cursor();
  // Whoever has never acknowledged anything waits from now on.
  let since_id = cursor.since_id ?? (await hub.bootstrap()).latest_visible_id;
  while (true) {
    const timeout = Math.min(60, Math.max(0, (deadlineMs - Date.now()) / 1_000));
    const page = await hub.events({ since_id, exclude_self: false, timeout });
    if (page.some(({ from_agent }) => from_agent !== hub.agentId)) return true;
    since_id = page.at(-1)?.id ?? since_id;
    if (page.length === 0 && Date.now() >= deadlineMs) return false;
  }
}

/** For a shell: bare where it can be. */
export const quoted = (text: string) => (/^[\w.:@/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
