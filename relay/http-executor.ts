/** Executes relayed requests at a hub elsewhere, by HTTP. */
import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { AS_AGENT_HEADER } from '../protocol/token.js';
import type { Execute, RelayCall } from './execution.js';
import type { HubIdentity } from './hub-file.js';
import { answerOf, type RelayAnswer } from './spool.js';

const PROBE_MS = 3_000;
/** A hub that restarts is waited for this long; the key makes the repetition safe (websocket §7). */
const PATIENCE_MS = 3_000;
const RETRY_MS = 200;
const SPARE_SEC = 5;
const MAX_ANSWER_BYTES = 256 * 2 ** 20;

export interface HttpExecutorOptions {
  /** `http://…`, or what `agent` understands. */
  baseUrl: string;
  requestTimeoutSec: number;
  /** Makes the connections, for a hub that is known by its key or listens on a Unix socket; ended with the executor. */
  agent?: Agent | undefined;
  /** Whom the hub knows the relay as. */
  token?: string | undefined;
}

export class HttpExecutor implements Disposable {
  readonly #name: string;
  readonly #url: URL;
  readonly #timeoutSec: number;
  readonly #agent: Agent;
  readonly #token: string | undefined;

  /** @throws TypeError when the URL is none */
  constructor({ baseUrl, requestTimeoutSec, agent, token }: HttpExecutorOptions) {
    this.#name = baseUrl.replace(/\/+$/, '');
    // What a request on a Unix socket is told.
    this.#url = new URL(baseUrl.startsWith('unix:') ? 'http://localhost' : baseUrl);
    this.#timeoutSec = requestTimeoutSec;
    this.#agent = agent ?? new Agent({ keepAlive: true });
    this.#token = token;
  }

  readonly execute: Execute = async (call) => {
    const giveUpMs = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await this.#once(call, Math.max(this.#timeoutSec, call.waitSec + SPARE_SEC) * 1_000);
      } catch (cause) {
        const isLate = cause instanceof TimeoutError || performance.now() > giveUpMs || call.signal.aborted;
        if (isLate) throw cause;
        await sleep(RETRY_MS);
      }
    }
  };

  /** Undefined while no hub answers. */
  readonly identify = async (): Promise<HubIdentity | undefined> => {
    try {
      const { body = '' } = await this.probe();
      const { result } = JSON.parse(body) as { result: Record<string, unknown> };
      return {
        instance_id: String(result.instance_id),
        implementation: String(result.implementation ?? ''),
        version: String(result.implementation_version ?? ''),
        url: this.#name,
      };
    } catch {
      return undefined;
    }
  };

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  /** What the hub answers to the relay itself; rejects when it cannot be reached. */
  probe(): Promise<RelayAnswer> {
    const request = { method: 'GET', path: '/v1/hub-info', body: undefined, idempotency_key: undefined };
    return this.#once({ ...request, signal: AbortSignal.timeout(PROBE_MS) }, PROBE_MS);
  }

  #once(call: Request, timeoutMs: number): Promise<RelayAnswer> {
    const { method, body, idempotency_key, signal, folder } = call;
    const headers: Record<string, string | number> = {};
    if (this.#token !== undefined) headers.Authorization = `Bearer ${this.#token}`;
    // The hub takes it for that agent alone, whatever else the relay may.
    if (this.#token !== undefined && folder !== undefined) headers[AS_AGENT_HEADER] = encodeURIComponent(folder);
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    if (body !== undefined || method !== 'GET') headers['Content-Length'] = Buffer.byteLength(body ?? '');
    if (idempotency_key !== undefined) headers['Idempotency-Key'] = latin(idempotency_key);
    // The path is a path and never a whole address, so the request goes nowhere else.
    const path = this.#url.pathname.replace(/\/+$/, '') + escaped(call.path);
    const { hostname, protocol, port } = this.#url;
    const host = hostname.replace(/^\[|\]$/g, '');
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { host, port: port || (protocol === 'https:' ? 443 : 80), method, path, headers, agent: this.#agent, signal },
        (answer) => {
          void readAll(answer).then((text) => {
            const code = header(answer, 'x-arc-error');
            const details = parse(header(answer, 'x-arc-details'));
            resolve(answerOf({ status: answer.statusCode ?? 0, text, code, details }));
          }, reject);
        },
      );
      const timer = setTimeout(() => outgoing.destroy(new TimeoutError('timed out')), timeoutMs);
      outgoing.once('close', () => clearTimeout(timer));
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }
}

type Request = Omit<RelayCall, 'waitSec' | 'folder' | 'agent_id'> & { folder?: string };

class TimeoutError extends Error {}

async function readAll(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error('the answer is too large to relay');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function header(answer: IncomingMessage, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a request line cannot hold is escaped (arc-v1 §12 E1). */
const escaped = (path: string) => path.toWellFormed().replace(/[^\x21-\x7e]/gu, (each) => encodeURIComponent(each));

/** Headers are bytes: text beyond ASCII travels as its UTF-8 bytes, and control characters not at all. */
const latin = (text: string) => Buffer.from(text.replace(/[\x00-\x1f\x7f]/g, ''), 'utf8').toString('latin1');
