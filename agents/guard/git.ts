import { execFileSync } from 'node:child_process';
import { CommandError } from '../../cli/command.js';

/** Runs git here. @throws {CommandError} with what git said */
export function git(...words: string[]): string {
  try {
    return execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
  } catch (cause) {
    const { stderr, message } = cause as { stderr?: string; message: string };
    throw new CommandError(stderr?.trim() || message);
  }
}

/** A setting that is on or off; undefined when it is neither. */
export function setting(name: string): string | undefined {
  try {
    return git('config', '--type=bool', '--get', name).trim();
  } catch {
    return undefined;
  }
}
