import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

export interface Remembered {
  /** The session at the hub that a hook has opened, and so may close. */
  session_id?: string | undefined;
  /** How often the turn that is going on was held. */
  holds?: number | undefined;
  /** The model has lost what it read, and was not yet told of it again. */
  forgotten?: boolean | undefined;
  /** Whose memory it is, and at which hub: sessions of one name share what they hold. */
  agent?: string | undefined;
  instance_id?: string | undefined;
}

/** A session that has called no hook for so long has gone without saying so. */
const GONE_AFTER_MS = 12 * 3_600_000;

/** What one session of a harness has to remember from one call of its hook to the next: a file of the user's own. */
export class Memory {
  readonly #folder: string;
  readonly #name: string;
  readonly #agent: string;

  constructor(harness: string, agent: string, session: string) {
    // A user of a container may have a number and no name.
    const user = process.getuid?.() ?? userInfo().username;
    this.#folder = join(tmpdir(), `arc-hooks-${user}`);
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const hash = createHash('sha256')
      .update(JSON.stringify([harness, agent, session]))
      .digest('hex');
    this.#name = `${hash.slice(0, 32)}.json`;
    this.#agent = agent;
  }

  read(): Remembered {
    return this.#read(this.#name);
  }

  /** Also says that the session lives. */
  change(change: Remembered): void {
    this.#write(this.#name, { ...this.read(), ...change, agent: this.#agent });
  }

  /** Forgets this session; what it has opened at the hub is from then on another's to close. */
  bequeath(heir: string): void {
    const { session_id } = this.read();
    if (session_id !== undefined) this.#write(heir, { ...this.#read(heir), session_id });
    this.forget();
  }

  forget(): void {
    rmSync(join(this.#folder, this.#name), { force: true });
  }

  /** Other sessions of the agent at the same hub that live, the latest first. */
  others(instanceId: string | undefined): string[] {
    const living = readdirSync(this.#folder).flatMap((name) => {
      if (name === this.#name || !name.endsWith('.json')) return [];
      const { agent, instance_id } = this.#read(name);
      if (agent !== this.#agent || instance_id !== instanceId) return [];
      const ms = statSync(join(this.#folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
      return Date.now() - ms < GONE_AFTER_MS ? [{ name, ms }] : [];
    });
    return living.sort((a, b) => b.ms - a.ms).map(({ name }) => name);
  }

  #read(name: string): Remembered {
    try {
      return JSON.parse(readFileSync(join(this.#folder, name), 'utf8')) as Remembered;
    } catch {
      return {};
    }
  }

  #write(name: string, remembered: Remembered): void {
    writeFileSync(join(this.#folder, name), JSON.stringify(remembered), { mode: 0o600 });
  }
}
