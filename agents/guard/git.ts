import { execFileSync } from 'node:child_process';
import { CommandError } from '../../base/command-error.js';

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

/** The text of a setting; undefined when there is none. */
export function text(name: string): string | undefined {
  try {
    return git('config', '--type=path', '--get', name).replace(/\n$/, '') || undefined;
  } catch {
    return undefined;
  }
}
