/** A client of ARCP that knows nothing but frames, and an executor that does what its input says. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { HubClient } from '../../client/index.js';
import { until } from '../support/until.js';

export interface Frame {
  arcp: string;
  id: string;
  type: string;
  session_id?: string;
  job_id?: string;
  correlation_id?: string;
  event_seq?: number;
  // Each test knows what it has asked for.
  // biome-ignore lint/suspicious/noExplicitAny: payloads are looked into freely
  payload: any;
  [field: string]: unknown;
}

let count = 0;

export class RawClient implements AsyncDisposable {
  readonly frames: Frame[] = [];
  readonly ws: WebSocket;
  sessionId: string | undefined;
  readonly arcp: string;
  closed: { code: number } | undefined;

  private constructor(ws: WebSocket, arcp: string) {
    this.ws = ws;
    this.arcp = arcp;
    ws.on('message', (data) => this.frames.push(JSON.parse(String(data)) as Frame));
    ws.on('close', (code) => {
      this.closed = { code };
    });
    ws.on('error', () => undefined);
  }

  static async connect(hubUrl: string, arcp = '1.0'): Promise<RawClient> {
    const ws = new WebSocket(`${hubUrl.replace(/^http/, 'ws')}/arcp`);
    const client = new RawClient(ws, arcp);
    await once(ws, 'open');
    return client;
  }

  /** @returns the id that it was sent under */
  send(type: string, payload: unknown = {}, fields: Record<string, unknown> = {}): string {
    const id = `c_${++count}`;
    const session = this.sessionId === undefined ? {} : { session_id: this.sessionId };
    this.ws.send(JSON.stringify({ arcp: this.arcp, id, type, ...session, payload, ...fields }));
    return (fields.id as string | undefined) ?? id;
  }

  of(type: string): Frame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  next(what: (frame: Frame) => boolean, from = 0): Promise<Frame> {
    return until(() => this.frames.slice(from).find(what), { what: `a frame ${what.toString()}` });
  }

  /** Sends, and waits for what correlates. */
  async ask(type: string, payload: unknown = {}, fields: Record<string, unknown> = {}): Promise<Frame> {
    const id = this.send(type, payload, fields);
    return this.next((frame) => frame.correlation_id === id);
  }

  async open(token?: string, capabilities: object = {}): Promise<Frame> {
    const auth = token === undefined ? { scheme: 'none' } : { scheme: 'bearer', token };
    const client = { kind: 'test', version: '1', principal: 'tess' };
    const answer = await this.ask('session.open', { auth, client, capabilities: { anonymous: true, ...capabilities } });
    this.sessionId = answer.session_id;
    return answer;
  }

  async hello(features = ALL, more: object = {}): Promise<Frame> {
    this.send('session.hello', { client: { name: 'tess', version: '1' }, capabilities: { features }, ...more });
    const answer = await this.next(({ type }) => type === 'session.welcome' || type === 'session.error');
    this.sessionId = answer.session_id;
    return answer;
  }

  async gone(): Promise<number> {
    return (await until(() => this.closed)).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ws.terminate();
    if (this.closed === undefined) await once(this.ws, 'close');
  }
}

export const ALL = ['heartbeat', 'ack', 'list_jobs', 'subscribe', 'progress', 'agent_versions'];

/** What a request tells the executor to do, step by step. */
interface Script {
  say?: (string | { kind: string; body: object })[];
  result?: unknown;
  error?: { code?: string; message: string };
  hold?: boolean;
  deaf?: boolean;
}

/** An agent on the native WebSocket; `held` lets its held jobs go on. */
export async function executor(wsUrl: string, name: string, token?: string) {
  const hub = await HubClient.connect(name, {
    baseUrl: wsUrl.replace(/^ws(.*)\/v1\/ws$/, 'http$1'),
    ...(token && { token }),
    metadata: { versions: ['1', '2'] },
  });
  const seen: number[] = [];
  const held: (() => Promise<void>)[] = [];
  const run = (async () => {
    const wishes = new Map<string, { from: string; id: number; wish: Script }>();
    for await (const message of hub.subscribe()) {
      const thread_id = message.thread_id ?? undefined;
      const end = async (body: string, arcp?: object) => {
        const known = wishes.get(thread_id ?? '');
        if (known === undefined) return;
        await hub.post('direct', body, {
          kind: 'task_result',
          to_agent: known.from,
          reply_to: known.id,
          thread_id,
          ...(arcp && { metadata: { arcp } }),
        });
      };
      if (message.kind === 'notice' && message.metadata.arcp !== undefined) {
        if (!wishes.get(thread_id ?? '')?.wish.deaf) await end('stopped', { cancelled: true });
        continue;
      }
      if (message.kind !== 'task_request') continue;
      seen.push(message.id);
      const input = JSON.parse(message.body) as Script | { task: Script };
      const wish = 'task' in input ? input.task : input;
      wishes.set(thread_id ?? '', { from: message.from_agent, id: message.id, wish });
      for (const say of wish.say ?? []) {
        const [body, metadata] = typeof say === 'string' ? [say, {}] : [say.kind, { metadata: { arcp: say } }];
        await hub.post('direct', body, { to_agent: message.from_agent, thread_id, ...metadata });
      }
      const finish = () =>
        wish.error ? end(wish.error.message, { error: wish.error }) : end(JSON.stringify(wish.result ?? null));
      if (wish.deaf) continue;
      if (wish.hold) held.push(finish);
      else await finish();
    }
  })();
  return {
    seen,
    held,
    [Symbol.asyncDispose]: async () => {
      await hub.close();
      await run.catch(() => undefined);
    },
  };
}
