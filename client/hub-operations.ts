import {
  type AuditEntry,
  type Bootstrap,
  type Channel,
  type Claim,
  type ClaimGrant,
  DEFAULT_TTL_SEC,
  DIRECT_CHANNEL,
  HubError,
  type HubInfo,
  type Lock,
  type LockGrant,
  type Message,
  type NewToken,
  type OperationName,
  type PendingShutdown,
  type PostResult,
  type SearchResult,
  type Session,
  type Stats,
  type Task,
  type Thread,
  type ThreadDetail,
  type Token,
  type Whoami,
  waitOf,
} from '../protocol/index.js';
import { completeParams, findOperation, type ParamsOf, type ResultOf } from './operation-params.js';
import type { Transport } from './transport.js';

/** For one call; every method of the client takes them beside its own. */
export interface CallOptions {
  /** Covers all attempts together, in ms (default 30_000, and 5_000 more than the longest wait asked of the hub). */
  readonly timeoutMs?: number | undefined;
  /** Gives up early: `timeout` with `details.cancelled`. A wait is ended at the hub too. */
  readonly signal?: AbortSignal | undefined;
}

/** For one write. */
export interface WriteOptions extends CallOptions {
  /** Names this write (websocket §7); by default the client makes a new key for each call. */
  readonly idempotency_key?: string | undefined;
}

type PostParams = ParamsOf<'messages.post'>;
export interface PostOptions
  extends WriteOptions,
    Pick<PostParams, 'kind' | 'thread_id' | 'to_agent' | 'metadata' | 'reply_to' | 'parent_task_id'> {
  /** `text`, `code`, `json`, `file_ref` and `diff_ref` (arc-v1 §3.10). */
  readonly attachments?: PostParams['attachments'];
}

export interface AskOptions
  extends WriteOptions,
    Pick<ParamsOf<'rpc.call'>, 'channel' | 'thread_id' | 'metadata' | 'attachments' | 'timeout_sec'> {}

/** Parameters of a listing, together with the options of the call. */
type Listing<Name extends OperationName> = ParamsOf<Name> & CallOptions;

const DEFAULT_TIMEOUT_MS = 30_000;
const SPARE_MS = 5_000;

/**
 * Every operation of the hub as a method, the same over every transport. Times in `…_sec` are seconds, in `…Ms`
 * milliseconds. All of them reject with `HubError` only:
 *
 * - the code that the hub answered with; `bad_request`, `not_found` and `conflict` want another call, not a repetition
 * - `timeout`: no answer in time. A write may have been done all the same: call again with the same `idempotency_key`
 * - `unavailable`: the hub cannot be reached, or the client is closed
 *
 * Calling again is safe for what reads, and for what writes if the `idempotency_key` is the same.
 */
export abstract class HubOperations {
  readonly transport: Transport;
  /** Who acts; undefined for an observer, which names an agent in each call that needs one. */
  readonly agentId: string | undefined;
  readonly #timeoutMs: number;

  constructor(transport: Transport, agentId: string | undefined, timeoutMs = DEFAULT_TIMEOUT_MS) {
    this.transport = transport;
    this.agentId = agentId;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Runs any operation of the table by its name. The acting agent is filled in where the operation has one, and every
   * write gets an `idempotency_key`.
   *
   * Source: websocket §3.
   */
  operation<Name extends OperationName>(
    name: Name,
    ...[params, options]: object extends ParamsOf<Name>
      ? [params?: ParamsOf<Name>, options?: CallOptions]
      : [params: ParamsOf<Name>, options?: CallOptions]
  ): Promise<ResultOf<Name>> {
    // The table's types hold for what the hub answers; they are tested there and not checked again for each answer.
    return this.request(name, params as Record<string, unknown> | undefined, options) as Promise<ResultOf<Name>>;
  }

  /**
   * As `operation`, for names that are known only at run time.
   *
   * @throws {HubError} `unknown_method`: no such operation, or none that this transport can carry
   */
  async request(
    name: string,
    params: Readonly<Record<string, unknown>> = {},
    { timeoutMs, signal }: CallOptions = {},
  ): Promise<unknown> {
    const operation = findOperation(name);
    if (operation === undefined) throw new HubError('unknown_method', `unknown method: ${name}`);
    if (operation.pushes) {
      throw new HubError('bad_request', 'subscriptions are made by subscribe()');
    }
    const complete = completeParams(operation, params, this.agentId);
    const waitMs = operation.waits ? Math.min(waitOf(operation, complete), MAX_WAIT_SEC) * 1_000 + SPARE_MS : 0;
    return this.transport.call(name, complete, { timeoutMs: timeoutMs ?? Math.max(this.#timeoutMs, waitMs), signal });
  }

  /**
   * Posts a message to a channel, exactly once, across reconnects.
   *
   * @param body at most `max_body_chars` of `hubInfo()`, in Unicode characters; may be empty beside attachments
   * @returns the stored message once it is durable; `deduplicated` when the hub already had this key
   * @throws {HubError} `bad_request`: among others, `channel does not exist: …`. `conflict`: same key, other content
   * Source: websocket §7, arc-v1 §4.8.
   */
  post(channel: string, body: string, options: PostOptions = {}): Promise<PostResult> {
    const [call, fields] = split(options);
    return this.operation('messages.post', { ...fields, channel, body }, call);
  }

  /**
   * Posts a direct message, which only `to_agent` can see. Nobody of that name need exist yet.
   *
   * @throws {HubError} `bad_request`: `to_agent` is blank, which a hub takes for "to everybody" (arc-v1 §4.8)
   * Source: arc-v1 §4.8, §9.2.
   */
  async dm(
    to_agent: string,
    body: string,
    options: PostOptions & { readonly channel?: string } = {},
  ): Promise<PostResult> {
    if (to_agent.trim() === '') throw new HubError('bad_request', 'to_agent is required');
    const { channel = DIRECT_CHANNEL, ...others } = options;
    return this.post(channel, body, { ...others, to_agent });
  }

  /**
   * Asks another agent and waits for its `task_result`. The waiting is done by the hub.
   *
   * @param to an agent, or the capability that one of the live agents must have
   * @param options `timeout_sec` (default 30, at most 600) is the time for the answer; `channel` is `direct` by default
   * @returns the answer, a message whose `reply_to` is the request
   * @throws {HubError} `timeout`: no answer; over WebSocket `details.request_id` names the request, whose task stays open.
   *   `not_found`: no live agent has the capability
   * Source: websocket §6.
   */
  call(to: string | { readonly capability: string }, body: string, options: AskOptions = {}): Promise<Message> {
    const [call, fields] = split(options);
    const whom = typeof to === 'string' ? { to_agent: to } : { capability: to.capability };
    return this.operation('rpc.call', { ...fields, ...whom, body }, call);
  }

  /**
   * Takes a lease on a key, or lengthens the one that this agent has.
   *
   * @param options `ttl_sec` is 300 by default, from 5 to 30 days
   * @returns `acquired: false` with the holder's row in `claim` when another agent has it: an answer, not an error
   * Source: arc-v1 §4.13.
   */
  claim(
    claim_key: string,
    options: WriteOptions &
      Pick<ParamsOf<'claims.acquire'>, 'thread_id' | 'task_message_id' | 'ttl_sec' | 'metadata'> = {},
  ): Promise<ClaimGrant> {
    const [call, fields] = split(options);
    return this.operation('claims.acquire', { ttl_sec: DEFAULT_TTL_SEC, ...fields, claim_key }, call);
  }

  /**
   * Sets the end of a claim to `ttl_sec` from now (default 300).
   *
   * @throws {HubError} `not_found`: this agent does not hold it any more
   * Source: arc-v1 §4.13.
   */
  refreshClaim(claim_key: string, options: WriteOptions & { readonly ttl_sec?: number } = {}): Promise<ClaimGrant> {
    const [call, fields] = split(options);
    return this.operation('claims.refresh', { ttl_sec: DEFAULT_TTL_SEC, ...fields, claim_key }, call);
  }

  /**
   * Gives a claim back.
   *
   * @param options `force` frees another agent's claim (operators only) and posts a public notice about it
   * @throws {HubError} `not_found`: this agent does not hold it
   * Source: arc-v1 §4.13, websocket §3.
   */
  release(claim_key: string, options: WriteOptions & { readonly force?: boolean } = {}): Promise<Claim> {
    const [call, fields] = split(options);
    return this.operation('claims.release', { ...fields, claim_key }, call);
  }

  /** Claims, ascending by the time they were taken. Source: arc-v1 §4.13. */
  claims(options: Listing<'claims.list'> = {}): Promise<Claim[]> {
    const [call, fields] = split(options);
    return this.operation('claims.list', fields, call);
  }

  /**
   * Takes an advisory lease on a file path, or lengthens the one that this agent has. The path is compared as text.
   *
   * @returns `acquired: false` with the holder's row in `lock` when another agent has it
   * Source: arc-v1 §4.14.
   */
  lock(
    file_path: string,
    options: WriteOptions & Pick<ParamsOf<'locks.acquire'>, 'ttl_sec' | 'metadata'> = {},
  ): Promise<LockGrant> {
    const [call, fields] = split(options);
    return this.operation('locks.acquire', { ttl_sec: DEFAULT_TTL_SEC, ...fields, file_path }, call);
  }

  /** Sets the end of a lock to `ttl_sec` from now (default 300). `not_found`: it is not held. Source: arc-v1 §4.14. */
  refreshLock(file_path: string, options: WriteOptions & { readonly ttl_sec?: number } = {}): Promise<LockGrant> {
    const [call, fields] = split(options);
    return this.operation('locks.refresh', { ttl_sec: DEFAULT_TTL_SEC, ...fields, file_path }, call);
  }

  /** Gives a lock back; `force` as in `release`. `not_found`: it is not held. Source: arc-v1 §4.14. */
  unlock(file_path: string, options: WriteOptions & { readonly force?: boolean } = {}): Promise<Lock> {
    const [call, fields] = split(options);
    return this.operation('locks.release', { ...fields, file_path }, call);
  }

  /** Locks, ascending by the time they were taken; `agent_id` keeps one owner's. Source: arc-v1 §4.14. */
  async locks(options: Listing<'locks.list'> = {}): Promise<Lock[]> {
    const [call, fields] = split(options);
    return this.operation('locks.list', fields, call);
  }

  /** Live agents, ascending by id; `capability` keeps those that have it. Source: arc-v1 §4.4. */
  agents(options: Listing<'agents.list'> = {}): Promise<Session[]> {
    const [call, fields] = split(options);
    return this.operation('agents.list', fields, call);
  }

  /** Gives this agent another display name of at most 64 characters. Source: arc-v1 §4.2. */
  rename(display_name: string, options: WriteOptions = {}): Promise<Session> {
    const [call, fields] = split(options);
    return this.operation('sessions.rename', { ...fields, display_name }, call);
  }

  /** All channels, ascending by name. Source: arc-v1 §4.7. */
  channels(options: CallOptions = {}): Promise<Channel[]> {
    return this.operation('channels.list', {}, options);
  }

  /** Creates a channel, or gets the one that exists, unchanged. Source: arc-v1 §4.7. */
  createChannel(
    name: string,
    options: WriteOptions & Pick<ParamsOf<'channels.create'>, 'metadata'> = {},
  ): Promise<Channel> {
    const [call, fields] = split(options);
    return this.operation('channels.create', { ...fields, name }, call);
  }

  /**
   * Public messages of a channel or a thread, ascending by id, at most `limit` (default 100, at most 500).
   *
   * @param options `since_id`: those after it. `tail`: the last ones. `before_id`: those just before it. `timeout`: waits
   *   up to so many seconds for the first
   * Source: arc-v1 §4.9, websocket §3.
   */
  messages(options: Listing<'messages.list'>): Promise<Message[]> {
    const [call, fields] = split(options);
    return this.operation('messages.list', fields, call);
  }

  /** One message, if this agent may see it. `not_found` otherwise. Source: websocket §3. */
  message(id: number, options: CallOptions = {}): Promise<Message> {
    return this.operation('messages.get', { id }, options);
  }

  /** What this agent may see: broadcasts and its direct messages; parameters as in `messages`. Source: arc-v1 §4.10. */
  events(options: Listing<'events.list'> = {}): Promise<Message[]> {
    const [call, fields] = split(options);
    return this.operation('events.list', fields, call);
  }

  /** Direct messages to this agent; parameters as in `messages`. Source: arc-v1 §4.11. */
  inbox(options: Listing<'inbox.list'> = {}): Promise<Message[]> {
    const [call, fields] = split(options);
    return this.operation('inbox.list', fields, call);
  }

  /**
   * Messages in which words occur, newest first, as far as this agent may see them.
   *
   * @param query words, each also as the beginning of one; `"a phrase"`, `-not`, `from:ana`, `to:`, `in:build`, `thread:`,
   *   `kind:task`, `has:code`, `after:2026-11-01`, `before:`
   * @param options `order`: `best` for the most fitting first. `before_id`: the next page. `limit`: at most 100
   * Source: websocket §8.
   */
  search(query: string, options: Omit<Listing<'messages.search'>, 'query'> = {}): Promise<SearchResult> {
    const [call, fields] = split(options);
    return this.operation('messages.search', { ...fields, query }, call);
  }

  /** All threads, the latest first. Source: arc-v1 §4.12. */
  threads(options: CallOptions = {}): Promise<Thread[]> {
    return this.operation('threads.list', {}, options);
  }

  /** A thread with its messages, tasks, claims and locks. `not_found`: nothing has that id. Source: arc-v1 §4.12. */
  getThread(thread_id: string, options: CallOptions = {}): Promise<ThreadDetail> {
    return this.operation('threads.get', { thread_id }, options);
  }

  /** Tasks, ascending by id. Source: arc-v1 §4.15. */
  tasks(options: Listing<'tasks.list'> = {}): Promise<Task[]> {
    const [call, fields] = split(options);
    return this.operation('tasks.list', fields, call);
  }

  /** Marks a task done; `parent_completed` when that completed its parent too. Source: arc-v1 §4.15, §5.4. */
  completeTask(task_id: number, options: WriteOptions = {}): Promise<ResultOf<'tasks.complete'>> {
    const [call, fields] = split(options);
    return this.operation('tasks.complete', { ...fields, task_id }, call);
  }

  /**
   * Moves this agent's durable cursor forward to `since_id`; it never moves back. With `subscribe({ since_id: 'cursor' })`
   * this gives every message at least once to an agent that keeps nothing itself.
   *
   * @throws {HubError} `bad_request`: beyond the newest message
   * Source: websocket §5.
   */
  ack(since_id: number, options: WriteOptions = {}): Promise<ResultOf<'events.ack'>> {
    const [call, fields] = split(options);
    return this.operation('events.ack', { ...fields, since_id }, call);
  }

  /** This agent's durable cursor; `since_id` is null when none is stored. Source: websocket §5. */
  cursor(options: CallOptions = {}): Promise<ResultOf<'events.cursor'>> {
    return this.operation('events.cursor', {}, options);
  }

  /** Touches this agent's presence. A live WebSocket connection does it by itself. Source: websocket §3. */
  async heartbeat(options: CallOptions = {}): Promise<void> {
    if (this.transport.kind === 'websocket') await this.operation('sessions.heartbeat', {}, options);
    else await this.operation('agents.list', { as: this.agentId }, options);
  }

  /** Identity, version, features and limits of the hub. Source: arc-v1 §4.6. */
  hubInfo(options: CallOptions = {}): Promise<HubInfo> {
    return this.operation('hub.info', {}, options);
  }

  /** What the hub takes this client for: role, names, channels, token. Source: identity §4. */
  identity(options: CallOptions = {}): Promise<Whoami> {
    return this.operation('tokens.whoami', {}, options);
  }

  /**
   * Makes a token, whose text is in the answer and told never again. For operators.
   *
   * @throws {HubError} `bad_request`: a name that no token can be for. Source: identity §2
   */
  issueToken(token: ParamsOf<'tokens.issue'>, options: CallOptions = {}): Promise<NewToken> {
    return this.operation('tokens.issue', token, options);
  }

  /** All tokens, without their secrets. For operators. Source: identity §2. */
  tokens(options: CallOptions = {}): Promise<Token[]> {
    return this.operation('tokens.list', {}, options);
  }

  /** Gives a token a new secret; the old one works for `grace_sec` (default 600). `not_found`, `conflict`: it is revoked. */
  rotateToken(id: string, { grace_sec, ...options }: CallOptions & { grace_sec?: number } = {}): Promise<NewToken> {
    return this.operation('tokens.rotate', { id, grace_sec }, options);
  }

  /** Ends a token and its connections; with `forget` its names are no longer guarded either. `not_found`. */
  revokeToken(id: string, { forget, ...options }: CallOptions & { forget?: boolean } = {}): Promise<Token> {
    return this.operation('tokens.revoke', { id, forget }, options);
  }

  /** What was done and refused, ascending by id. For operators. Source: identity §9. */
  audit(listing: Listing<'audit.list'> = {}): Promise<AuditEntry[]> {
    const [options, fields] = split(listing);
    return this.operation('audit.list', fields, options);
  }

  /** Counters of the running hub. Source: websocket §3. */
  stats(options: CallOptions = {}): Promise<Stats> {
    return this.operation('hub.stats', {}, options);
  }

  /** The pending shutdown, or null. Source: arc-v1 §4.16. */
  getShutdown(options: CallOptions = {}): Promise<PendingShutdown | null> {
    return this.operation('hub.shutdown.get', {}, options);
  }

  /**
   * Shuts the hub down after `delay_sec` (0 to 3600), with public notices.
   *
   * @throws {HubError} `bad_request`: one is pending already
   * Source: arc-v1 §4.16, §5.7.
   */
  startShutdown(delay_sec = 60, options: WriteOptions = {}): Promise<ResultOf<'hub.shutdown.start'>> {
    const [call, fields] = split(options);
    return this.operation('hub.shutdown.start', { ...fields, delay_sec }, call);
  }

  /** Cancels the pending shutdown. `bad_request`: none is. Source: arc-v1 §4.16. */
  cancelShutdown(options: WriteOptions = {}): Promise<ResultOf<'hub.shutdown.cancel'>> {
    const [call, fields] = split(options);
    return this.operation('hub.shutdown.cancel', fields, call);
  }

  /** Reads whether peers off the hub's machine are served, or sets it. Source: arc-v1 §4.16. */
  network(allow_remote?: boolean, options: WriteOptions = {}): Promise<ResultOf<'hub.network'>> {
    const [call, fields] = split(options);
    return this.operation('hub.network', { ...fields, allow_remote }, call);
  }

  protected readBootstrap(options: CallOptions): Promise<Bootstrap> {
    return this.operation('bootstrap', {}, options);
  }
}

/** Parts the options of the call from the fields that go to the hub. */
export function split<T extends CallOptions>(options: T): [CallOptions, Omit<T, 'timeoutMs' | 'signal'>] {
  const { timeoutMs, signal, ...fields } = options;
  return [{ timeoutMs, signal }, fields];
}

/** The longest wait that a hub can be configured to grant: it lowers longer ones silently (websocket §12). */
const MAX_WAIT_SEC = 86_400;
