import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Ground } from '../backends/backend.js';
import { childEnv, runChild } from '../backends/child.js';
import type { Agent } from '../personas/agent.js';
import { Turns } from './turns.js';

const TIMEOUT_MS = 30_000;

/** `git pull --ff-only` before a prompt; what fails is a warning and nothing more (dispatch §3). */
export class GitPulls {
  /** Never twice at once in one workspace. */
  readonly #turns = new Turns();

  async pull({ workspace, git_pull }: Agent, ground: Ground, signal: AbortSignal): Promise<void> {
    if (!ground.config.git.auto_pull || !git_pull || !isWorkTree(workspace)) return;
    const end = await this.#turns.take(workspace, 1, signal);
    try {
      const env = { ...childEnv(ground), GIT_TERMINAL_PROMPT: '0' };
      const options = { ground, cwd: workspace, env, timeoutMs: TIMEOUT_MS, signal, name: 'git pull' };
      const { code, stderr } = await runChild('git', ['-C', workspace, 'pull', '--ff-only'], options);
      if (code !== 0) ground.warn(`git pull in ${workspace} exited ${code}: ${stderr.slice(-300)}`);
    } catch (cause) {
      if (signal.aborted) throw cause;
      ground.warn(`git pull in ${workspace} failed: ${(cause as Error).message}`);
    } finally {
      end();
    }
  }
}

const isWorkTree = (folder: string): boolean =>
  existsSync(join(folder, '.git')) || (dirname(folder) !== folder && isWorkTree(dirname(folder)));
