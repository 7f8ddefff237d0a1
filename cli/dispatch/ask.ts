/** `arc ask`: from the words of a command line to an answer. */
import { randomUUID } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import type { Command } from 'commander';
import { CommandError } from '../../base/command-error.js';
import type { Ground } from '../../dispatch/backends/backend.js';
import { socketPath } from '../../dispatch/config/config.js';
import { callDaemon } from '../../dispatch/ipc/client.js';
import { loadAgent } from '../../dispatch/personas/store.js';
import { Dispatcher, type Outcome, type Prompt } from '../../dispatch/run/dispatcher.js';
import { write, writeJson } from '../output.js';
import { complain, groundOf, wantsJson, writeForeign } from './command.js';

interface AskFlags {
  agent?: string;
  model?: string;
  session?: string;
  timeout?: number;
  pretty?: boolean;
}

export async function ask(command: Command): Promise<number> {
  const { agent, model, session, timeout, pretty } = command.opts<AskFlags>();
  if (agent === undefined && model === undefined) throw new CommandError('name whom to ask: --agent, or --model');
  const ground = await groundOf(command);
  // A name that is nobody's is told before anything is read or started.
  if (agent !== undefined) loadAgent(ground.home, agent);
  const prompt: Prompt = {
    ...{ prompt: await promptText(command.args[0]), source: 'cli', session, timeout_s: timeout },
    ...(agent === undefined ? { inline: { model: String(model), workspace: process.cwd() } } : { agent, model }),
  };
  const outcome =
    (await throughDaemon(ground, prompt)) ??
    (await throughStarted(ground, prompt)) ??
    (await dispatchHere(new Dispatcher(ground), prompt));
  return answered(outcome, {
    pretty: pretty === true,
    json: wantsJson(command),
  });
}

/** What came by stdin, a blank line, what the command line says. */
async function promptText(argument = ''): Promise<string> {
  const piped = hasInput() ? (await readAll(process.stdin)).trim() : '';
  const parts = [piped, argument.trim()].filter((part) => part !== '');
  if (parts.length === 0) throw new CommandError('provide a prompt argument or pipe text via stdin');
  return parts.join('\n\n');
}

/** A terminal, `/dev/null` and a closed stdin hold no prompt. */
function hasInput(): boolean {
  try {
    return !fstatSync(0).isCharacterDevice();
  } catch {
    return false;
  }
}

const SPARE_SEC = 15;

/** Undefined when no daemon is there. What it has taken is never run here as well. */
async function throughDaemon(ground: Ground, prompt: Prompt): Promise<Outcome | undefined> {
  const { clock, config, home } = ground;
  const agent = prompt.agent === undefined ? undefined : loadAgent(home, prompt.agent);
  const { acpx_request, ollama_request, ipc_connect } = config.timeouts;
  const replySec = SPARE_SEC + (prompt.timeout_s ?? agent?.timeout ?? Math.max(acpx_request, ollama_request));
  const request = { ...prompt, request_id: randomUUID() };
  const call = (body: object) =>
    callDaemon(socketPath(home, config), body, { clock, connectSec: ipc_connect, replySec });
  const stop = () => void call({ op: 'cancel', request_id: request.request_id }).catch(() => undefined);
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return ((await call(request)) as Outcome | null) ?? undefined;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** By a daemon that is started for it and stays, where the home wants one. */
async function throughStarted(ground: Ground, prompt: Prompt): Promise<Outcome | undefined> {
  if (!ground.config.daemon.auto_start) return undefined;
  const { begin } = await import('./daemon.js');
  return (await begin(ground)) ? throughDaemon(ground, prompt) : undefined;
}

/** In this process; Ctrl+C ends the backend with all that it started. */
async function dispatchHere(dispatcher: Dispatcher, prompt: Prompt): Promise<Outcome> {
  const stop = () => dispatcher.cancelAll();
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await dispatcher.dispatch(prompt);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

function answered(outcome: Outcome, { pretty, json }: { pretty: boolean; json: boolean }): number {
  const { status, result = '', error = '', dispatch_type, model } = outcome;
  if (json) writeJson(outcome);
  else if (status === 'error') complain('Error', error);
  else {
    if (pretty) write(`\n[${dispatch_type} / ${model}]\n`);
    writeForeign(result);
  }
  return status === 'ok' ? 0 : 1;
}
