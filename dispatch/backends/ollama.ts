/** Servers that speak OpenAI's chat completions, as Ollama does (dispatch §7). No sessions, no tools. */
import { Agent as Connections, request } from 'undici';
import type { Config, Endpoint } from '../config/config.js';
import { DispatchError } from '../errors.js';
import { referenceFiles, systemPrompt } from '../personas/prompt.js';
import { type Answer, type Backend, type Health, MAX_OUTPUT_BYTES, type Run } from './backend.js';

const MAX_CONTEXT_BYTES = 256 * 1024;
const CHECK_MS = 3_000;
const MAX_ERROR_CHARS = 500;

/** Times are kept here, not by the connection: a model may think for longer than a web server. */
const connections = new Connections({ headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 1_000 });

export const ollama: Backend = {
  type: 'ollama',
  run: ask,
  check: ({ config, env }, signal) =>
    Promise.all(
      Object.entries(config.ollama.endpoints).map(([name, endpoint]) => checkEndpoint(name, endpoint, env, signal)),
    ),
};

export interface Route {
  readonly endpoint: Endpoint;
  readonly model: string;
}

/** `ollama/<model>` or `ollama/<endpoint>/<model>`. @throws {DispatchError} `config` */
export function routeOf(model: string, { ollama: { endpoints } }: Pick<Config, 'ollama'>): Route {
  const rest = model.replace(/^ollama\//, '');
  const cut = rest.indexOf('/');
  if (cut === -1) {
    const { local } = endpoints;
    if (local === undefined) throw new DispatchError('config', "No 'local' Ollama endpoint configured.");
    return { endpoint: local, model: rest };
  }
  const [name, own] = [rest.slice(0, cut), rest.slice(cut + 1)];
  const endpoint = Object.hasOwn(endpoints, name) ? endpoints[name] : undefined;
  if (endpoint !== undefined && own !== '') return { endpoint, model: own };
  const names = Object.keys(endpoints).join(', ');
  const hint = own === '' ? '' : ` For a model called ${rest}, write ollama/<endpoint>/${rest}.`;
  throw new DispatchError('config', `Unknown Ollama endpoint '${name}'. Configured: ${names}.${hint}`);
}

interface ChatMessage {
  readonly role: 'system' | 'user';
  readonly content: string;
}

/** @throws {DispatchError} `config`: more than 256 KiB; the text names the largest file */
export function messagesOf({ agent, ground, prompt }: Pick<Run, 'agent' | 'ground' | 'prompt'>): ChatMessage[] {
  const system = systemPrompt(agent, ground.warn);
  const files = referenceFiles(agent, ground.warn);
  const blocks = files.map(({ name, text }) => `--- ${name} ---\n${text}`).join('\n\n');
  const messages: ChatMessage[] = [
    ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
    ...(files.length === 0 ? [] : [{ role: 'system' as const, content: `Reference files:\n\n${blocks}` }]),
    { role: 'user', content: prompt },
  ];
  const bytes = messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  if (bytes <= MAX_CONTEXT_BYTES) return messages;
  const parts = [
    ...files.map(({ name, text }) => ({ name, bytes: Buffer.byteLength(text) })),
    { name: 'the system prompt', bytes: Buffer.byteLength(system ?? '') },
    { name: 'the prompt', bytes: Buffer.byteLength(prompt) },
  ];
  const largest = parts.reduce((most, part) => (part.bytes > most.bytes ? part : most));
  const text = `the context has ${bytes} bytes and may have ${MAX_CONTEXT_BYTES}; the largest part is ${largest.name}`;
  throw new DispatchError('config', `${text} (${largest.bytes} bytes)`);
}

async function ask(run: Run): Promise<Answer> {
  const { ground, timeoutSec } = run;
  const { endpoint, model } = routeOf(run.model, ground.config);
  const body = JSON.stringify({ model, messages: messagesOf(run), stream: false });
  const timeout = new AbortController();
  const timer = ground.clock.after(timeoutSec * 1_000, () => timeout.abort());
  try {
    const signal = AbortSignal.any([timeout.signal, run.signal]);
    const answer = await request(`${endpoint.url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headersOf(endpoint, ground.env) },
      body,
      signal,
      dispatcher: connections,
    });
    const text = await bounded(answer.body);
    if (answer.statusCode >= 300) throw new DispatchError('backend', refusal(answer.statusCode, text));
    return answerOf(text);
  } catch (cause) {
    if (cause instanceof DispatchError) throw cause;
    if (timeout.signal.aborted) throw new DispatchError('timeout', `Ollama timed out after ${timeoutSec}s`);
    if (run.signal.aborted) throw new DispatchError('cancelled', 'cancelled');
    throw new DispatchError('backend', connectionFailure(endpoint.url, cause));
  } finally {
    timer.cancel();
  }
}

function headersOf({ api_key_env, headers }: Endpoint, env: NodeJS.ProcessEnv): Record<string, string> {
  if (api_key_env === undefined) return { ...headers };
  const key = env[api_key_env];
  if (!key) throw new DispatchError('config', `${api_key_env} is not set: put it into .env`);
  return { ...headers, authorization: `Bearer ${key}` };
}

async function bounded(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_OUTPUT_BYTES) {
      throw new DispatchError('backend', `Ollama answered more than ${MAX_OUTPUT_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const refusal = (status: number, text: string) =>
  status < 400
    ? `Ollama returned HTTP ${status}: it names another address, which is not followed`
    : `Ollama returned HTTP ${status}: ${text.trim().slice(0, MAX_ERROR_CHARS)}`;

interface Completion {
  readonly choices?: readonly { readonly message?: { readonly content?: unknown } }[];
  readonly usage?: { readonly prompt_tokens?: unknown; readonly completion_tokens?: unknown };
}

function answerOf(text: string): Answer {
  let completion: Completion | null;
  try {
    completion = JSON.parse(text);
  } catch {
    throw new DispatchError('backend', `Ollama answered no JSON: ${text.trim().slice(0, 200)}`);
  }
  const content = completion?.choices?.[0]?.message?.content;
  if (typeof content !== 'string') {
    throw new DispatchError('backend', 'Ollama answered without a text (choices[0].message.content)');
  }
  const { prompt_tokens, completion_tokens } = completion?.usage ?? {};
  return { text: content, tokensIn: counted(prompt_tokens), tokensOut: counted(completion_tokens) };
}

const counted = (value: unknown) => (Number.isSafeInteger(value) ? (value as number) : undefined);

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']);

function connectionFailure(url: string, cause: unknown): string {
  const { code, message } = cause as { code?: string; message?: string };
  const isAway = UNREACHABLE.has(code ?? '') || code === 'UND_ERR_CONNECT_TIMEOUT';
  if (isAway) return `Cannot connect to Ollama at ${url}. Is Ollama running?`;
  return `The connection to Ollama at ${url} was lost: ${message ?? String(cause)}`;
}

/** `GET` of the base URL without `/v1`, as Ollama answers it. */
async function checkEndpoint(
  name: string,
  endpoint: Endpoint,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Health> {
  const [what, url] = [`ollama:${name}`, endpoint.url.replace(/\/v1$/, '')];
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(CHECK_MS)]);
    const { statusCode, body } = await request(url, {
      headers: headersOf(endpoint, env),
      signal: limit,
      dispatcher: connections,
    });
    await body.dump();
    return { what, ok: statusCode === 200, detail: statusCode === 200 ? url : `${url} returned HTTP ${statusCode}` };
  } catch (cause) {
    const isConfig = cause instanceof DispatchError;
    return { what, ok: false, detail: isConfig ? cause.message : connectionFailure(endpoint.url, cause) };
  }
}
