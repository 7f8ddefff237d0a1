/** A program in a real pseudo-terminal, its screen read back through a terminal emulator. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type xterm from '@xterm/headless';
import { type IPty, spawn } from 'node-pty';
import { HUB_MAIN } from '../../support/hub-process.js';
import { until } from '../../support/until.js';
import { openEmulator } from './emulator.js';

export interface PtyOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Typed into a shell that has job control, instead of being all that the terminal runs. */
  readonly shell?: boolean;
}

export class PtyProgram implements Disposable {
  /** All that it wrote. */
  output = '';
  exit: { readonly exitCode: number; readonly signal?: number | undefined } | undefined;
  readonly terminal: xterm.Terminal;
  readonly #pty: IPty;
  /** Its working and temporary folder, removed with it. */
  readonly home: string;

  constructor(args: readonly string[], { columns = 80, rows = 24, env = {}, shell = false }: PtyOptions = {}) {
    this.home = mkdtempSync(join(tmpdir(), 'arc-tui-'));
    this.terminal = openEmulator(columns, rows, 1_000);
    // Variables of the machine that runs the tests must not change what is drawn.
    const clean = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !/^(ARC_|CI$|CI_|NO_COLOR|FORCE_COLOR|COLOR|TERM|NODE_|VITEST)/.test(name),
      ),
    ) as Record<string, string>;
    const command = [process.execPath, HUB_MAIN, ...args];
    const [file, words] = shell ? ['bash', ['--norc', '--noprofile', '-i']] : [process.execPath, command.slice(1)];
    this.#pty = spawn(file, words, {
      name: 'xterm-256color',
      cols: columns,
      rows,
      cwd: this.home,
      env: { ...clean, XDG_STATE_HOME: this.home, TMPDIR: this.home, LANG: 'C.UTF-8', ...env },
    });
    this.#pty.onData((data) => {
      this.output += data;
      this.terminal.write(data);
    });
    this.#pty.onExit((exit) => {
      this.exit = exit;
    });
    if (shell) this.#pty.write(`PS1='shell> '; ${command.join(' ')}\r`);
  }

  get pid(): number {
    return this.#pty.pid;
  }

  write(keys: string): void {
    this.#pty.write(keys);
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  resize(columns: number, rows: number): void {
    this.terminal.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  get lines(): string[] {
    const { active } = this.terminal.buffer;
    return Array.from(
      { length: this.terminal.rows },
      (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? '',
    );
  }

  cell(row: number, column: number): string | undefined {
    const { active } = this.terminal.buffer;
    return active
      .getLine(active.baseY + row)
      ?.getCell(column)
      ?.getChars();
  }

  get screen(): string {
    return this.lines.join('\n');
  }

  get isAlternate(): boolean {
    return this.terminal.buffer.active.type === 'alternate';
  }

  /** Modes that were switched on and not off again. */
  get modesLeftOn(): string[] {
    const on = new Set<string>();
    for (const [, modes, action] of this.output.matchAll(/\u001b\[\?([\d;]+)([hl])/g)) {
      for (const mode of (modes ?? '').split(';')) {
        if (action === 'h') on.add(mode);
        else on.delete(mode);
      }
    }
    // A cursor that is shown and lines that wrap are how a terminal is found.
    return [...on].filter((mode) => mode !== '25' && mode !== '7');
  }

  async sees(text: string | RegExp): Promise<string> {
    return until(
      () => {
        const { screen } = this;
        if (!(typeof text === 'string' ? screen.includes(text) : text.test(screen)))
          throw new Error(`the screen is\n${screen}`);
        return screen;
      },
      { what: `the terminal to show ${text}`, timeoutMs: 20_000, everyMs: 15 },
    );
  }

  async ends(): Promise<number> {
    const { exitCode } = await until(() => this.exit, { what: 'the program to end', timeoutMs: 20_000 });
    return exitCode;
  }

  [Symbol.dispose](): void {
    if (this.exit === undefined) {
      try {
        process.kill(this.pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
    this.terminal.dispose();
    rmSync(this.home, { recursive: true, force: true });
  }
}
