/** Writes answers where clients look for them, again and again where that fails. */
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from './folder.js';
import { REQUEST_SUFFIX, type RelayAnswer, responseText } from './spool.js';
import type { AgentFolder, RelayLog } from './spool-watch.js';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;
const ATTEMPTS = 100;
/** Answers of one agent that wait for their folder to be writable; further ones are left for the next start. */
const MAX_UNWRITTEN = 100;
const COMPLAIN_EVERY_MS = 10_000;

export class Answers {
  readonly #log: RelayLog;
  readonly #unwritten = new Map<string, number>();
  readonly #complainedMs = new Map<string, number>();
  readonly #over = new AbortController();

  constructor(log: RelayLog) {
    this.#log = log;
  }

  /** @returns whether the answer stands; false after long trying, or at the end */
  async write(agent: AgentFolder, name: string, requestId: string, answer: RelayAnswer): Promise<boolean> {
    const stem = name.slice(0, -REQUEST_SUFFIX.length);
    for (let attempt = 0; ; attempt += 1) {
      try {
        const folder = await agent.responses();
        await folder.write(`${stem}${REQUEST_SUFFIX}`, responseText(requestId, answer));
        return true;
      } catch (cause) {
        agent.forgetResponses();
        // The folder was replaced under our hands: a new handle may do at once.
        if (attempt === 0 && codeOf(cause) === 'ENOENT') continue;
        this.#complain(agent.name, cause);
        if (!(await this.#mayTryAgain(agent.name, attempt))) return false;
      }
    }
  }

  /** Tries no more. */
  stop(): void {
    this.#over.abort();
  }

  async #mayTryAgain(agent: string, attempt: number): Promise<boolean> {
    const waiting = this.#unwritten.get(agent) ?? 0;
    if (attempt >= ATTEMPTS || waiting >= MAX_UNWRITTEN || this.#over.signal.aborted) return false;
    this.#unwritten.set(agent, waiting + 1);
    const delayMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 10));
    await sleep(delayMs, undefined, { signal: this.#over.signal }).catch(() => undefined);
    const now = (this.#unwritten.get(agent) ?? 1) - 1;
    if (now === 0) this.#unwritten.delete(agent);
    else this.#unwritten.set(agent, now);
    return !this.#over.signal.aborted;
  }

  #complain(agent: string, err: unknown): void {
    const nowMs = performance.now();
    if (nowMs - (this.#complainedMs.get(agent) ?? Number.NEGATIVE_INFINITY) < COMPLAIN_EVERY_MS) return;
    if (this.#complainedMs.size > 1_000) this.#complainedMs.clear();
    this.#complainedMs.set(agent, nowMs);
    this.#log.warn({ err, agent_folder: agent }, 'cannot write an answer; trying again');
  }
}
