import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

export interface Remembered {
  /** The session at the hub that a hook has opened, and so may close. */
  session_id?: string | undefined;
  /** How often the turn that is going on was held. */
  holds?: number | undefined;
}

/** What one session of a harness has to remember from one call of its hook to the next: a file of the user's own. */
export class Memory {
  readonly #path: string;

  constructor(harness: string, agent: string, session: string) {
    // A user of a container may have a number and no name.
    const user = process.getuid?.() ?? userInfo().username;
    const folder = join(tmpdir(), `arc-hooks-${user}`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const name = createHash('sha256')
      .update(JSON.stringify([harness, agent, session]))
      .digest('hex')
      .slice(0, 32);
    this.#path = join(folder, `${name}.json`);
  }

  read(): Remembered {
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8')) as Remembered;
    } catch {
      return {};
    }
  }

  change(change: Remembered): void {
    writeFileSync(this.#path, JSON.stringify({ ...this.read(), ...change }), { mode: 0o600 });
  }

  forget(): void {
    rmSync(this.#path, { force: true });
  }
}
