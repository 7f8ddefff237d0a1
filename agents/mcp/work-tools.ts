/** What Arc's adapter lacks (arc-v1 §10.5): the unread digest, and claims, locks and tasks. */
import { z } from 'zod';
import { printable } from '../../base/terminal-text.js';
import type { HubClient } from '../../client/hub-client.js';
import type { Claim, Lock, SearchResult } from '../../protocol/index.js';
import { makeDigest } from '../digest/digest.js';
import { readUnread } from '../digest/unread.js';
import { ArgumentError, type Tool, type ToolAnswer, terse, tool } from './tool.js';

const text = { type: 'string' };
const count = { type: 'integer' };

export const workTools: readonly Tool[] = [
  tool({
    name: 'arc_inbox',
    description: 'Digest of what is unread for you, most urgent first; marks it read unless ack is false.',
    input: z.object({
      budget: z.number().default(1000).describe('Most tokens of the digest'),
      ack: z.boolean().default(true),
      find: z.string().optional().describe('Instead: past messages with these words'),
    }),
    output: {
      type: 'object',
      properties: { digest: text, unread: count, requests: count },
      required: ['digest', 'unread'],
    },
    async run({ budget, ack, find }, { hub, signal, shown }) {
      if (find) return found(await hub.search(find, { agent_id: hub.agentId, limit: FOUND, signal }));
      const { messages, answered, latest_id } = await readUnread(hub, { signal });
      const fresh = messages.filter(({ id }) => !shown.has(id));
      const digest = makeDigest(
        { messages: fresh, answered },
        {
          agentId: hub.agentId ?? '',
          budget,
          howToRead: (_, isAll) => (ack && !isAll ? 'call arc_inbox again' : 'call arc_inbox with a larger budget'),
          howToAnswer: (id) => `arc_post_message kind task_result reply_to ${id}`,
        },
      );
      if (ack && latest_id !== undefined) {
        for (const { id } of digest.shown) shown.add(id);
        // Up to the first that did not fit; what was shown beyond it is remembered here.
        const left = fresh.find(({ id }) => !shown.has(id));
        const since_id = left === undefined ? latest_id : left.id - 1;
        await hub.ack(since_id, { signal });
        for (const id of shown) if (id <= since_id) shown.delete(id);
      }
      const structured = { digest: digest.text, unread: digest.unread, requests: digest.requests };
      return { value: structured, structured, text: digest.text || 'Nothing new.' };
    },
  }),
  tool({
    name: 'arc_coordinate',
    description:
      'Work without collisions. claim/release: a key others must leave alone. lock/unlock: a file path. complete: a task id. list: who holds what, and open tasks. A lease ends after ttl_sec; take it again to extend it.',
    input: z.object({
      action: z.enum(['claim', 'release', 'lock', 'unlock', 'complete', 'list']),
      key: z.string().optional().describe('Claim key, file path or task id'),
      ttl_sec: z.number().default(300),
    }),
    output: {
      type: 'object',
      properties: {
        acquired: { type: 'boolean' },
        key: text,
        holder: text,
        expires_at: text,
        status: text,
        parent_completed: { type: 'boolean' },
        claims: { type: 'array', items: { type: 'object' } },
        locks: { type: 'array', items: { type: 'object' } },
        tasks: { type: 'array', items: { type: 'object' } },
      },
    },
    async run({ action, key, ttl_sec }, { hub, signal }) {
      if (action === 'list') return list(hub, signal);
      if (key === undefined) throw new ArgumentError("'key'");
      return ACTIONS[action](hub, key, ttl_sec, signal);
    },
  }),
];

type Action = (hub: HubClient, key: string, ttl_sec: number, signal: AbortSignal) => Promise<ToolAnswer>;

const ACTIONS: Readonly<Record<'claim' | 'release' | 'lock' | 'unlock' | 'complete', Action>> = {
  async claim(hub, key, ttl_sec, signal) {
    const { acquired, claim } = await hub.claim(key, { ttl_sec, signal });
    return answer({ acquired, ...claimView(claim) });
  },
  async release(hub, key, _ttl, signal) {
    return answer({ key: (await hub.release(key, { signal })).claim_key, status: 'released' });
  },
  async lock(hub, key, ttl_sec, signal) {
    const { acquired, lock } = await hub.lock(key, { ttl_sec, signal });
    return answer({ acquired, ...lockView(lock) });
  },
  async unlock(hub, key, _ttl, signal) {
    return answer({ key: (await hub.unlock(key, { signal })).file_path, status: 'released' });
  },
  async complete(hub, key, _ttl, signal) {
    if (!/^\d+$/.test(key.trim())) throw new ArgumentError("'key': must be the id of a task");
    const { task, parent_completed } = await hub.completeTask(Number(key), { signal });
    return answer({ key: String(task.task_id), status: task.status, parent_completed });
  },
};

async function list(hub: HubClient, signal: AbortSignal): Promise<ToolAnswer> {
  const [claims, locks, tasks] = await Promise.all([
    hub.claims({ active_only: true, signal }),
    hub.locks({ active_only: true, signal }),
    hub.tasks({ status: 'open', signal }),
  ]);
  const structured = {
    claims: claims.map((claim) => terse({ ...claimView(claim), thread_id: claim.thread_id })),
    locks: locks.map(lockView),
    tasks: tasks.map(({ task_id, thread_id, channel, parent_task_id }) =>
      terse({ task_id, channel, thread_id, parent_task_id }),
    ),
  };
  return { value: structured, structured };
}

const claimView = ({ claim_key, owner_agent_id, expires_at }: Claim) => ({
  key: claim_key,
  holder: owner_agent_id,
  expires_at,
});
const lockView = ({ file_path, agent_id, expires_at }: Lock) => ({ key: file_path, holder: agent_id, expires_at });

function answer(fields: object): ToolAnswer {
  const structured = terse(fields);
  return { value: structured, structured };
}

/** Hits that a model is shown; it asks for others with better words. */
const FOUND = 10;

function found({ hits }: SearchResult): ToolAnswer {
  const lines = hits.map(({ message, snippet }) => {
    const where = message.to_agent === null ? `#${message.channel}` : 'direct';
    return `[${message.id}] ${message.ts} ${where} ${message.from_agent}: ${snippet}`;
  });
  const digest = printable(lines.join('\n'), { lines: true });
  return { value: digest, structured: { digest, unread: 0 }, text: digest || 'Nothing found.' };
}
