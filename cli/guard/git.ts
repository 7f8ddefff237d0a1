import { execFileSync } from 'node:child_process';
import { CommandError } from '../command.js';

/** Runs git here. @throws {CommandError} with what git said */
export function git(...words: string[]): string {
  try {
    return execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
  } catch (cause) {
    const { stderr, message } = cause as { stderr?: string; message: string };
    throw new CommandError(stderr?.trim() || message);
  }
}
