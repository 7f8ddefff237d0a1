/**
 * The one way of a prompt, whoever has sent it: its agent, its model, its turn, the backend, a line in the log, the outcome
 * (dispatch §3).
 */
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import type { Answer, Ground, Progress, Run } from '../backends/backend.js';
import { backendFor } from '../backends/table.js';
import type { Config } from '../config/config.js';
import { checkWorkspace } from '../config/home.js';
import { DispatchError, type FailureCode } from '../errors.js';
import { appendLine, type RoutingRecord } from '../logs/json-lines.js';
import { type Agent, dispatchTypeOf, INLINE_AGENT, inlineAgent } from '../personas/agent.js';
import { resolveModel } from '../personas/model.js';
import { loadAgent } from '../personas/store.js';
import { GitPulls } from './git.js';
import { Spending } from './spending.js';
import { Turns } from './turns.js';

export type Source = 'cli' | 'discord' | 'cron' | 'hub';

export interface InlineSpec {
  readonly model: string;
  readonly workspace: string;
  readonly system_prompt?: string | undefined;
}

export interface Prompt {
  readonly prompt: string;
  readonly agent?: string | undefined;
  /** Instead of an agent's file. */
  readonly inline?: InlineSpec | undefined;
  readonly model?: string | null | undefined;
  readonly source?: Source | undefined;
  /** Of Discord or the hub: its conversation has a named session. */
  readonly thread_id?: string | undefined;
  readonly channel_id?: string | undefined;
  /** A named session of acpx, as it is. */
  readonly session?: string | undefined;
  readonly timeout_s?: number | undefined;
  readonly request_id?: string | undefined;
}

export interface PromptOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly onQuestion?: Run['onQuestion'];
  /** Called when its turn has come, before anything is run. What it throws is the outcome. */
  readonly onStart?: (() => Promise<void> | void) | undefined;
}

export interface Outcome {
  readonly status: 'ok' | 'error';
  readonly result?: string;
  readonly error?: string;
  readonly code?: FailureCode;
  readonly model: string;
  readonly dispatch_type: string;
  readonly duration_ms: number;
  readonly request_id: string;
  readonly session?: string | undefined;
  readonly tokens_in?: number | undefined;
  readonly tokens_out?: number | undefined;
}

/** What is under way, for status and the dashboard. */
export interface Running {
  readonly request_id: string;
  readonly agent: string;
  readonly model: string;
  readonly source: Source;
  readonly started_at: string;
  /** False while it waits for its turn. */
  state: 'waiting' | 'running';
  progress?: string | undefined;
}

const MAX_RUNNING = 64;
const MAX_PROMPT_BYTES = 8 * 1024 * 1024;
const SESSION_NAME = /^[A-Za-z0-9][\w.:@-]{0,199}$/;
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

export class Dispatcher {
  #ground: Ground;
  readonly #turns = new Turns();
  readonly #pulls = new GitPulls();
  readonly #spending: Spending;
  readonly #running = new Map<string, Running & { readonly stop: AbortController }>();
  /** Models that a Discord channel was set to. */
  readonly overrides = new Map<string, string>();

  constructor(ground: Ground) {
    this.#ground = ground;
    this.#spending = new Spending(ground.home.routingLog, ground.clock);
  }

  get ground(): Ground {
    return this.#ground;
  }

  get running(): Running[] {
    return [...this.#running.values()].map(({ stop: _, ...shown }) => shown);
  }

  /** Prompts from now on follow another configuration. */
  configure(config: Config): void {
    this.#ground = { ...this.#ground, config };
  }

  /** False when nothing of that id is under way. */
  cancel(requestId: string): boolean {
    const found = this.#running.get(requestId);
    found?.stop.abort();
    return found !== undefined;
  }

  /** Ends all that is under way. */
  cancelAll(): void {
    for (const { stop } of this.#running.values()) stop.abort();
  }

  /** Never rejects: what goes wrong is an outcome. */
  async dispatch(prompt: Prompt, options: PromptOptions = {}): Promise<Outcome> {
    const started = this.#ground.clock.monotonicMs();
    const request_id = prompt.request_id ?? randomUUID();
    const facts: Facts = { request_id, agent: prompt.agent ?? INLINE_AGENT, model: prompt.model ?? '', type: '' };
    let outcome: Pick<Outcome, 'status' | 'result' | 'error' | 'code' | 'tokens_in' | 'tokens_out'>;
    try {
      const { text, tokensIn, tokensOut } = await this.#run(prompt, facts, options);
      outcome = { status: 'ok', result: text, tokens_in: tokensIn, tokens_out: tokensOut };
    } catch (cause) {
      const { code, message } = DispatchError.from(cause);
      outcome = { status: 'error', error: message, code };
    }
    const duration_ms = Math.round(this.#ground.clock.monotonicMs() - started);
    const whole = { ...outcome, model: facts.model, dispatch_type: facts.type, duration_ms, request_id };
    const answer = facts.session === undefined ? whole : { ...whole, session: facts.session };
    // A name that is no agent's has no line of its own: it may be anything.
    if (facts.type !== '') this.#log(prompt, facts, answer);
    return answer;
  }

  async #run(prompt: Prompt, facts: Facts, options: PromptOptions): Promise<Answer> {
    checkPrompt(prompt);
    if (this.#running.size >= MAX_RUNNING) {
      throw new DispatchError('busy', `busy: ${MAX_RUNNING} prompts are under way`);
    }
    if (this.#running.has(facts.request_id)) {
      throw new DispatchError('bad_request', `request_id ${facts.request_id} is under way already`);
    }
    const stop = new AbortController();
    const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
    const agent = this.#agentOf(prompt);
    const override = prompt.channel_id === undefined ? undefined : this.overrides.get(prompt.channel_id);
    facts.agent = agent.name;
    facts.type = dispatchTypeOf(prompt.model || agent.model);
    facts.type = dispatchTypeOf(prompt.model || agent.model);
    facts.model = resolveModel(agent, prompt.model, override);
    facts.type = dispatchTypeOf(facts.model);
    if (facts.type !== 'ollama') facts.session = sessionOf(prompt, agent);
    const { clock, home } = this.#ground;
    // A model without tools touches no file.
    if (facts.type !== 'ollama') checkWorkspace(agent.workspace, home);
    checkFolder(agent);
    this.#spending.begin(agent);
    const running: Running & { stop: AbortController } = {
      request_id: facts.request_id,
      agent: agent.name,
      model: facts.model,
      source: prompt.source ?? 'cli',
      started_at: new Date(clock.nowMs()).toISOString(),
      state: 'waiting',
      stop,
    };
    this.#running.set(facts.request_id, running);
    const ends: (() => void)[] = [];
    try {
      if (facts.session !== undefined) ends.push(await this.#turns.take(`${agent.name}\n${facts.session}`, 1, signal));
      ends.push(await this.#turns.take(agent.name, agent.max_concurrency, signal));
      await options.onStart?.();
      running.state = 'running';
      await this.#pulls.pull(agent, this.#ground, signal);
      return await backendFor(facts.model).run({
        ground: this.#ground,
        agent,
        model: facts.model,
        prompt: prompt.prompt,
        session: facts.session,
        timeoutSec: timeoutOf(prompt, agent, facts.type, this.#ground.config),
        signal,
        onProgress: options.onProgress && ((progress) => this.#progress(running, progress, options)),
        onQuestion: options.onQuestion,
      });
    } finally {
      for (const end of ends) end();
      this.#running.delete(facts.request_id);
    }
  }

  #agentOf({ agent, inline }: Prompt): Agent {
    if (inline !== undefined) return inlineAgent(inline);
    if (!agent) throw new DispatchError('bad_request', 'No agent specified.');
    return loadAgent(this.#ground.home, agent, this.#ground.warn);
  }

  #progress(running: Running, progress: Progress, { onProgress }: PromptOptions): void {
    running.progress = progress.text;
    onProgress?.(progress);
  }

  #log(prompt: Prompt, facts: Facts, outcome: Outcome): void {
    const { config, clock, home, warn } = this.#ground;
    if (!config.logging.log_routing) return;
    const { status, error, duration_ms, request_id, tokens_in, tokens_out, result } = outcome;
    const record: RoutingRecord = {
      timestamp: new Date(clock.nowMs()).toISOString(),
      agent: facts.agent,
      model: facts.model,
      dispatch_type: facts.type,
      source: prompt.source ?? 'cli',
      one_shot: facts.session === undefined,
      prompt_preview: preview(prompt.prompt, config.logging.preview_chars),
      ...{ status, error, duration_ms, request_id, session: facts.session, tokens_in, tokens_out },
      bytes_out: result === undefined ? undefined : Buffer.byteLength(result),
    };
    try {
      appendLine(home.routingLog, record, config.logging);
    } catch (cause) {
      warn(`${home.routingLog} cannot be written: ${(cause as Error).message}`);
    }
  }
}

interface Facts {
  readonly request_id: string;
  agent: string;
  model: string;
  /** Empty until the agent is known. */
  type: string;
  session?: string | undefined;
}

/** The first characters of a text, whole ones. */
export const preview = (text: string, chars: number) => [...text.slice(0, chars * 2)].slice(0, chars).join('');

function checkPrompt({ prompt, session, request_id }: Prompt): void {
  if (prompt.trim() === '') throw new DispatchError('bad_request', 'the prompt is empty');
  if (Buffer.byteLength(prompt) > MAX_PROMPT_BYTES) {
    throw new DispatchError('bad_request', `the prompt has more than ${MAX_PROMPT_BYTES} bytes`);
  }
  if (session !== undefined && !SESSION_NAME.test(session)) {
    throw new DispatchError('bad_request', 'session: letters, digits and ._:@-, at most 200, the first no sign');
  }
  if (request_id !== undefined && !REQUEST_ID.test(request_id)) {
    throw new DispatchError('bad_request', 'request_id: at most 128 visible characters of ASCII');
  }
}

/** A conversation of Discord or the hub has a memory, a command line none unless it names one (dispatch §0, §17). */
function sessionOf({ session, thread_id, source }: Prompt, agent: Agent): string | undefined {
  if (session !== undefined) return session;
  if (thread_id === undefined || (source !== 'discord' && source !== 'hub')) return undefined;
  return `${agent.name}-${thread_id.replace(/[^\w.:@-]/g, '_').slice(0, 128)}`;
}

function checkFolder({ workspace, name }: Agent): void {
  if (statSync(workspace, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new DispatchError('config', `workspace ${workspace} of agent ${name} is not a folder`);
}

export function timeoutOf({ timeout_s }: Prompt, agent: Agent, type: string, { timeouts }: Config): number {
  return timeout_s ?? agent.timeout ?? (type === 'ollama' ? timeouts.ollama_request : timeouts.acpx_request);
}
