import { onAbort } from '../base/abort.js';
import type { Bootstrap, HubError, Message, Session } from '../protocol/index.js';
import { cancelled } from './failures.js';
import { type HttpOptions, HttpTransport } from './http/http-transport.js';
import { type CallOptions, HubOperations, split, type WriteOptions } from './hub-operations.js';
import type { ParamsOf } from './operation-params.js';
import { PollCursors } from './poll-cursors.js';
import { type RelayOptions, RelayTransport } from './relay/relay-transport.js';
import { type ServeOptions, serve, type Tools } from './serve.js';
import { type SubscribeOptions, Subscription } from './subscription.js';
import type { ClientEvents, ConnectionState, Transport } from './transport.js';
import { type SessionParams, type WebSocketOptions, WebSocketTransport } from './websocket/websocket-transport.js';

const GOODBYE_MS = 2_000;

export interface SessionOptions {
  /** What people see (default: the agent's id). */
  readonly displayName?: string | undefined;
  /** What other agents may ask of this one, by `call({ capability })`. */
  readonly capabilities?: readonly string[] | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Takes over from a live session of the same agent (default true, as in Arc). With false, a live session makes this
   * fail with `conflict`.
   */
  readonly replace?: boolean | undefined;
}

interface ClientOptions {
  /** For calls that name no time of their own, in ms (default 30_000). */
  readonly timeoutMs?: number | undefined;
}

export interface ConnectOptions extends SessionOptions, WebSocketOptions, ClientOptions {
  /** Takes up a live session of the same agent, with its id, claims and locks, instead of replacing it (websocket §4). */
  readonly resume?: boolean | undefined;
  /** Gives up connecting. */
  readonly signal?: AbortSignal | undefined;
}

export interface OverHttpOptions extends HttpOptions, ClientOptions {}

export interface OverRelayOptions extends RelayOptions, ClientOptions {}

export interface QuickstartOptions extends OverHttpOptions, SessionOptions {}

export interface PollOptions extends CallOptions {
  /** Leaves out what this agent sent itself (default true). */
  readonly exclude_self?: boolean | undefined;
  /** Seconds to wait for the first message (default 30, at most 60). */
  readonly timeout?: number | undefined;
  readonly channel?: string | undefined;
  readonly thread_id?: string | undefined;
  /** Messages of one answer (default 100, at most 500). */
  readonly limit?: number | undefined;
}

/**
 * An agent's place at the hub: one interface over WebSocket, HTTP and the file relay.
 *
 *     const hub = await HubClient.connect('ana');
 *     await hub.post('general', 'hello');
 *     for await (const message of hub.subscribe()) console.log(message.from_agent, message.body);
 *
 * A lost connection is made again, with the session, the subscriptions and every call that was not answered. Events tell
 * of it (`on`). It is over when the client is closed, when another connection takes the agent's place (close code 4001),
 * or when the hub refuses it; `closed` says which.
 */
export class HubClient extends HubOperations implements AsyncDisposable {
  readonly #cursors = new PollCursors();
  #session: Session | undefined;
  #closing: Promise<void> | undefined;

  /** A client over any transport; `connect` and `overHttp` are the usual ways to get one. */
  constructor(transport: Transport, agentId?: string, options: ClientOptions = {}) {
    super(transport, agentId, options.timeoutMs);
    transport.events.on('session', ({ session }) => {
      if (session.agent_id === agentId) this.#session = session;
    });
    transport.events.on('instance', () => this.#cursors.reset());
  }

  /**
   * Connects over WebSocket and signs in, bound to the agent from then on.
   *
   * @param agentId undefined observes: it reads, subscribes, and names an agent in each call that needs one
   * @throws {HubError} `unavailable`: no hub there (with `waitForHub` it goes on trying instead). `conflict`: with
   *   `replace: false`, the agent has a live session. `forbidden`, `unauthorized`: not let in
   * Source: websocket §1, §4.
   */
  static async connect(agentId?: string, options: ConnectOptions = {}): Promise<HubClient> {
    const { signal } = options;
    const transport = new WebSocketTransport(agentId === undefined ? undefined : signIn(agentId, options), options);
    const client = new HubClient(transport, agentId, options);
    const forget = onAbort(signal, () => void transport.close());
    if (signal?.aborted) await transport.close();
    try {
      await transport.ready;
    } catch (cause) {
      throw signal?.aborted ? cancelled('connect', signal) : cause;
    } finally {
      forget();
    }
    return client;
  }

  /**
   * A client that makes an HTTP request for each call. It does nothing until it is asked: `register` signs in.
   *
   * @param agentId undefined reads only, or names an agent in each call that needs one
   * Source: arc-v1 §9.1.
   */
  static overHttp(agentId?: string, options: OverHttpOptions = {}): HubClient {
    return new HubClient(new HttpTransport(options, agentId), agentId, options);
  }

  /**
   * A client that writes each call as a file into a folder that the hub serves, and reads its answer there: for an agent
   * that can reach the hub by no other way. It does nothing until it is asked: `register` signs in.
   *
   * Errors of the hub come with their text. On the way to it: `unavailable`, when the request could not be written
   * (`details.status` 597) or the relay has lost the hub (599); `timeout`, when nobody has answered (598).
   *
   * Source: arc-v1 §7, §9.1.
   */
  static overRelay(agentId?: string, options: OverRelayOptions = {}): HubClient {
    return new HubClient(new RelayTransport(agentId, options), agentId, options);
  }

  /**
   * `overHttp`, signed in, with the cursor of `poll` at the newest message.
   *
   * Source: arc-v1 §9.1.
   */
  static async quickstart(agentId: string, options: QuickstartOptions = {}): Promise<HubClient> {
    const client = HubClient.overHttp(agentId, options);
    const { displayName, capabilities, metadata, replace } = options;
    await client.register({ displayName, capabilities, metadata, replace });
    await client.bootstrap();
    return client;
  }

  /**
   * Does what this agent is asked for, until the client closes or `signal` is aborted: requests of ARCP clients and of
   * agents alike, those included that came while it was away.
   *
   *     await hub.serve({ reviewer: async (input, { progress }) => { await progress(1, 2); return { ok: true }; } });
   *
   * @param tools by the name that was asked for (`cap.` is left away); `*` does all others
   * Source: arcp §D.4.
   */
  serve(tools: Tools, options: ServeOptions = {}): Promise<void> {
    return serve(this, tools, options);
  }

  get state(): ConnectionState {
    return this.transport.state;
  }

  /** Identity of the hub's store; undefined until the hub has answered once. */
  get instanceId(): string | undefined {
    return this.transport.instanceId;
  }

  /** This agent's session; undefined until it has signed in. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** Resolves when the client is over, with the reason unless it was closed here. Never rejects. */
  get closed(): Promise<HubError | undefined> {
    return this.transport.closed;
  }

  /**
   * Listens to `state`, `instance`, `session` or `hub`.
   *
   * @returns call it to stop listening
   */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void {
    return this.transport.events.on(name, listener);
  }

  /**
   * Signs in, or signs in anew. `connect` has done it already.
   *
   * @throws {HubError} `conflict`: with `replace: false`, the agent has a live session
   * Source: arc-v1 §4.1.
   */
  async register(options: SessionOptions & WriteOptions = {}): Promise<Session> {
    const { displayName, capabilities, metadata, replace = true, ...others } = options;
    const [call, fields] = split(others);
    // The transport announces the session, and remembers how the agent signed in.
    return this.operation(
      'sessions.open',
      {
        ...fields,
        agent_id: this.agentId,
        display_name: displayName,
        capabilities: capabilities === undefined ? undefined : [...capabilities],
        metadata: metadata === undefined ? undefined : { ...metadata },
        replace,
      } satisfies ParamsOf<'sessions.open'>,
      call,
    );
  }

  /**
   * What an agent needs at its start: its session, who is there, where the log stands. `poll` continues after
   * `latest_visible_id`, whatever its filter.
   *
   * Source: arc-v1 §4.5, §9.2.
   */
  async bootstrap(options: CallOptions = {}): Promise<Bootstrap> {
    const result = await this.readBootstrap(options);
    this.#cursors.startAfter(result.latest_visible_id);
    return result;
  }

  /** The same as `bootstrap`. */
  whoami(options: CallOptions = {}): Promise<Bootstrap> {
    return this.bootstrap(options);
  }

  /**
   * The messages since the last poll with the same filter; waits for the first one. Each filter has a cursor of its own,
   * which begins where `bootstrap` left the log, or else at the log's beginning. `subscribe` does the same without asking.
   *
   * @returns ascending by id; empty when `timeout` seconds passed without any
   * Source: arc-v1 §4.10, §9.2.
   */
  async poll(options: PollOptions = {}): Promise<Message[]> {
    const { exclude_self = true, timeout = 30, channel, thread_id, limit, ...call } = options;
    const filter = [channel, thread_id, exclude_self];
    const since_id = this.#cursors.get(filter);
    const messages = await this.events({ exclude_self, timeout, channel, thread_id, limit, since_id, ...call });
    const last = messages.at(-1);
    if (last !== undefined) this.#cursors.advance(filter, last.id);
    return messages;
  }

  /**
   * Messages as they come, from now on unless `since_id` says otherwise: as an async iterator, or to `onMessage`. Over
   * WebSocket the hub pushes them, and the changes of `topics` too; over HTTP they are asked for by long-polls.
   *
   * The first subscription of a WebSocket client begins before whatever the client asks next; for others, and over HTTP,
   * "now" is when `ready` of the subscription resolves.
   *
   * @param options `since_id`: a number replays what came after it; `"cursor"` begins at the agent's durable cursor.
   *   `channels` filters broadcasts, direct messages to the agent come regardless unless `include_direct` is false
   * Source: websocket §5.
   */
  subscribe(options: SubscribeOptions = {}): Subscription {
    const {
      agent_id = this.agentId,
      channels,
      thread_id,
      kinds,
      topics,
      since_id,
      exclude_self,
      include_direct,
    } = options;
    const request = {
      agent_id: agent_id ?? undefined,
      channels,
      thread_id,
      kinds,
      topics,
      since_id,
      exclude_self,
      include_direct,
    };
    return new Subscription(options, (sink) => this.transport.subscribe(request, sink));
  }

  /**
   * Ends every subscription, signs out, and closes the connection. May be called again, and never rejects.
   *
   * @param options `keepSession: true` leaves without signing out: the session stays until the presence TTL has passed
   * Source: arc-v1 §4.3, §9.2.
   */
  close(options: { readonly keepSession?: boolean } = {}): Promise<void> {
    this.#closing ??= this.#close(options.keepSession === true);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(keepSession: boolean): Promise<void> {
    const session = this.#session;
    if (!keepSession && session !== undefined && this.state === 'open') {
      const lost = new AbortController();
      const forget = this.on('state', ({ state }) => state !== 'open' && lost.abort());
      // A session that is gone already, or a hub that is, is as good.
      await this.operation(
        'sessions.close',
        { session_id: session.session_id },
        { timeoutMs: GOODBYE_MS, signal: lost.signal },
      ).catch(() => undefined);
      forget();
    }
    await this.transport.close();
  }
}

function signIn(agent_id: string, options: ConnectOptions): SessionParams {
  const { displayName, capabilities, metadata, resume, replace = resume !== true } = options;
  return { agent_id, display_name: displayName, capabilities, metadata, replace, resume };
}
