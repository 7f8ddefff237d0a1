import { createHash } from 'node:crypto';
import { readPrivateFile, writePrivateFile } from '../../base/private-file.js';
import type { Home } from '../config/home.js';

/** The oldest are forgotten beyond this; their sessions are then made anew once. */
const MOST = 2_000;

/**
 * Which system prompt each named session was made with: acpx keeps the one of its beginning, so a changed one needs a new
 * session (dispatch §19.5).
 */
export class SessionPrompts {
  readonly #path: string;

  constructor(home: Home) {
    this.#path = home.sessions;
  }

  /** Whether the session was made with another prompt; one that is not known was not. */
  isStale(session: string, prompt: string | undefined): boolean {
    const known = this.#read()[session];
    return known !== undefined && known !== hashOf(prompt);
  }

  remember(session: string, prompt: string | undefined): void {
    const { [session]: known, ...others } = this.#read();
    const hash = hashOf(prompt);
    if (known === hash) return;
    const rows = [...Object.entries(others), [session, hash]].slice(-MOST);
    writePrivateFile(this.#path, `${JSON.stringify(Object.fromEntries(rows))}\n`);
  }

  #read(): Record<string, string> {
    try {
      const found: unknown = JSON.parse(readPrivateFile(this.#path) ?? '{}');
      return typeof found === 'object' && found !== null ? (found as Record<string, string>) : {};
    } catch {
      // Damaged: it is begun anew.
      return {};
    }
  }
}

const hashOf = (prompt: string | undefined) =>
  createHash('sha256')
    .update(prompt ?? '')
    .digest('base64url');
