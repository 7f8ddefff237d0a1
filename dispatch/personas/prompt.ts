/** What an agent is told before the prompt, from files of its workspace: one assembly for every backend (dispatch §4.2). */
import { readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { realOrWritten } from '../config/home.js';
import type { Warn } from '../config/yaml-file.js';
import { DispatchError } from '../errors.js';
import type { Agent } from './agent.js';

export interface PromptFile {
  readonly name: string;
  readonly text: string;
}

/** Files by which personas are usually described. */
export const IDENTITY_FILES = ['AGENTS.md', 'IDENTITY.md', 'SOUL.md', 'USER.md', 'TOOLS.md'] as const;

/** Undefined when there is none to send. */
export function systemPrompt(agent: Agent, warn: Warn): string | undefined {
  if (agent.system_prompt !== undefined) return agent.system_prompt || undefined;
  const files = readFiles(agent, agent.system_prompt_files, warn);
  return files.length === 0 ? undefined : files.map(({ name, text }) => `# ${name}\n\n${text}`).join('\n\n---\n\n');
}

export const referenceFiles = (agent: Agent, warn: Warn): PromptFile[] =>
  readFiles(agent, agent.local_context_files, warn);

/** @throws {DispatchError} `config`: a name leads out of the workspace */
function readFiles(agent: Agent, names: readonly string[], warn: Warn): PromptFile[] {
  const root = realOrWritten(agent.workspace);
  return names.flatMap((name) => {
    const path = realOrWritten(join(root, name));
    if (!path.startsWith(root + sep)) {
      throw new DispatchError('config', `agent ${agent.name}: ${name} is outside of its workspace ${agent.workspace}`);
    }
    try {
      return [{ name, text: readFileSync(path, 'utf8') }];
    } catch (cause) {
      warn(`agent ${agent.name}: ${name} is left out: ${(cause as Error).message}`);
      return [];
    }
  });
}
