/** Runs the built command with a text on its standard input. */
import { spawn } from 'node:child_process';
import { HUB_MAIN } from '../support/hub-process.js';

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

export async function run(
  words: readonly string[],
  { input = '', cwd, env }: { input?: string; cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<Ran> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('ARC_'));
  const child = spawn(process.execPath, [HUB_MAIN, ...words], {
    ...(cwd !== undefined && { cwd }),
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: 'pipe',
  });
  const ran: Ran = { code: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    ran.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    ran.stderr += text;
  });
  // A command that has ended does not read the rest.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  ran.code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  return ran;
}
