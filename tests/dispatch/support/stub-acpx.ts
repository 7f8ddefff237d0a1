/** A program that stands for acpx: it records how it was called, and does what `behave` says. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Call {
  readonly argv: string[];
  readonly prompt: string | null;
  readonly mode: string | null;
  readonly env: Record<string, string>;
  readonly pid: number;
}

const SOURCE = `
const fs = require('node:fs');
const { behave, calls } = JSON.parse(fs.readFileSync(__filename.replace(/acpx$/, 'stub.json'), 'utf8'));
const argv = process.argv.slice(2);
const at = argv.indexOf('--file');
const file = at === -1 ? undefined : argv[at + 1];
const record = {
  argv,
  prompt: file ? fs.readFileSync(file, 'utf8') : null,
  mode: file ? (fs.statSync(file).mode & 0o777).toString(8) : null,
  env: process.env,
  pid: process.pid,
};
const before = fs.existsSync(calls) ? fs.readFileSync(calls, 'utf8').split('\\n').filter(Boolean).length : 0;
fs.appendFileSync(calls, JSON.stringify(record) + '\\n');
const isPrompt = file !== undefined;
(async () => { new Function('require', 'record', 'isPrompt', 'before', behave)(require, record, isPrompt, before); })();
`;

export class StubAcpx {
  readonly path: string;
  readonly #folder: string;

  /** @param behave body of a function with `require`, `record`, `isPrompt` and `before`, the number of earlier calls */
  constructor(folder: string, behave = 'if (isPrompt) process.stdout.write("answer to " + record.prompt + "\\n");') {
    this.#folder = folder;
    this.path = join(folder, 'acpx');
    writeFileSync(this.path, `#!${process.execPath}\n${SOURCE}`);
    chmodSync(this.path, 0o755);
    this.behave(behave);
  }

  behave(behave: string): void {
    writeFileSync(join(this.#folder, 'stub.json'), JSON.stringify({ behave, calls: this.#calls }));
  }

  get calls(): Call[] {
    if (!existsSync(this.#calls)) return [];
    return readFileSync(this.#calls, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  get #calls(): string {
    return join(this.#folder, 'calls.jsonl');
  }
}
