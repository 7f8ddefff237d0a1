import type { CallOptions, HubOperations } from '../../client/hub-operations.js';
import type { Message } from '../../protocol/index.js';

export type { HubOperations };

/** The operations that a digest needs. */
export type UnreadSource = Pick<HubOperations, 'agentId' | 'cursor' | 'events' | 'inbox'>;

export interface Unread {
  /** What others said, ascending by id. */
  readonly messages: readonly Message[];
  /** Requests that this agent has answered since. */
  readonly answered: ReadonlySet<number>;
  /** Acknowledging it marks all of `messages` read; undefined when there was nothing at all. */
  readonly latest_id: number | undefined;
  /** Reading stopped before the end of the log. */
  readonly more: boolean;
}

const PAGE = 500;
const MOST = 2_000;
/** What an agent gets that has never acknowledged anything: the latest of each kind, not the whole history. */
const FIRST_TIME = 50;

/** What the agent has not acknowledged: everything visible to it behind its durable cursor (`events.cursor`). */
export async function readUnread(hub: UnreadSource, options: CallOptions = {}): Promise<Unread> {
  const { since_id } = await hub.cursor(options);
  const rows = since_id === null ? await readLatest(hub, options) : await since(hub, since_id, options);
  const own = rows.filter(({ from_agent }) => from_agent === hub.agentId);
  const answered = own.filter(({ kind, reply_to }) => kind === 'task_result' && reply_to !== null);
  return {
    messages: rows.filter(({ from_agent }) => from_agent !== hub.agentId),
    answered: new Set(answered.map(({ reply_to }) => reply_to as number)),
    latest_id: rows.at(-1)?.id,
    more: rows.length >= MOST,
  };
}

async function since(hub: UnreadSource, sinceId: number, options: CallOptions): Promise<Message[]> {
  const rows: Message[] = [];
  while (rows.length < MOST) {
    const since_id = rows.at(-1)?.id ?? sinceId;
    // Its own messages are read too: an answer among them settles a request.
    const page = await hub.events({ ...options, since_id, limit: PAGE, exclude_self: false });
    rows.push(...page);
    if (page.length === 0) break;
  }
  return rows;
}

/** The newest that the agent may see, read or not, ascending by id. */
export async function readLatest(
  hub: Pick<UnreadSource, 'events' | 'inbox'>,
  options: CallOptions = {},
): Promise<Message[]> {
  const [direct, visible] = await Promise.all([
    hub.inbox({ ...options, tail: true, limit: FIRST_TIME }),
    hub.events({ ...options, tail: true, limit: FIRST_TIME }),
  ]);
  const byId = new Map([...direct, ...visible].map((message) => [message.id, message]));
  return [...byId.values()].sort((a, b) => a.id - b.id);
}

/** Requests to this agent whose tasks are open, ascending by id. */
export async function openRequests(
  hub: Pick<HubOperations, 'tasks' | 'inbox'>,
  options: CallOptions = {},
): Promise<Message[]> {
  const [tasks, inbox] = await Promise.all([
    hub.tasks({ ...options, status: 'open' }),
    hub.inbox({ ...options, tail: true, limit: PAGE }),
  ]);
  const open = new Set(tasks.map(({ task_id }) => task_id));
  return inbox.filter(({ id, kind }) => kind === 'task_request' && open.has(id));
}
