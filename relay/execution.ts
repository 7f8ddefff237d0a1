/** Has requests executed that are ours, and answers them: one after another in a folder, waits beside them (arc-v1 §7.3). */
import { type Admission, tooMany } from './admission.js';
import { Answers } from './answers.js';
import { codeOf, type FileStat } from './folder.js';
import type { Ledger } from './journal.js';
import { keyOf } from './request-file.js';
import { isAnswer, type Routed, route } from './route.js';
import { agentFolder, RELAY_STATUS, REQUEST_SUFFIX, type RelayAnswer, type RelayRequest, refusal } from './spool.js';
import type { AgentFolder, RelayLog } from './spool-watch.js';
import { type Held, workName } from './taking.js';
import type { UnderWay } from './under-way.js';

/** Between looks whether a wait's file is still there. */
const WITHDRAWN_LOOK_MS = 1_000;

/** A request without a socket. */
export interface RelayCall {
  method: string;
  path: string;
  /** JSON text. */
  body: string | undefined;
  idempotency_key: string | undefined;
  /** Aborted when the relay stops. */
  signal: AbortSignal;
  /** How long the hub may wait by itself before it answers. */
  waitSec: number;
  /** Folder that the request lay in. */
  folder: string;
  /** Who the request says it is from; agents may share a folder. */
  agent_id: string;
}

/** Has a request executed, by a hub in this process or by HTTP. May reject when the hub cannot be reached. */
export type Execute = (call: RelayCall) => Promise<RelayAnswer>;

export interface ExecutionOptions {
  agents: ReadonlyMap<string, AgentFolder>;
  admission: Admission;
  ledger: Ledger;
  underWay: UnderWay;
  execute: Execute;
  log: RelayLog;
}

export class Execution {
  readonly #options: ExecutionOptions;
  readonly #answers: Answers;
  readonly #over = new AbortController();

  constructor(options: ExecutionOptions) {
    this.#options = options;
    this.#answers = new Answers(options.log);
  }

  /**
   * Resolves when the next request of the folder may begin: a wait goes on by itself. Never rejects.
   *
   * @param refused came when too many were in front of it
   */
  async serve(held: Held, refused: boolean): Promise<void> {
    try {
      await this.#serve(held, refused);
    } catch (err) {
      // Of its own making or of ours: whoever wrote it waits for an answer.
      this.#options.log.error({ err, agent_folder: held.agent.name, file: held.name }, 'a relay request failed');
      await this.#answer(held, refusal(500, 'internal', 'internal error of the relay'));
    }
  }

  /** Ends waits; they are answered by the next relay. */
  abort(): void {
    this.#over.abort();
  }

  /** Tries no more to write what could not be written. */
  stop(): void {
    this.#answers.stop();
  }

  async #serve(held: Held, refused: boolean): Promise<void> {
    const { reading } = held;
    if (reading.is !== 'request') return this.#answer(held, unusable(reading.reason));
    if (refused) return this.#answer(held, tooMany('requests'));
    const { request, stat } = reading;
    const routed = route(request);
    if (isAnswer(routed)) return this.#answer(held, routed);
    const { admission } = this.#options;
    const releaseBytes = admission.takeBytes(Number(stat.size));
    if (releaseBytes === undefined) return this.#answer(held, tooMany('large requests'));
    if (routed.waits) return this.#wait(held, request, routed, stat, releaseBytes);
    const executing = admission.inTurn(() => this.#execute(held, request, routed, this.#over.signal));
    const answer = await executing.finally(releaseBytes);
    this.#options.underWay.follow(this.#answer(held, answer));
  }

  /** Begins a wait, unless too many wait. */
  async #wait(
    held: Held,
    request: RelayRequest,
    routed: Routed,
    stat: FileStat,
    releaseBytes: () => void,
  ): Promise<void> {
    const { admission, ledger, underWay } = this.#options;
    const endWait = admission.takeWait(held.agent.name);
    if (endWait === undefined) {
      releaseBytes();
      return this.#answer(held, tooMany('waiting requests'));
    }
    const withdrawn = this.#untilWithdrawn(held.agent, workName(held.name), stat);
    const answered = this.#execute(held, request, routed, withdrawn.signal).then((answer) => {
      withdrawn.stop();
      endWait();
      releaseBytes();
      // Cut short by our own end: the next relay lets it wait anew.
      if (this.#over.signal.aborted) return undefined;
      if (withdrawn.signal.aborted) return ledger.done(held.taken);
      return this.#answer(held, answer);
    });
    underWay.follow(answered);
  }

  /** Ends a wait whose file its client has removed. */
  #untilWithdrawn(agent: AgentFolder, work: string, stat: FileStat): { signal: AbortSignal; stop: () => void } {
    const end = new AbortController();
    const onOver = () => end.abort();
    this.#over.signal.addEventListener('abort', onOver);
    const timer = setInterval(() => {
      agent.requests.stat(work).then(
        (now) => now.ino !== stat.ino && end.abort(),
        (cause) => codeOf(cause) === 'ENOENT' && this.#isServed(agent) && end.abort(),
      );
    }, WITHDRAWN_LOOK_MS);
    const stop = () => {
      clearInterval(timer);
      this.#over.signal.removeEventListener('abort', onOver);
    };
    return { signal: end.signal, stop };
  }

  /** Never rejects. */
  async #execute({ agent, name, taken }: Held, request: RelayRequest, routed: Routed, signal: AbortSignal) {
    const { method, path, body, waitSec } = routed;
    const key = request.idempotency_key ?? keyOf(agent.name, name, taken);
    try {
      const idempotency_key = method === 'GET' ? undefined : key;
      const from = { folder: agentFolder(agent.name), agent_id: request.agent_id };
      return await this.#options.execute({ method, path, body, idempotency_key, signal, waitSec, ...from });
    } catch (cause) {
      const error = `connection error: ${cause instanceof Error ? cause.message : String(cause)}`;
      return refusal(RELAY_STATUS.unreachable, 'unavailable', error);
    }
  }

  async #answer({ agent, name, reading, taken }: Held, answer: RelayAnswer): Promise<void> {
    const requestId = reading.is === 'request' ? reading.request.request_id : name.slice(0, -REQUEST_SUFFIX.length);
    const stands = await this.#answers.write(agent, name, requestId, answer);
    // What could not be answered stays open in the journal, for the next relay.
    if (stands) this.#options.ledger.done(taken);
    if (!this.#isServed(agent)) agent.forgetResponses();
  }

  /** Whether the folder is still the one of its name. */
  #isServed(agent: AgentFolder): boolean {
    return this.#options.agents.get(agent.name) === agent;
  }
}

/** The relay's own 400 has no `body` (arc-v1 §7.4). */
const unusable = (reason: string): RelayAnswer => ({
  status: 400,
  body: undefined,
  ok: false,
  error: `invalid relay request: ${reason}`,
  code: 'invalid_request',
});
