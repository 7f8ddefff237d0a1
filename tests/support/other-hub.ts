import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { NO_PYTHON, PYTHON } from './python.js';

const SCRIPT = fileURLToPath(new URL('../interop/other_hub.py', import.meta.url));
const SCHEMA = fileURLToPath(new URL('../fixtures/arc-v1.sql', import.meta.url));

export interface OtherHubAnswer<Result> {
  result: Result;
  /** The wall clock just after the commit. */
  committed_ms: number;
}

/** Another maker's hub on the same file: the process of `tests/interop/other_hub.py`, commanded a line at a time. */
export class OtherHub implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting: { resolve: (line: string) => void; reject: (cause: Error) => void }[] = [];
  #stderr = '';
  sqlite_version = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    if (child.stdout)
      createInterface({ input: child.stdout }).on('line', (line) => this.#waiting.shift()?.resolve(line));
    child.once('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`the other hub ended\n${this.#stderr}`));
    });
  }

  static async start(storage: string): Promise<OtherHub> {
    if (PYTHON === undefined) throw new Error(NO_PYTHON);
    const hub = new OtherHub(spawn(PYTHON, ['-B', SCRIPT, storage, SCHEMA], { stdio: 'pipe' }));
    hub.sqlite_version = (await hub.#answer<string>()).result;
    return hub;
  }

  /** Runs a method of `OtherHub` in `other_hub.py`; commands follow each other, in the order given. */
  run<Result = null>(name: string, ...args: unknown[]): Promise<OtherHubAnswer<Result>> {
    const answer = this.#answer<Result>();
    this.#child.stdin?.write(`${JSON.stringify([name, ...args])}\n`);
    return answer;
  }

  async #answer<Result>(): Promise<OtherHubAnswer<Result>> {
    const line = await new Promise<string>((resolve, reject) => {
      if (this.#child.exitCode !== null) return reject(new Error(`the other hub ended\n${this.#stderr}`));
      this.#waiting.push({ resolve, reject });
    });
    const answer = JSON.parse(line) as OtherHubAnswer<Result> & { error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.stdin?.end();
    await closed;
  }
}
