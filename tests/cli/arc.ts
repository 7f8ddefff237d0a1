/** Runs the built command, as a person or a script does, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HUB_MAIN } from '../support/hub-process.js';

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: Readonly<Record<string, string>>;
  /** Runs another file than the build's entry, such as an installed `arc`. */
  command?: readonly string[];
}

/** Starts it and does not wait. No `ARC_…` variable of the caller reaches it. */
export function start(words: readonly string[], { cwd, env, command }: RunOptions = {}): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('ARC_'));
  const [program, ...first] = command ?? [process.execPath, HUB_MAIN];
  return spawn(program ?? '', [...first, ...words], {
    ...(cwd !== undefined && { cwd }),
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export async function arc(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = start(words, options);
  const outcome: Outcome = { code: null, stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    outcome.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    outcome.stderr += text;
  });
  outcome.code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  return outcome;
}

/** A folder for a test. Hubs that were started in the background on a storage in it are killed with it. */
export class Folder implements AsyncDisposable {
  constructor(readonly path: string) {}

  /** A path inside it. */
  at(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  get storage(): string {
    return this.at('arc.sqlite3');
  }

  /** Runs the command in the folder. */
  arc(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return arc(words, { cwd: this.path, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (readdirSync(this.path).includes('.arc.pid')) await this.arc(['stop', '--storage', this.storage]);
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}

export async function newFolder(): Promise<Folder> {
  return new Folder(await mkdtemp(join(tmpdir(), 'arc-cli-')));
}

/** A folder that stands for a machine: its own configuration, and nobody's variables. */
export async function newMachine() {
  const folder = await newFolder();
  const env = { XDG_CONFIG_HOME: folder.at('config'), HOME: folder.at('home') };
  return Object.assign(folder, {
    env,
    run: (words: readonly string[], more: Record<string, string> = {}) =>
      folder.arc(words, { env: { ...env, ...more } }),
    credentials: folder.at('config', 'arc-hub', 'credentials.json'),
  });
}

export const json = ({ stdout }: Outcome): unknown => JSON.parse(stdout);
