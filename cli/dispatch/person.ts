/** What is asked of the person at the terminal. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline/promises';
import { CommandError } from '../../base/command-error.js';

/** @throws {CommandError} nobody is at the terminal; the text names the flag that says it instead */
export async function ask(question: string, flag: string, byDefault?: string): Promise<string> {
  if (!process.stdin.isTTY) {
    if (byDefault !== undefined) return byDefault;
    throw new CommandError(`${flag} is required where nobody can be asked`);
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const hint = byDefault === undefined ? '' : ` (${byDefault})`;
    const answer = (await lines.question(`${question}${hint}: `)).trim() || byDefault;
    if (!answer) throw new CommandError(`${flag} is required`);
    return answer;
  } finally {
    lines.close();
  }
}

/** Opens a file in `$VISUAL` or `$EDITOR`, which may have arguments, and waits for its end. */
export async function edit(path: string): Promise<void> {
  const editor = process.env.VISUAL || process.env.EDITOR || 'vi';
  const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', path], { stdio: 'inherit' });
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('close', resolve).once('error', reject),
  );
  if (code !== 0) throw new CommandError(`${editor} ended with exit code ${code}`);
}
