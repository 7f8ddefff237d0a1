/** A spool in a folder of its own, a host on it, and a bare client that writes and reads the files itself. */
import { mkdir, mkdtemp, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RelayCall } from '../execution.js';
import { RelayHost, type RelayOptions } from '../host.js';
import { answerOf, type Executed } from '../spool.js';

export interface Answer {
  request_id: string;
  ok: boolean;
  status: number;
  body?: unknown;
  error?: string;
  code?: string;
  completed_at: string;
}

/** What a hub says to a request. */
export type FakeHub = (call: RelayCall) => Promise<Executed>;

export class Spool implements AsyncDisposable {
  readonly calls: RelayCall[] = [];
  readonly logged: string[] = [];
  readonly #hosts: RelayHost[] = [];

  private constructor(readonly path: string) {}

  static async create(): Promise<Spool> {
    return new Spool(await mkdtemp(join(tmpdir(), 'arc-spool-')));
  }

  /** A host whose hub answers with what it was asked, unless `execute` says otherwise. */
  async serve(options: Partial<Omit<RelayOptions, 'execute'>> & { execute?: FakeHub } = {}): Promise<RelayHost> {
    const echo: FakeHub = async ({ method, path, body }) => ({
      status: 200,
      text: `{"ok":true,"result":{"method":${JSON.stringify(method)},"path":${JSON.stringify(path)},"body":${body ?? 'null'}}}`,
    });
    const { execute = echo, ...others } = options;
    const note = (level: string) => (fields: object, text: string) => {
      this.logged.push(`${level}: ${text} ${JSON.stringify(fields)}`);
    };
    const host = new RelayHost({
      spoolDir: this.path,
      identify: async () => ({ instance_id: 'i', implementation: 'test', version: '0', url: undefined }),
      log: { info: note('info'), warn: note('warn'), error: note('error') },
      maxRequestBytes: 1_000_000,
      execute: async (call) => {
        this.calls.push(call);
        return answerOf(await execute(call));
      },
      ...others,
    });
    this.#hosts.push(host);
    await host.start();
    return host;
  }

  requests = (agent: string, name = '') => join(this.path, 'requests', agent, name);
  responses = (agent: string, name = '') => join(this.path, 'responses', agent, name);

  /** Puts a request there as every client does: written aside and renamed. */
  async put(agent: string, stem: string, request: unknown, mtimeSec?: number): Promise<void> {
    await mkdir(this.requests(agent), { recursive: true });
    await mkdir(this.responses(agent), { recursive: true });
    const aside = this.requests(agent, `.${stem}.tmp`);
    await writeFile(aside, typeof request === 'string' ? request : JSON.stringify(request));
    if (mtimeSec !== undefined) await utimes(aside, mtimeSec, mtimeSec);
    await rename(aside, this.requests(agent, `${stem}.json`));
  }

  get(agent: string, stem: string, path: string): Promise<void> {
    return this.put(agent, stem, { request_id: stem, agent_id: agent, method: 'GET', path, body: null });
  }

  post(agent: string, stem: string, path: string, body: unknown): Promise<void> {
    return this.put(agent, stem, { request_id: stem, agent_id: agent, method: 'POST', path, body });
  }

  /** Waits for an answer and reads it. */
  async answer(agent: string, stem: string): Promise<Answer> {
    return JSON.parse(await this.answerText(agent, stem)) as Answer;
  }

  async answerText(agent: string, stem: string): Promise<string> {
    const path = this.responses(agent, `${stem}.json`);
    const giveUpMs = performance.now() + 15_000;
    for (;;) {
      try {
        return await readFile(path, 'utf8');
      } catch (cause) {
        if (performance.now() > giveUpMs) throw new Error(`no answer to ${agent}/${stem}\n${this.logged}`, { cause });
        await sleep(5);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const host of this.#hosts) await host.stop();
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}
