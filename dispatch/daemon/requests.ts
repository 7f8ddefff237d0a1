/** What the daemon's socket understands (dispatch §3). */
import { z } from 'zod';
import { socketPath } from '../config/config.js';
import { DispatchError } from '../errors.js';
import { lastRecords, RoutingRecord } from '../logs/json-lines.js';
import { listAgents } from '../personas/store.js';
import type { Dispatcher } from '../run/dispatcher.js';

const maybeText = z.string().nullish();

const PromptRequest = z.object({
  prompt: z.string({ error: 'expected a text' }),
  agent: maybeText,
  model: maybeText,
  source: z.enum(['cli', 'discord', 'cron']).nullish(),
  thread_id: maybeText,
  channel_id: maybeText,
  no_wait: z.boolean().nullish(),
  request_id: maybeText,
  session: maybeText,
  timeout_s: z.number().positive().max(86_400).nullish(),
  inline: z
    .object({ model: z.string().min(1), workspace: z.string().min(1), system_prompt: z.string().optional() })
    .nullish(),
});

export interface Daemon {
  readonly dispatcher: Dispatcher;
  reload(): void;
  stop(): void;
}

type Operation = (daemon: Daemon, request: Readonly<Record<string, unknown>>) => object | Promise<object>;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  ping: () => ({ result: 'pong' }),
  status: ({ dispatcher }) => statusOf(dispatcher),
  agents: ({ dispatcher }) => ({ agents: agentsOf(dispatcher) }),
  history: ({ dispatcher }, { last }) => {
    const count = z.number().int().min(1).max(1_000).catch(20).parse(last);
    return { history: lastRecords(dispatcher.ground.home.routingLog, RoutingRecord, count) };
  },
  cancel: ({ dispatcher }, { request_id }) => {
    if (dispatcher.cancel(String(request_id))) return { result: 'cancelled' };
    throw new DispatchError('not_found', `no request ${String(request_id)} is under way`);
  },
  reload: (daemon) => {
    daemon.reload();
    return { result: 'reloaded' };
  },
  shutdown: (daemon) => {
    daemon.stop();
    return { result: 'stopping' };
  },
};

/** The reply to any request; never rejects. */
export async function answer(daemon: Daemon, request: Readonly<Record<string, unknown>>): Promise<object> {
  try {
    if (request.op === undefined || request.op === null) return await answerPrompt(daemon, request);
    const operation = Object.hasOwn(OPERATIONS, String(request.op)) ? OPERATIONS[String(request.op)] : undefined;
    if (operation === undefined) throw new DispatchError('bad_request', `Unknown op '${String(request.op)}'`);
    return { status: 'ok', ...(await operation(daemon, request)) };
  } catch (cause) {
    const { code, message } = DispatchError.from(cause);
    return { status: 'error', error: message, code };
  }
}

async function answerPrompt({ dispatcher }: Daemon, request: Readonly<Record<string, unknown>>): Promise<object> {
  const parsed = PromptRequest.safeParse(request);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DispatchError('bad_request', `${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { no_wait, ...fields } = parsed.data;
  // Null means the same as nothing, as older clients write it.
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
  const outcome = dispatcher.dispatch({ ...given, prompt: fields.prompt });
  return no_wait === true ? { status: 'ok', result: 'dispatched' } : await outcome;
}

function statusOf(dispatcher: Dispatcher): object {
  const { home, config } = dispatcher.ground;
  return {
    daemon: { pid: process.pid, socket: socketPath(home, config) },
    agents: agentsOf(dispatcher),
    cron: [],
    running: dispatcher.running,
  };
}

const agentsOf = ({ ground: { home } }: Dispatcher) =>
  listAgents(home).map(({ name, model, workspace, discord }) => {
    return { name, model, workspace, discord_channel: discord.channel_id };
  });
