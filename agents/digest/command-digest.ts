/** The unread digest of the command line: `arc inbox --digest`, `arc wait`, and the hooks of agent harnesses. */

import { quoted } from '../../base/shell.js';
import type { HubClient } from '../../client/index.js';
import { type Digest, makeDigest } from './digest.js';
import { openRequests, readLatest, readUnread } from './unread.js';

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

/**
 * For a model that has lost what it read, after a compaction for instance: the requests that wait for its answer, what is
 * unread, which counts as read from now on, and what was said to it before; the most urgent first, and of those the newest.
 */
export async function recallDigest(hub: HubClient, flags: DigestFlags): Promise<Digest> {
  const [requests, unread, earlier] = [await openRequests(hub), await readUnread(hub), await readLatest(hub)];
  const byId = new Map([...earlier, ...unread.messages, ...requests].map((message) => [message.id, message]));
  const open = new Set(requests.map(({ id }) => id));
  const messages = [...byId.values()].filter(({ from_agent }) => from_agent !== hub.agentId);
  const answered = new Set(
    messages.filter(({ id, kind }) => kind === 'task_request' && !open.has(id)).map(({ id }) => id),
  );
  const title = (count: number) => `What you may have forgotten, ${count} messages to`;
  const digest = makeDigest({ messages, answered }, { ...style(hub, flags), title, newestFirst: true });
  if (unread.latest_id !== undefined) await hub.ack(unread.latest_id);
  return digest;
}

/** What the agent holds, with the ends of its leases, in one line; empty when it holds nothing. */
export async function holdings(hub: HubClient): Promise<string> {
  const [claims, locks] = await Promise.all([
    hub.claims({ active_only: true }),
    hub.locks({ active_only: true, agent_id: hub.agentId }),
  ]);
  const own = claims.filter(({ owner_agent_id }) => owner_agent_id === hub.agentId);
  const parts = [
    ...own.map(({ claim_key, expires_at }) => `claim ${JSON.stringify(claim_key)} until ${expires_at}`),
    ...locks.map(({ file_path, expires_at }) => `lock on ${JSON.stringify(file_path)} until ${expires_at}`),
  ];
  return parts.length === 0 ? '' : `You hold: ${parts.join('; ')}.`;
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
