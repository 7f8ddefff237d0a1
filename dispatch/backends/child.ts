/**
 * Child processes in process groups of their own, so that what they start ends with them (dispatch §6, §16 F17): at the
 * end of the child, at the timeout, and when the run is cancelled.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { onAbort } from '../../base/abort.js';
import { DispatchError } from '../errors.js';
import { type Ground, MAX_OUTPUT_BYTES } from './backend.js';

const GRACE_MS = 5_000;
const MAX_ERROR_CHARS = 16_384;

export interface ChildOptions {
  readonly ground: Pick<Ground, 'clock' | 'groups'>;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Runs `command` by a shell; it then has no arguments. */
  readonly shell?: boolean;
  /** In errors, such as `acpx timed out after 3s`. */
  readonly name: string;
  /** Gets each line of stdout as it comes. */
  readonly onLine?: ((line: string) => void) | undefined;
}

export interface ChildResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program is not there. */
export class MissingProgram extends Error {
  override readonly name = 'MissingProgram';
}

/**
 * Runs a program with stdin closed until it has ended, and its group with it.
 *
 * @throws {MissingProgram} @throws {DispatchError} `timeout`, `cancelled`, `backend`: more than 8 MiB of output
 */
export function runChild(command: string, args: readonly string[], options: ChildOptions): Promise<ChildResult> {
  const { ground, cwd, env, timeoutMs, signal, shell = false, name, onLine } = options;
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    return Promise.reject(new DispatchError('config', `workspace ${cwd} is not a folder`));
  }
  if (signal?.aborted) return Promise.reject(new DispatchError('cancelled', 'cancelled'));
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, shell, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const group = new ProcessGroup(child, ground);
    let failure: DispatchError | undefined;
    const end = (why: DispatchError, first: NodeJS.Signals) => {
      failure ??= why;
      group.end(first);
    };
    const timer = ground.clock.after(timeoutMs, () =>
      end(new DispatchError('timeout', `${name} timed out after ${Math.round(timeoutMs / 1_000)}s`), 'SIGTERM'),
    );
    const forget = onAbort(signal, () => end(new DispatchError('cancelled', 'cancelled'), 'SIGINT'));
    const chunks: Buffer[] = [];
    let [bytes, stderr, rest] = [0, '', ''];
    const lines = onLine && new TextDecoder();
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_OUTPUT_BYTES) {
        return end(new DispatchError('backend', `${name} wrote more than ${MAX_OUTPUT_BYTES} bytes`), 'SIGTERM');
      }
      chunks.push(chunk);
      if (lines === undefined) return;
      const parts = (rest + lines.decode(chunk, { stream: true })).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) onLine?.(line);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-MAX_ERROR_CHARS);
    });
    child.once('error', (cause: NodeJS.ErrnoException) => {
      timer.cancel();
      forget();
      reject(cause.code === 'ENOENT' ? new MissingProgram(command) : new DispatchError('backend', cause.message));
    });
    // What it has left behind holds its output open: without it the end would never be seen.
    child.once('exit', () => group.end('SIGTERM'));
    child.once('close', (code) => {
      timer.cancel();
      forget();
      if (rest !== '') onLine?.(rest);
      void group.ended.then(() =>
        failure === undefined
          ? resolve({ code, stdout: Buffer.concat(chunks).toString('utf8'), stderr: stderr.trim() })
          : reject(failure),
      );
    });
  });
}

/** The group of a child that was started `detached`. */
export class ProcessGroup {
  readonly #pid: number | undefined;
  readonly #ground: ChildOptions['ground'];
  #ending: Promise<void> | undefined;

  constructor(child: ChildProcess, ground: ChildOptions['ground']) {
    this.#pid = child.pid;
    this.#ground = ground;
    if (this.#pid !== undefined) ground.groups?.add(this.#pid);
  }

  /** Resolves when nothing of it is left, once `end` was called. */
  get ended(): Promise<void> {
    return this.#ending ?? Promise.resolve();
  }

  /** Asks with `first`, and ends what is left 5 s later by force. */
  end(first: NodeJS.Signals): void {
    this.#ending ??= this.#end(first);
  }

  async #end(first: NodeJS.Signals): Promise<void> {
    const pid = this.#pid;
    if (pid === undefined) return;
    await endGroup(pid, this.#ground.clock, first);
    this.#ground.groups?.remove(pid);
  }
}

const LOOK_MS = 20;

/** Ends all processes of a group: `first`, 5 s, SIGKILL. */
export async function endGroup(pid: number, clock: Ground['clock'], first: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const until = clock.monotonicMs() + GRACE_MS;
  if (!signalGroup(pid, first)) return;
  while (signalGroup(pid, 0)) {
    if (clock.monotonicMs() >= until && !signalGroup(pid, 'SIGKILL')) return;
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
  }
}

/** False when the group has no process left. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (cause) {
    // On macOS a group of which only the ended leader is left answers EPERM.
    return (cause as NodeJS.ErrnoException).code === 'EPERM' && process.platform !== 'darwin';
  }
}

/**
 * The environment of a coding agent: without the dispatcher's secrets, `DISCORD_*`, and tokens of the hub (dispatch §14),
 * except what `acpx.env_pass` names.
 */
export function childEnv({ env, secretNames, config }: Pick<Ground, 'env' | 'secretNames' | 'config'>) {
  const hidden = new Set([...secretNames, config.hub.token_env, config.discord.token_env, 'ARC_TOKEN']);
  const passed = new Set(config.acpx.env_pass);
  const kept = ([name]: [string, unknown]) => passed.has(name) || !(hidden.has(name) || name.startsWith('DISCORD_'));
  return Object.fromEntries(Object.entries(env).filter(kept)) as NodeJS.ProcessEnv;
}
