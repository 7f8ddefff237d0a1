/** The client's end of a spool: writes requests, waits for answers (arc-v1 §7.5). */

import { randomUUID } from 'node:crypto';
import { constants, type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { homePath } from '../../base/home-path.js';
import { makeFolder, sharingOf } from '../../base/sharing.js';
import { HubError, isJsonObject } from '../../protocol/index.js';
import { readHubFile } from '../../relay/hub-file.js';
import { type Io, ioFor } from '../../relay/io.js';
import {
  agentFolder,
  CLAIMED_SUFFIX,
  isPlainName,
  memberText,
  RELAY_STATUS,
  REQUEST_SUFFIX,
  REQUESTS,
  RESPONSES,
  requestText,
  TIMED_OUT,
  temporaryName,
} from '../../relay/spool.js';
import type { RestAnswer } from '../http/rest-answer.js';
import type { RestRequest } from '../http/rest-request.js';

/** Between two looks for an answer: close together at first, and far apart where file events tell of it. */
const FIRST_LOOK_MS = 2;
const LAST_LOOK_MS = 25;
const LOOK_BESIDE_EVENTS_MS = 250;
const SLOWER = 1.25;
/** How long the identity of the hub is believed. */
const IDENTITY_MS = 5_000;

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

interface Waiter {
  look(): Promise<boolean>;
  intervalMs: number;
  dueMs: number;
}

export class SpoolDoor {
  readonly #agentId: string;
  readonly #spool: string;
  readonly #requests: string;
  readonly #responses: string;
  readonly #waiters = new Set<Waiter>();
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #io: Io | undefined;
  #eventsCome = false;
  #identity: { instanceId: string | undefined; atMs: number } | undefined;

  constructor(spoolDir: string, agentId: string) {
    const folder = agentFolder(agentId);
    if (!isPlainName(folder)) throw new HubError('bad_request', `an agent named "${agentId}" has no place in a spool`);
    this.#agentId = agentId;
    this.#spool = homePath(spoolDir);
    this.#requests = join(this.#spool, REQUESTS, folder);
    this.#responses = join(this.#spool, RESPONSES, folder);
  }

  /**
   * Puts the request there and waits for its answer until `signal` is aborted.
   *
   * @throws {HubError} `unavailable` with `details.status` 597: it could not be written. What `signal` was aborted with
   */
  async exchange({ method, path, headers, body }: RestRequest, signal: AbortSignal): Promise<RestAnswer> {
    const stem = randomUUID().replaceAll('-', '');
    const file = join(this.#requests, `${stem}.json`);
    const key = headers['Idempotency-Key'];
    // A header is bytes, one a character; a file holds the text itself.
    const idempotency_key = key === undefined ? undefined : Buffer.from(key, 'latin1').toString('utf8');
    const text = requestText({ request_id: stem, agent_id: this.#agentId, method, path, body, idempotency_key });
    try {
      await this.#write(file, text);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const details = { status: RELAY_STATUS.writeFailed };
      throw new HubError('unavailable', `relay spool write failed: ${why}`, details, { cause });
    }
    try {
      return await this.#answer(join(this.#responses, `${stem}.json`), signal);
    } catch (cause) {
      if (signal.aborted) await this.#withdraw(file);
      throw cause;
    }
  }

  /** The store behind the spool, as far as the hub has said; looked up every few seconds only. */
  async instanceId(): Promise<string | undefined> {
    const nowMs = performance.now();
    if (this.#identity === undefined || nowMs - this.#identity.atMs > IDENTITY_MS) {
      const hub = await readHubFile(this.#spool);
      this.#identity = { instanceId: hub?.instance_id, atMs: nowMs };
    }
    return this.#identity.instanceId;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  async #write(file: string, text: string): Promise<void> {
    const temporary = join(this.#requests, temporaryName(file.slice(this.#requests.length + 1)));
    let fd: number;
    try {
      this.#io ??= await this.#prepare();
      fd = await this.#io.open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o666);
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause;
      this.#io = await this.#prepare();
      fd = await this.#io.open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o666);
    }
    const io = this.#io;
    try {
      await io.write(fd, text);
    } finally {
      await io.close(fd);
    }
    await io.rename(temporary, file);
  }

  /** Makes the folders of this agent, and learns what they lie on. */
  async #prepare(): Promise<Io> {
    // Like the spool itself, so that its hub may do with them what it must, whoever that is.
    const sharing = sharingOf(this.#spool);
    makeFolder(this.#requests, sharing);
    makeFolder(this.#responses, sharing);
    return ioFor(this.#requests);
  }

  /**
   * Nobody waits for the answer any more. A request that was not taken is not done, and a wait whose file is gone is ended;
   * where the mount refuses deletion, both go on.
   */
  async #withdraw(file: string): Promise<void> {
    for (const path of [file, file.slice(0, -REQUEST_SUFFIX.length) + CLAIMED_SUFFIX]) {
      try {
        await this.#io?.unlink(path);
      } catch {
        // Not there, or not to be removed.
      }
    }
  }

  #answer(file: string, signal: AbortSignal): Promise<RestAnswer> {
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', giveUp);
        if (this.#waiters.size === 0) clearTimeout(this.#timer);
      };
      const giveUp = () => {
        end();
        reject(signal.reason);
      };
      const waiter: Waiter = {
        intervalMs: FIRST_LOOK_MS,
        dueMs: performance.now() + FIRST_LOOK_MS,
        look: async () => {
          const answer = await readResponse(this.#io as Io, file);
          if (answer === undefined || !this.#waiters.has(waiter)) return false;
          end();
          if (answer instanceof HubError) reject(answer);
          else resolve(answer);
          return true;
        },
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener('abort', giveUp);
      this.#waiters.add(waiter);
      this.#watch();
      this.#schedule();
    });
  }

  #watch(): void {
    if (this.#watcher !== undefined) return;
    try {
      this.#watcher = watch(this.#responses, { persistent: false }, (_event, name) => {
        if (name === null || (name.endsWith('.json') && !name.startsWith('.'))) void this.#lookAll();
      });
      this.#watcher.on('error', () => this.close());
    } catch {
      // Then it is by looking alone.
    }
  }

  async #lookAll(): Promise<void> {
    const found = await Promise.all([...this.#waiters].map((waiter) => waiter.look()));
    if (found.includes(true)) this.#eventsCome = true;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#waiters.size === 0) return;
    const nextMs = Math.min(...[...this.#waiters].map(({ dueMs }) => dueMs));
    this.#timer = setTimeout(() => void this.#lookAtDue(), Math.max(1, nextMs - performance.now()));
  }

  async #lookAtDue(): Promise<void> {
    const nowMs = performance.now();
    const due = [...this.#waiters].filter(({ dueMs }) => dueMs <= nowMs + 1);
    const longestMs = this.#eventsCome ? LOOK_BESIDE_EVENTS_MS : LAST_LOOK_MS;
    for (const waiter of due) {
      waiter.intervalMs = Math.min(longestMs, waiter.intervalMs * SLOWER);
      waiter.dueMs = nowMs + waiter.intervalMs;
    }
    await Promise.all(due.map((waiter) => waiter.look()));
    this.#schedule();
  }
}

/** Others may write to the spool too: what stands there instead of an answer is neither followed nor waited for. */
async function readText(io: Io, file: string): Promise<string> {
  const fd = await io.open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = await io.stat(fd);
    if (!stat.isFile()) throw new Error('not an answer');
    const buffer = Buffer.alloc(Number(stat.size));
    return buffer.subarray(0, await io.read(fd, buffer)).toString('utf8');
  } finally {
    await io.close(fd);
  }
}

/** Undefined while there is none, or a relay that does not write whole files has begun one. */
async function readResponse(io: Io, file: string): Promise<RestAnswer | HubError | undefined> {
  let text: string;
  let envelope: unknown;
  try {
    text = await readText(io, file);
    envelope = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(envelope)) return new HubError('internal', 'relay produced invalid response payload');
  const status = typeof envelope.status === 'number' ? envelope.status : 500;
  const error = typeof envelope.error === 'string' ? envelope.error : `status ${status}`;
  if (status === RELAY_STATUS.unreachable) return new HubError('unavailable', error, { status });
  const body = isJsonObject(envelope.body) ? memberText(text, 'body') : undefined;
  return {
    status,
    text: body ?? JSON.stringify({ ok: false, error }),
    code: typeof envelope.code === 'string' ? envelope.code : undefined,
    details: isJsonObject(envelope.details) ? JSON.stringify(envelope.details) : undefined,
  };
}

export const noAnswer = () => new HubError('timeout', TIMED_OUT, { status: RELAY_STATUS.timedOut });
