/** An agent that takes requests and answers them, saying on the way how far it is (arcp §D.4). */
import { onAbort } from '../base/abort.js';
import { HubError, type Message } from '../protocol/index.js';
import type { HubClient } from './hub-client.js';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'critical';

/** What a tool knows of the job that it does, and how it tells of it. Each call resolves once it is durable. */
export interface JobContext {
  /** The request, as it lies in the log. */
  readonly request: Message;
  /** Aborted when the client asks for the job to stop. */
  readonly signal: AbortSignal;
  progress(current: number, total?: number, message?: string): Promise<void>;
  log(level: LogLevel, message: string, attributes?: Readonly<Record<string, unknown>>): Promise<void>;
  metric(name: string, value: number, unit?: string): Promise<void>;
  /** Text that the client gets as it comes. */
  stream(text: string): Promise<void>;
  /** Any kind of event that ARCP 1.1 has, or an `x-vendor.` one. */
  event(kind: string, body: Readonly<Record<string, unknown>>): Promise<void>;
}

/** @returns the result, as JSON. What it throws is the client's error; a `code` on it goes along. */
export type Tool = (input: unknown, context: JobContext) => unknown;
export type Tools = Readonly<Record<string, Tool>>;

export interface ServeOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of what could not be said to the hub (default: nobody). */
  readonly onError?: ((cause: unknown) => void) | undefined;
}

interface Word {
  readonly tool?: unknown;
  readonly cancel?: unknown;
}

export async function serve(hub: HubClient, tools: Tools, { signal, onError }: ServeOptions): Promise<void> {
  const running = new Map<number, AbortController>();
  const taken = new Set<number>();
  const take = (request: Message) => {
    if (request.kind !== 'task_request' || request.to_agent !== hub.agentId || taken.has(request.id)) return;
    taken.add(request.id);
    const stop = new AbortController();
    running.set(request.id, stop);
    void perform(hub, tools, request, stop.signal)
      .catch((cause) => onError?.(cause))
      .finally(() => running.delete(request.id));
  };
  // Subscribed before it looks, so that nothing falls between.
  const subscription = hub.subscribe();
  const forget = onAbort(signal, () => void subscription.close());
  try {
    for (const { task_id } of await hub.operation('tasks.list', { status: 'open' })) {
      const request = await hub.operation('messages.get', { id: task_id }).catch(orNothing);
      if (request !== undefined) take(request);
    }
    for await (const message of subscription) {
      take(message);
      const isCancel = wordOf(message).cancel !== undefined && typeof message.reply_to === 'number';
      if (isCancel) running.get(Number(message.reply_to))?.abort();
    }
  } finally {
    forget();
    for (const stop of running.values()) stop.abort();
  }
}

async function perform(hub: HubClient, tools: Tools, request: Message, signal: AbortSignal): Promise<void> {
  const thread_id = request.thread_id ?? undefined;
  const to = { to_agent: request.from_agent, thread_id, reply_to: request.id };
  const event = async (kind: string, body: Readonly<Record<string, unknown>>) => {
    await hub.post('direct', kind, { ...to, metadata: { arcp: { kind, body } } });
  };
  const context: JobContext = {
    request,
    signal,
    event,
    progress: (current, total, message) => event('progress', { current, total, message }),
    log: (level, message, attributes) => event('log', { level, message, attributes }),
    metric: (name, value, unit) => event('metric', { name, value, unit }),
    stream: async (text) => {
      await hub.post('direct', text, to);
    },
  };
  const end = async (body: string, arcp?: object) => {
    await hub.post('direct', body, { ...to, kind: 'task_result', ...(arcp && { metadata: { arcp } }) });
  };
  const asked = String(wordOf(request).tool ?? hub.agentId ?? '').replace(/^cap\./, '');
  const tool = Object.hasOwn(tools, asked) ? tools[asked] : tools['*'];
  if (tool === undefined) {
    return end(`nothing here is called ${asked}`, {
      error: { code: 'NOT_FOUND', message: `nothing here is called ${asked}` },
    });
  }
  try {
    const result = await tool(inputOf(request.body), context);
    await (signal.aborted ? end('cancelled', { cancelled: true }) : end(JSON.stringify(result ?? null)));
  } catch (cause) {
    if (signal.aborted) return end('cancelled', { cancelled: true });
    const message = cause instanceof Error && cause.message !== '' ? cause.message : String(cause);
    const code = (cause as { code?: unknown } | null)?.code;
    await end(message, { error: { message, ...(typeof code === 'string' && { code }) } });
  }
}

const wordOf = ({ metadata }: Message): Word => {
  const { arcp } = metadata as { arcp?: Word | null };
  return arcp ?? {};
};

function inputOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/** A request of somebody else's, which this agent may not see. */
function orNothing(cause: unknown): undefined {
  if (cause instanceof HubError && cause.code === 'not_found') return undefined;
  throw cause;
}
