/**
 * The connection that reads: an observer, so that an operator sees all direct messages, other agents' included; whoever is
 * none sees what its token is for. Signing in is
 * the business of another connection (`actor.ts`), because a connection that is bound to an agent sees that agent's direct
 * messages only, and because presence then lives as long as that connection, without a heartbeat.
 *
 * Everything is pushed. What is listed is listed once, and again when the hub says `resync`.
 */
import { HubClient, type Subscription, type TopicChange } from '../../client/index.js';
import { HubError, KEPT_TOPICS, type Message, TOPICS, type Topic, type Whoami } from '../../protocol/index.js';
import { mayKeepTokens, ownName, seesAll } from '../state/access.js';
import type { Action } from '../state/actions.js';
import type { State } from '../state/state.js';
import type { View } from '../state/view.js';

/** Messages that are loaded when the dashboard starts. */
const FIRST_MESSAGES = 500;
const PAGE = 200;
/** Pages looked at for one screen of a quiet conversation. */
const MOST_PAGES = 5;
/** Messages are handed over together at this pace, which is faster than the screen is drawn. */
const BATCH_MS = 20;
/** A thread of so many messages is loaded in pages, without the direct ones. */
const WHOLE_THREAD = 2_000;
const TITLES = 50;

/** Messages, and the oldest id that was looked at for them. */
interface Page {
  readonly messages: readonly Message[];
  readonly from: number;
}

export interface ReaderOptions {
  readonly baseUrl: string;
  readonly token?: string | undefined;
  readonly dispatch: (action: Action) => void;
  readonly state: () => State;
  readonly seenOf: (instanceId: string) => ReadonlyMap<string, number>;
  /** Messages that came while the dashboard was looking on, not those it loaded. */
  readonly onLive: (messages: readonly Message[]) => void;
}

export class Reader {
  readonly #options: ReaderOptions;
  readonly #ending = new AbortController();
  #hub: HubClient | undefined;
  #subscription: Subscription | undefined;
  #queue: Message[] = [];
  #flushing: NodeJS.Timeout | undefined;
  #liveAfter = Number.MAX_SAFE_INTEGER;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Goes on until the hub was reached and its state is known, or `close`. */
  async open(): Promise<void> {
    const { baseUrl, token, dispatch } = this.#options;
    const { signal } = this.#ending;
    let hub: HubClient;
    try {
      hub = await HubClient.connect(undefined, { baseUrl, token, signal });
    } catch (cause) {
      if (signal.aborted) return;
      const error = HubError.from(cause);
      if (error.code !== 'unavailable') {
        dispatch({ type: 'link', which: 'reader', state: 'closed', text: error.message });
        return;
      }
      dispatch({ type: 'link', which: 'reader', state: 'waiting', text: error.message });
      try {
        hub = await HubClient.connect(undefined, { baseUrl, token, signal, waitForHub: true });
      } catch (again) {
        if (!signal.aborted) {
          dispatch({ type: 'link', which: 'reader', state: 'closed', text: HubError.from(again).message });
        }
        return;
      }
    }
    this.#hub = hub;
    hub.on('state', ({ state, error }) => {
      if (state === 'open') {
        dispatch({ type: 'link', which: 'reader', state: 'open' });
        void this.#askWho(hub).catch((cause) => this.#failed(cause));
      } else if (state === 'closed') this.#closed(error);
      else dispatch({ type: 'link', which: 'reader', state: 'lost', text: error?.message });
    });
    hub.on('instance', ({ current }) => void this.#otherHub(current));
    await this.#begin().catch((cause) => this.#failed(cause));
    dispatch({ type: 'link', which: 'reader', state: 'open' });
  }

  /** Resolves when what the subscription replays has arrived and was handed over. */
  async settled(): Promise<void> {
    const { latest_id, since_id } = (await this.#subscription?.ready) ?? { latest_id: 0, since_id: 0 };
    const last_id = await this.#lastVisible(latest_id);
    if (last_id > since_id && (this.#subscription?.lastId ?? 0) < last_id) {
      await new Promise<void>((resolve) => {
        const look = setInterval(() => {
          const over = this.#ending.signal.aborted || this.#hub?.state === 'closed';
          if (!over && (this.#subscription?.lastId ?? 0) < last_id) return;
          clearInterval(look);
          resolve();
        }, BATCH_MS);
      });
    }
    clearTimeout(this.#flushing);
    this.#flush();
  }

  /** The newest message that the reader gets to see, up to `latestId`. */
  async #lastVisible(latestId: number): Promise<number> {
    const hub = this.#hub;
    if (hub === undefined || seesAll(this.#options.state())) return latestId;
    return (await this.#visible(hub, { before_id: latestId + 1, limit: 1 })).at(-1)?.id ?? 0;
  }

  async close(): Promise<void> {
    this.#ending.abort();
    clearTimeout(this.#flushing);
    await this.#hub?.close();
  }

  /** Whom requests are for may change while the actor signs in. */
  async loadRequests(): Promise<void> {
    const hub = this.#hub;
    if (hub === undefined) return;
    const { self } = this.#options.state();
    if (!this.#mayReadFor(self)) return;
    const [inbox, open] = await Promise.all([
      hub.inbox({ agent_id: self, tail: true, limit: PAGE }),
      hub.tasks({ status: 'open' }),
    ]);
    const ids = new Set(open.map(({ task_id }) => task_id));
    const messages = inbox.filter(({ kind, id }) => kind === 'task_request' && ids.has(id));
    this.#options.dispatch({ type: 'requests', messages });
  }

  /** One message, direct ones of others included, since the reader is nobody's connection. */
  async message(id: number): Promise<Message> {
    const hub = this.#hub;
    if (hub === undefined) throw new HubError('unavailable', 'not connected');
    try {
      return await hub.message(id);
    } catch (cause) {
      if (!(cause instanceof HubError && cause.code === 'not_found')) throw cause;
      throw new HubError('not_found', `there is no message ${id}`);
    }
  }

  /** Loads what is older than all that the open view shows. */
  async loadOlder(): Promise<void> {
    const { dispatch, state } = this.#options;
    const { view, historyState, historyFrom, window, history, reader } = state();
    if (historyState !== 'idle' || reader.state !== 'open' || window.floorId === 0) return;
    const before = historyFrom ?? history[0]?.id ?? window.floorId + 1;
    dispatch({ type: 'history-loading' });
    try {
      dispatch({ type: 'history', view, ...(await this.#older(view, before)) });
    } catch (cause) {
      dispatch({ type: 'history-failed' });
      this.#failed(cause);
    }
  }

  /** Loads a page with message `id` in it, instead of what was loaded; what follows the page may be missing. */
  async loadAround(view: View, id: number): Promise<void> {
    const { dispatch, state } = this.#options;
    const { floorId } = state().window;
    const before = Math.min(id + PAGE / 2, floorId + 1);
    const page = await this.#older(view, before);
    dispatch({ type: 'history', view, ...page, ...(before <= floorId && { gapAfter: before - 1 }) });
  }

  async #begin(): Promise<void> {
    const hub = this.#hub;
    if (hub === undefined) return;
    const { dispatch, seenOf, state } = this.#options;
    const info = await hub.hubInfo();
    if (state().instance_id !== info.instance_id) {
      dispatch({ type: 'instance', current: info.instance_id, seen: seenOf(info.instance_id) });
    }
    dispatch({ type: 'hub', info });
    await this.#askWho(hub);
    const latest_id = await latestId(hub);
    const since_id = Math.max(0, latest_id - FIRST_MESSAGES);
    dispatch({ type: 'started', since_id, latest_id });
    this.#liveAfter = latest_id;
    this.#subscription = hub.subscribe({
      ...this.#sight,
      since_id,
      topics: this.#topics,
      onMessage: (message) => this.#arrived(message),
      onChange: (change) => this.#changed(change),
    });
    await this.#subscription.ready;
    await this.#listAll();
    await this.loadRequests();
  }

  #closed(error: HubError | undefined): void {
    const { dispatch } = this.#options;
    dispatch({ type: 'link', which: 'reader', state: 'closed', text: error?.message });
    if (error?.code !== 'unauthorized') return;
    const text = `The hub has closed the connection: ${error.message}. Start the dashboard again with another token.`;
    dispatch({ type: 'notice', text, tone: 'bad' });
  }

  /** What the token is for may change while the hub is away. */
  async #askWho(hub: HubClient): Promise<void> {
    this.#options.dispatch({ type: 'reading', reading: await identityAt(hub) });
  }

  async #otherHub(current: string): Promise<void> {
    const { dispatch, seenOf } = this.#options;
    // What is under way belongs to the hub that was.
    await this.#subscription?.close();
    this.#queue = [];
    dispatch({ type: 'instance', current, seen: seenOf(current) });
    const text = `Another hub answers here now (instance ${current}). What was shown belonged to the one before.`;
    dispatch({ type: 'notice', text, tone: 'bad' });
    await this.#begin().catch((cause) => this.#failed(cause));
  }

  #arrived(message: Message): void {
    this.#queue.push(message);
    this.#flushing ??= setTimeout(() => this.#flush(), BATCH_MS);
  }

  #flush(): void {
    this.#flushing = undefined;
    const messages = this.#queue;
    this.#queue = [];
    if (messages.length === 0) return;
    this.#options.dispatch({ type: 'messages', messages });
    const live = messages.filter(({ id }) => id > this.#liveAfter);
    if (live.length > 0) this.#options.onLive(live);
  }

  #changed(change: TopicChange): void {
    if (change.change === 'resync') void this.#list(change.topic).catch((cause) => this.#failed(cause));
    else this.#options.dispatch({ type: 'change', change });
  }

  async #listAll(): Promise<void> {
    const threads = this.#hub?.threads().then((each) => this.#options.dispatch({ type: 'threads', threads: each }));
    await Promise.all([threads, ...this.#topics.map((topic) => this.#list(topic))]);
    await this.#loadTitles();
  }

  async #list(topic: Topic): Promise<void> {
    const hub = this.#hub;
    const { dispatch } = this.#options;
    if (hub === undefined) return;
    switch (topic) {
      case 'session':
        return dispatch({ type: 'agents', agents: await hub.agents() });
      case 'channel':
        return dispatch({ type: 'channels', channels: await hub.channels() });
      case 'claim':
        return dispatch({ type: 'claims', claims: await hub.claims({ active_only: true }) });
      case 'lock':
        return dispatch({ type: 'locks', locks: await hub.locks({ active_only: true }) });
      case 'task':
        return dispatch({ type: 'tasks', tasks: await hub.tasks() });
      case 'hub':
        return dispatch({ type: 'shutdown', pending: await hub.getShutdown() });
      case 'token':
        return dispatch({ type: 'tokens', tokens: await hub.tokens() });
      case 'audit':
        return dispatch({ type: 'audit', lines: await hub.audit({ tail: true, limit: PAGE }) });
    }
  }

  /** The words of open tasks whose messages were not loaded. */
  async #loadTitles(): Promise<void> {
    const hub = this.#hub;
    const { state, dispatch } = this.#options;
    const { tasks, titles } = state();
    const missing = [...tasks.values()].filter(({ status, task_id }) => status === 'open' && !titles.has(task_id));
    const found = await Promise.all(
      missing.slice(-TITLES).map(({ task_id }) => hub && this.message(task_id).catch(() => undefined)),
    );
    dispatch({ type: 'titles', messages: found.filter((each) => each !== undefined) });
  }

  async #older(view: View, before: number): Promise<Page> {
    const hub = this.#hub;
    if (hub === undefined) throw new HubError('unavailable', 'not connected');
    const page = { before_id: before, limit: PAGE };
    const pageOf = (messages: readonly Message[]) => ({ messages, from: startOf(messages) });
    switch (view.kind) {
      case 'all':
        return seesAll(this.#options.state()) ? this.#replay(hub, before) : pageOf(await this.#visible(hub, page));
      case 'channel': {
        return pageOf(await hub.messages({ channel: view.channel, ...page }));
      }
      case 'thread': {
        const count = this.#options.state().threads.get(view.thread_id)?.message_count ?? 0;
        if (count <= WHOLE_THREAD) {
          const { messages } = await hub.getThread(view.thread_id);
          return { messages: messages.filter(({ id }) => id < before), from: 1 };
        }
        return pageOf(await hub.messages({ thread_id: view.thread_id, ...page }));
      }
      case 'inbox': {
        const { self } = this.#options.state();
        return pageOf(await hub.inbox({ agent_id: self, ...page }));
      }
      case 'direct':
        return this.#olderDirect(hub, view.pair, before);
    }
  }

  /** Both inboxes hold more than this conversation, so several pages may be needed until one of it comes. */
  async #olderDirect(hub: HubClient, pair: readonly [string, string], before: number): Promise<Page> {
    let from = before;
    const found: Message[] = [];
    for (let i = 0; i < MOST_PAGES && from > 1 && found.length === 0; i++) {
      const page = { before_id: from, limit: PAGE };
      const readable = pair.filter((agent_id) => this.#mayReadFor(agent_id));
      if (readable.length === 0) return { messages: [], from: 1 };
      const inboxes = await Promise.all(readable.map((agent_id) => hub.inbox({ agent_id, ...page })));
      // Below the end of a full page nothing is known of that inbox.
      from = Math.max(...inboxes.map(startOf));
      for (const message of inboxes.flat()) {
        if (message.id >= from && pair.includes(message.from_agent)) found.push(message);
      }
    }
    return { messages: found.sort((a, b) => a.id - b.id), from };
  }

  /** What somebody who is no operator may see, just below `before_id`. An observer sees the same whatever it is called. */
  async #visible(hub: HubClient, page: { before_id: number; limit: number }): Promise<Message[]> {
    const state = this.#options.state();
    const agent_id = ownName(state) ?? (state.reading?.role === 'observer' ? state.self : undefined);
    return agent_id === undefined ? [] : hub.operation('events.list', { agent_id, ...page });
  }

  /** All of the log just below `before`, direct messages of others included: a listing would leave those out. */
  #replay(hub: HubClient, before: number): Promise<Page> {
    const since_id = Math.max(0, before - 1 - PAGE);
    const messages: Message[] = [];
    const { signal } = this.#ending;
    return new Promise((resolve, reject) => {
      const done = () => {
        void subscription.close();
        resolve({ messages, from: since_id + 1 });
      };
      const subscription = hub.subscribe({
        ...this.#sight,
        since_id,
        signal,
        onMessage: (message) => {
          if (message.id < before) messages.push(message);
          if (message.id >= before - 1) done();
        },
      });
      subscription.ready.catch(reject);
    });
  }

  /** Whose direct messages are pushed. */
  get #sight(): { agent_id: string | null; include_direct: boolean } {
    const state = this.#options.state();
    if (seesAll(state)) return { agent_id: null, include_direct: true };
    const own = ownName(state);
    return { agent_id: own ?? null, include_direct: own !== undefined };
  }

  get #topics(): Topic[] {
    return mayKeepTokens(this.#options.state()) ? [...TOPICS, ...KEPT_TOPICS] : [...TOPICS];
  }

  #mayReadFor(agentId: string): boolean {
    const state = this.#options.state();
    return seesAll(state) || (state.reading?.role !== 'observer' && ownName(state) === agentId);
  }

  #failed(cause: unknown): void {
    if (this.#ending.signal.aborted) return;
    const { message } = HubError.from(cause);
    this.#options.dispatch({ type: 'notice', text: `The hub did not answer as it should: ${message}`, tone: 'bad' });
  }
}

/** A hub of an earlier version does not say whom it takes one for. */
async function identityAt(hub: HubClient): Promise<Whoami | undefined> {
  try {
    return await hub.identity();
  } catch (cause) {
    if (cause instanceof HubError && (cause.code === 'unknown_method' || cause.code === 'not_found')) return undefined;
    throw cause;
  }
}

/** Where a page begins; nothing is older than what a page holds that is not full. */
const startOf = (messages: readonly Message[]): number => (messages.length < PAGE ? 1 : (messages[0]?.id ?? 1));

/** Newest id of the whole log: what is asked for an agent leaves out direct messages of others. */
async function latestId(hub: HubClient): Promise<number> {
  await using now = hub.subscribe({ onMessage: () => undefined });
  return (await now.ready).latest_id;
}
