/** A home of the dispatcher in a temporary folder, with a workspace beside it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../../dispatch/config/config.js';
import { type Home, homeAt } from '../../../dispatch/config/home.js';

export class TestHome implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'arc-dispatch-'));
  readonly home: Home = homeAt(join(this.folder, 'home'));
  readonly workspace = join(this.folder, 'workspace');
  readonly warnings: string[] = [];
  readonly warn = (text: string) => void this.warnings.push(text);

  constructor() {
    mkdirSync(this.workspace);
  }

  config(text?: string) {
    if (text !== undefined) {
      mkdirSync(this.home.path, { recursive: true, mode: 0o700 });
      writeFileSync(this.home.config, text);
    }
    return loadConfig(this.home, this.warn);
  }

  agent(name: string, text = `workspace: ${this.workspace}\nmodel: sonnet\n`): void {
    this.config();
    writeFileSync(join(this.home.agents, `${name}.yaml`), text);
  }

  file(name: string, text: string): void {
    writeFileSync(join(this.workspace, name), text);
  }

  read(path: string): string {
    return readFileSync(path, 'utf8');
  }

  mode(path: string): string {
    return (statSync(path).mode & 0o777).toString(8);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
