import { spawn, spawnSync } from 'node:child_process';

/** The command that runs Python 3 here, or undefined; tests that need it are skipped, saying `NO_PYTHON`. */
export const PYTHON = ['python3', 'python'].find((command) => {
  const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return status === 0 && stdout.startsWith('Python 3');
});

export const NO_PYTHON = 'skipped: there is no python3 on this machine';

/** Runs a script to its end, without leaving `__pycache__` folders behind. */
export async function runPython(
  args: readonly string[],
  options: { input?: string } = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  if (PYTHON === undefined) throw new Error(NO_PYTHON);
  const child = spawn(PYTHON, ['-B', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONIOENCODING: 'utf-8', PYTHONUTF8: '1' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout, stderr };
}
