/** What a backend is: the way from a prompt to a text. Another one is a file here and its row in `table.ts`. */
import type { Clock } from '../../base/clock.js';
import type { Config } from '../config/config.js';
import type { Home } from '../config/home.js';
import type { Agent } from '../personas/agent.js';

/** What all runs of a process share. */
export interface Ground {
  readonly home: Home;
  readonly config: Config;
  /** The environment together with `.env`. */
  readonly env: NodeJS.ProcessEnv;
  /** Names of the variables that `.env` sets: no child sees them. */
  readonly secretNames: readonly string[];
  readonly clock: Clock;
  readonly warn: (text: string) => void;
  /** Is told of each process group that a run starts and ends. */
  readonly groups?: GroupRegister | undefined;
}

export interface GroupRegister {
  add(pid: number): void;
  remove(pid: number): void;
}

export interface Progress {
  readonly kind: 'text' | 'tool' | 'plan';
  readonly text: string;
}

export interface Question {
  readonly text: string;
  readonly options: readonly { readonly id: string; readonly name: string; readonly kind: string }[];
}

export interface Run {
  readonly ground: Ground;
  readonly agent: Agent;
  readonly model: string;
  readonly prompt: string;
  /** Undefined for a run without memory. */
  readonly session: string | undefined;
  readonly timeoutSec: number;
  /** Ends the run: `cancelled`. */
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Asks a person; the id of an option, or undefined for no answer. */
  readonly onQuestion?: ((question: Question, signal: AbortSignal) => Promise<string | undefined>) | undefined;
}

export interface Answer {
  readonly text: string;
  readonly tokensIn?: number | undefined;
  readonly tokensOut?: number | undefined;
}

export interface Health {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface Backend {
  /** As logs and replies name it. */
  readonly type: string;
  /** @throws {DispatchError} `timeout`, `cancelled`, `backend`, `config`; all that it started has ended by then */
  run(run: Run): Promise<Answer>;
  /** Whether it could be used now, without spending anything. */
  check(ground: Ground, signal: AbortSignal): Promise<Health[]>;
}

/** Bytes of an answer; a longer one is a failure (dispatch §6). */
export const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
