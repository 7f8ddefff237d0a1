/**
 * The processes under load: the hub as its users start it, and the baselines. Each has a folder of its own for its
 * database, is ended by its pid, and leaves nothing behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Target } from './scenario.js';

export type BaselineName = 'ws-prototype' | 'http-echo' | 'ws-broadcast' | 'ws-pages';

const NO_LIMITS = ['ARC_MAX_POSTS_PER_SEC', 'ARC_MAX_POSTS_BURST', 'ARC_MAX_POSTED_BYTES_PER_MIN'];
/** A hub may have summaries of a large file to build before it is ready. */
const READY_PATIENCE_MS = 180_000;
const STOP_PATIENCE_MS = 10_000;

// A bench that is interrupted disposes of nothing; neither servers nor their files may outlive it.
const running = new Set<ChildProcess>();
const folders = new Set<string>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

export class ServerProcess implements AsyncDisposable {
  readonly target: Target;
  readonly #child: ChildProcess;
  readonly #folder: string;

  constructor(child: ChildProcess, target: Target, folder: string) {
    this.#child = child;
    this.target = target;
    this.#folder = folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stop(this.#child);
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
    folders.delete(this.#folder);
  }
}

/** Fills the database file before the server opens it. */
export type Prepare = (storage: string) => void;

export async function startBaseline(name: BaselineName, prepare?: Prepare): Promise<ServerProcess> {
  const script = fileURLToPath(new URL(`../baselines/${name}.ts`, import.meta.url));
  const folder = makeFolder();
  const storage = join(folder, 'baseline.sqlite3');
  prepare?.(storage);
  return start(['--import', import.meta.resolve('tsx'), script, storage], folder);
}

export interface HubCommand {
  /** `main.js` of the built command. */
  main: string;
  /** Flags for node itself, such as `--cpu-prof`. */
  nodeFlags: readonly string[];
}

let relayFlag: readonly string[] = ['--no-relay'];

/** @param flags of `serve`, for a hub that is to do more than the others: they leave the relay out */
export async function startHub(hub: HubCommand, prepare?: Prepare, flags?: readonly string[]): Promise<ServerProcess> {
  if (!existsSync(hub.main)) throw new Error(`${hub.main} is missing: run \`npm run build\` first`);
  const folder = makeFolder();
  const storage = join(folder, 'arc.sqlite3');
  prepare?.(storage);
  const serve = [...hub.nodeFlags, hub.main, 'serve', '--port', '0', '--storage', storage];
  if (flags !== undefined) return start([...serve, ...flags], folder);
  try {
    return await start([...serve, ...relayFlag], folder);
  } catch (cause) {
    if (!/no-relay/.test(String(cause))) throw cause;
    relayFlag = [];
    return await start(serve, folder);
  }
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'arc-bench-'));
  folders.add(folder);
  return folder;
}

/** Starts node with `args` in `folder` and waits for one line of JSON with `port` and `pid` on its stdout. */
async function start(args: readonly string[], folder: string): Promise<ServerProcess> {
  // The caller's own settings must not reach the server that is measured.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('ARC_'));
  // What is measured is what a hub can do, not what one agent may do of it. An older hub knows no such settings.
  const env = Object.fromEntries([...own, ...NO_LIMITS.map((name) => [name, '1000000000000'])]);
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  child.once('close', () => running.delete(child));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (stderr.length < 4096) stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => {
    throw new Error(`${args.join(' ')} ended with ${code} before it was ready\n${stderr}`);
  });
  const late = new Promise<never>((_resolve, reject) => {
    setTimeout(
      () => reject(new Error(`${args.join(' ')} was not ready in time\n${stderr}`)),
      READY_PATIENCE_MS,
    ).unref();
  });
  const firstLine = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
  try {
    const [line] = await Promise.race([firstLine, ended, late]);
    ended.catch(() => undefined);
    late.catch(() => undefined);
    return new ServerProcess(child, JSON.parse(line) as Target, folder);
  } catch (cause) {
    await stop(child);
    throw cause;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (!running.has(child)) return;
  const closed = once(child, 'close');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS);
  child.kill('SIGTERM');
  await closed;
  clearTimeout(timer);
}
