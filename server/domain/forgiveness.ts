import type { Awake, Gap } from './awake.js';
import type { Presence } from './presence.js';
import type { Store } from './store.js';

interface Owed {
  readonly gap: Gap;
  readonly agents: readonly string[];
  isWriting: boolean;
  hasFailed: boolean;
}

/** So many are kept apart; a store that takes nothing for long may be owed no more than that. */
const MOST_OWED = 16;

interface ForgivenessLog {
  warn(details: object, text: string): void;
  error(details: object, text: string): void;
}

/**
 * Makes up for time that nobody could use: presence and leases of those who were here move by it. What the store did not take
 * is owed, and is given to it again with the next look.
 */
export class Forgiveness {
  readonly #store: Pick<Store, 'write'>;
  readonly #presence: Presence;
  readonly #awake: Awake;
  readonly #ttlMs: number;
  readonly #log: ForgivenessLog;
  #owed: readonly Owed[] = [];
  #writing: Promise<unknown> = Promise.resolve();

  constructor(store: Pick<Store, 'write'>, presence: Presence, awake: Awake, ttlMs: number, log: ForgivenessLog) {
    this.#store = store;
    this.#presence = presence;
    this.#awake = awake;
    this.#ttlMs = ttlMs;
    this.#log = log;
  }

  /** Looks for time that was missed. What is written after the call comes after it in the store, too. */
  look(): void {
    const gap = this.#awake.look();
    if (gap !== undefined) this.#owe(gap);
    if (this.#owed.length > 0) this.#pay();
  }

  /** Resolves once all that could be written is. */
  async settle(): Promise<void> {
    this.look();
    await this.#writing;
  }

  #owe(gap: Gap): void {
    const agents = this.#presence.since(gap.sinceMs - this.#ttlMs);
    this.#presence.shift(gap.ms);
    this.#log.warn(
      { gap_sec: Math.round(gap.ms / 1_000), agents: agents.length },
      'time was missed; presence and leases move by it',
    );
    const owed = { gap, agents, isWriting: false, hasFailed: false };
    const last = this.#owed.at(-1);
    if (this.#owed.length < MOST_OWED || last === undefined || last.isWriting) this.#owed = [...this.#owed, owed];
    else this.#owed = [...this.#owed.slice(0, -1), joined(last, owed)];
  }

  #pay(): void {
    for (const owed of this.#owed) {
      if (owed.isWriting) continue;
      owed.isWriting = true;
      const { gap, agents } = owed;
      this.#writing = this.#store.write('forgive', { gap, agents }).then(
        () => {
          this.#owed = this.#owed.filter((other) => other !== owed);
        },
        (err: unknown) => {
          owed.isWriting = false;
          if (!owed.hasFailed) this.#log.error({ err }, 'presence and leases could not be moved yet; tried again');
          owed.hasFailed = true;
        },
      );
    }
  }
}

/** Both as one. A lease that began or ended between them moves by both, which errs on the side of who holds it. */
function joined(earlier: Owed, later: Owed): Owed {
  const gap = { ms: earlier.gap.ms + later.gap.ms, sinceMs: earlier.gap.sinceMs };
  return { ...earlier, gap, agents: [...new Set([...earlier.agents, ...later.agents])] };
}
