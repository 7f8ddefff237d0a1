/**
 * A real hub for a test: the built `dist/cli/main.js` in a process of its own, on a free port and a real file.
 *
 *     await using hub = await startHub();
 *     await fetch(`${hub.url}/v1/channels`);
 *
 * The folder made for it is removed when it is disposed of. `npm test` builds first; to run another build, put the
 * path of its `main.js` in the environment variable `HUB_UNDER_TEST`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The command under test; run it as `node HUB_MAIN …`. */
export const HUB_MAIN = process.env.HUB_UNDER_TEST ?? fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** A loaded machine may take this long to start a process or to end one; a hub that needs it is not fast, but works. */
const PATIENCE_MS = 20_000;

export interface HubOptions {
  /** The database file; by default a new one in the hub's own folder. A file given here is not removed at the end. */
  storage?: string;
  /** Further arguments of `serve`, after those that `startHub` gives. */
  args?: readonly string[];
  /** Further environment variables. `ARC_…` variables of the caller are not inherited. */
  env?: Readonly<Record<string, string>>;
  /** A fixed port instead of a free one, for a hub that must come back where its clients look for it. */
  port?: number;
}

/** What `serve` prints on stdout, on one line, when it is ready. */
export interface ReadyLine {
  ready: true;
  url: string;
  host: string;
  port: number;
  /** Path of the Unix socket, if there is one. */
  socket?: string;
  /** Of the TLS key, if there is one. */
  fingerprint?: string;
  pid: number;
  instance_id: string;
  storage_path: string;
}

// A test that is torn down by its runner never disposes of anything; no hub may outlive it.
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class HubProcess implements AsyncDisposable {
  /** The folder made for this hub: its database unless one was given, and its spool. */
  readonly folder: string;
  readonly storage: string;
  readonly #options: HubOptions;
  #child: ChildProcess | undefined;
  #ready: ReadyLine | undefined;
  #stdout = '';
  #stderr = '';

  constructor(folder: string, options: HubOptions) {
    this.folder = folder;
    this.storage = options.storage ?? join(folder, 'arc.sqlite3');
    this.#options = options;
  }

  /** The line with which the running process said it was ready; after `restart()`, the new one. */
  get ready(): ReadyLine {
    if (this.#ready === undefined) throw new Error('the hub is not running');
    return this.#ready;
  }

  /** `http://host:port`, without a slash at the end. */
  get url(): string {
    return this.ready.url;
  }

  /** The address of the WebSocket door. */
  get wsUrl(): string {
    return `${this.url.replace(/^http/, 'ws')}/v1/ws`;
  }

  get port(): number {
    return this.ready.port;
  }

  get pid(): number {
    return this.ready.pid;
  }

  get instance_id(): string {
    return this.ready.instance_id;
  }

  /** All that the processes of this hub have written on stdout and on stderr, over all restarts. */
  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** Starts the process; rejects with its stderr when it ends before it is ready. `startHub` has done this. */
  async start(port = this.#options.port ?? 0): Promise<void> {
    if (this.#child !== undefined) throw new Error('the hub is running already');
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ARC_')));
    const child = spawn(
      process.execPath,
      [
        HUB_MAIN,
        'serve',
        '--port',
        String(port),
        '--storage',
        this.storage,
        '--spool-dir',
        join(this.folder, 'spool'),
        ...(this.#options.args ?? []),
      ],
      { cwd: this.folder, env: { ...env, ...this.#options.env }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#child = child;
    running.add(child);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    child.once('close', () => {
      running.delete(child);
      if (this.#child === child) {
        this.#child = undefined;
        this.#ready = undefined;
      }
    });
    const said = this.#stderr.length;
    this.#ready = await new Promise<ReadyLine>((resolve, reject) => {
      let line = '';
      const fail = (what: string) => reject(new Error(`${what}\n${this.#stderr.slice(said)}`));
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        fail(`the hub was not ready within ${PATIENCE_MS} ms`);
      }, PATIENCE_MS);
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        this.#stdout += text;
        if (line.includes('\n')) return;
        line += text;
        if (!line.includes('\n')) return;
        clearTimeout(timer);
        try {
          resolve(JSON.parse(line.slice(0, line.indexOf('\n'))) as ReadyLine);
        } catch {
          fail(`the hub's first line is not JSON: ${line}`);
        }
      });
      child.once('error', reject);
      child.once('close', (code, signal) => {
        clearTimeout(timer);
        fail(`the hub ended before it was ready (${signal ?? `exit code ${code}`})`);
      });
    });
  }

  /** Ends the process by `signal` and waits until it is gone; null when a signal, not the hub itself, ended it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) return null;
    const closed = once(child, 'close');
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    child.kill(signal);
    await closed;
    clearTimeout(timer);
    return child.exitCode;
  }

  /** The crash: SIGKILL, with nothing flushed, said or tidied by the hub. */
  async kill(): Promise<void> {
    await this.stop('SIGKILL');
  }

  /** Starts again on the same file and spool, after `stop` or `kill` (a hub still running is stopped first). */
  async restart(options: { port?: number } = {}): Promise<void> {
    await this.stop();
    await this.start(options.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Starts a hub and resolves when it has said that it is ready.
 *
 * @throws {Error} with the hub's stderr in its message, when the process ends before that
 */
export async function startHub(options: HubOptions = {}): Promise<HubProcess> {
  if (!existsSync(HUB_MAIN)) throw new Error(`${HUB_MAIN} is missing: run \`npm run build\` first`);
  const hub = new HubProcess(await mkdtemp(join(tmpdir(), 'arc-hub-')), options);
  try {
    await hub.start();
  } catch (cause) {
    await hub[Symbol.asyncDispose]();
    throw cause;
  }
  return hub;
}
