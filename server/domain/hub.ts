import { randomUUID } from 'node:crypto';
import { type Clock, type Timer, timestamp } from '../../base/clock.js';
import { HubError, JsonText, type Limits } from '../../protocol/index.js';
import { Awake, LOOK_MS } from './awake.js';
import type { CommandName, Commands, Written } from './commands/index.js';
import { hasCompleted, type PostMessage } from './commands/messages.js';
import { encodeMessage } from './encode.js';
import { Feed } from './feed.js';
import { interestOf, matches } from './filter.js';
import { Forgiveness } from './forgiveness.js';
import { LeaseClock } from './lease-clock.js';
import type { Sent } from './party.js';
import { Presence } from './presence.js';
import { RateMeter } from './rate-meter.js';
import type { MessageRow, SessionRow, WriteKey } from './rows.js';
import { presenceCutoff } from './rules/sessions.js';
import { Shutdown } from './shutdown.js';
import type { MessagePage, Store } from './store.js';
import { Waiters } from './waiters.js';

export interface HubSettings {
  readonly limits: Limits;
  readonly presence_ttl_sec: number;
  readonly max_waiters: number;
  readonly durability: 'full' | 'normal';
  readonly listen_host: string;
  readonly allow_remote: boolean;
  readonly auth: { readonly mode: 'open' | 'required'; readonly insecure: boolean };
  readonly version: string;
}

/** How a request is waited for. */
export interface Calling {
  readonly timeout_sec: number;
  readonly signal: AbortSignal;
  readonly key: WriteKey | undefined;
  /** Called when the request is stored. */
  readonly posted: (() => void) | undefined;
  /** What the caller may see at all. */
  readonly sees: (sent: Sent) => boolean;
}

export interface HubLog {
  info(details: object, text: string): void;
  warn(details: object, text: string): void;
  error(details: object, text: string): void;
}

/** What the hub is, apart from its doors: rules over the store, presence, waiting, and the feed of all that happens. */
export class Hub {
  readonly store: Store;
  readonly settings: HubSettings;
  readonly clock: Clock;
  readonly feed: Feed;
  readonly waiters: Waiters;
  readonly presence: Presence;
  readonly shutdown: Shutdown;
  readonly posts: RateMeter;
  readonly pushes: RateMeter;
  readonly startedMs: number;
  readonly #leases: LeaseClock;
  readonly #log: HubLog;
  /** Agents by when a request by capability went to them last. */
  readonly #picked = new Map<string, number>();
  readonly #liveness = new Map<string, boolean>();
  #picks = 0;
  #allowRemote: boolean;
  #sweepTimer: Timer | undefined;
  readonly #forgiveness: Forgiveness;
  #timeTimer: Timer | undefined;

  /** @param onShutdown ends the process side of the hub; called when a shutdown falls due */
  constructor(store: Store, settings: HubSettings, clock: Clock, log: HubLog, onShutdown: () => void) {
    this.store = store;
    this.settings = settings;
    this.clock = clock;
    this.#log = log;
    this.#allowRemote = settings.allow_remote;
    this.startedMs = clock.nowMs();
    this.feed = new Feed((interested) => store.watch(interested));
    this.presence = new Presence(clock);
    const ttlMs = settings.presence_ttl_sec * 1_000;
    this.#forgiveness = new Forgiveness(store, this.presence, new Awake(clock), ttlMs, log);
    this.waiters = new Waiters(this.feed, clock, settings.max_waiters);
    this.shutdown = new Shutdown(store, this.feed, clock, onShutdown);
    this.posts = new RateMeter(clock);
    this.pushes = new RateMeter(clock);
    this.#leases = new LeaseClock(
      store,
      this.feed,
      clock,
      () => this.settle(),
      (err) => log.error({ err }, 'lease clock failed'),
    );
    store.onCommit((committed) => {
      this.posts.add(committed.messages.length);
      this.feed.publish(committed);
    });
    store.onHealth((problem) => {
      if (problem !== undefined) log.error({ storage: store.location }, `THE STORE IS LOST: ${problem}`);
      else log.warn({ storage: store.location }, 'the store is back; writes go on');
      const change = problem === undefined ? 'store_back' : 'store_lost';
      this.feed.announce({ topic: 'hub', change, value: { problem: problem ?? null } });
    });
    this.feed.listen(({ changes }) => {
      for (const change of changes) if (change.topic === 'session') this.#liveness.delete(change.row.agent_id);
    });
  }

  async start(): Promise<void> {
    await this.#leases.start();
    this.#armSweep();
    this.#watchTime();
  }

  get now(): string {
    return timestamp(this.clock.nowMs());
  }

  get allowRemote(): boolean {
    return this.#allowRemote;
  }

  write<K extends CommandName>(
    name: K,
    input: Commands[K]['in'],
    key?: WriteKey,
  ): Promise<Written<Commands[K]['out']>> {
    // In front of it in the same group: a lease that ended while everybody slept has not ended.
    this.#forgiveness.look();
    return this.store.write(name, input, key);
  }

  setAllowRemote(allow: boolean): void {
    this.#allowRemote = allow;
    this.feed.announce({
      topic: 'hub',
      change: 'network',
      value: { allow_remote: allow, listen_host: this.settings.listen_host },
    });
  }

  newSessionId(): string {
    return randomUUID();
  }

  /**
   * Waits until time that nobody could use has been made up for, so that nobody is taken for gone who slept too. Called
   * before anything that asks what has ended; at once where nothing was missed.
   */
  async settle(): Promise<void> {
    await this.#forgiveness.settle();
  }

  /** Live sessions after expiry, ascending by agent id. */
  async liveSessions(): Promise<SessionRow[]> {
    await this.#expireNow();
    return (await this.store.activeSessions()).map((row) => this.presence.apply(row));
  }

  async sessionOf(agentId: string): Promise<SessionRow | undefined> {
    const row = await this.store.activeSessionOf(agentId);
    return row && this.presence.apply(row);
  }

  /** Whether the agent has an active session; remembered until a session of it changes. */
  async isActive(agentId: string): Promise<boolean> {
    const known = this.#liveness.get(agentId);
    if (known !== undefined) return known;
    const active = (await this.store.activeSessionOf(agentId)) !== undefined;
    if (this.#liveness.size > 100_000) this.#liveness.clear();
    this.#liveness.set(agentId, active);
    return active;
  }

  /**
   * Reads a page, waiting up to `timeoutSec` for the first match.
   * @param holding agent that stays present while it waits (arc-v1 §6.1)
   */
  async messages(page: MessagePage, timeoutSec: number, signal: AbortSignal, holding?: string): Promise<JsonText[]> {
    if (timeoutSec <= 0 || page.before_id !== undefined) return (await this.store.messages(page)).map(encodeMessage);
    const newer = (row: MessageRow) => row.id > page.since_id && matches(page, row);
    using collector = this.waiters.collect(page.limit);
    collector.from(interestOf(page), newer);
    const release = holding === undefined ? undefined : this.presence.hold(holding);
    try {
      const rows = await this.store.messages(page);
      if (rows.length > 0) return rows.map(encodeMessage);
      const found = await collector.until(timeoutSec * 1_000, signal);
      return found.map(({ json }) => new JsonText(json));
    } finally {
      release?.();
    }
  }

  async requireChannel(name: string): Promise<void> {
    if (!(await this.store.channelExists(name))) throw new HubError('not_found', 'channel not found');
  }

  /**
   * Posts a request and waits for its result, from whom it was asked of or whoever else has completed its task
   * (websocket §6).
   *
   * @throws {HubError} `timeout` with `details.request_id`; the task stays open and a late result arrives as a message
   */
  async call(request: PostMessage, { timeout_sec, signal, key, posted, sees }: Calling): Promise<JsonText> {
    const caller = request.from_agent;
    using collector = this.waiters.collect(1);
    const { outcome, replayed } = await this.store.write('post', request, key);
    posted?.();
    // Nobody can have answered yet: this goes on in the turn of the commit that gave the request its id.
    const requestId = outcome.message.id;
    const asked = outcome.message.to_agent;
    const answers = (row: MessageRow) =>
      row.kind === 'task_result' &&
      row.reply_to === requestId &&
      (row.to_agent === null || row.to_agent === caller) &&
      sees(row) &&
      (row.from_agent === asked || hasCompleted(row, requestId));
    collector.from({ requests: [requestId] }, answers);
    if (replayed) {
      const earlier = (await this.store.resultsOf(requestId)).find(answers);
      if (earlier !== undefined) return encodeMessage(earlier);
    }
    const release = this.presence.hold(caller);
    try {
      const [result] = await collector.until(timeout_sec * 1_000, signal);
      if (result !== undefined) return new JsonText(result.json);
    } finally {
      release();
    }
    const details = { request_id: requestId, ...(signal.aborted && { cancelled: true }) };
    throw new HubError('timeout', `RPC to ${asked ?? ''} timed out after ${timeout_sec}s`, details);
  }

  /** A live agent that has the capability, least recently picked first. @throws {HubError} `not_found` */
  async pickCapable(capability: string): Promise<string> {
    const capable = (await this.liveSessions()).filter((row) => capabilitiesOf(row).includes(capability));
    capable.sort((a, b) => (this.#picked.get(a.agent_id) ?? 0) - (this.#picked.get(b.agent_id) ?? 0));
    const chosen = capable[0]?.agent_id;
    if (chosen === undefined) throw new HubError('not_found', `no live agent has capability: ${capability}`);
    this.#picked.set(chosen, ++this.#picks);
    return chosen;
  }

  /** Writes presence and expires who was silent too long, recovering their leases. */
  async sweep(): Promise<void> {
    await this.settle();
    const touches = this.presence.take(this.settings.presence_ttl_sec * 2_000);
    try {
      const input = { presence_ttl_sec: this.settings.presence_ttl_sec, touches };
      const { outcome } = await this.write('sweep', input);
      for (const { agent_id, session_id } of outcome.expired)
        this.#log.info({ agent_id, session_id }, 'session expired');
      if (outcome.recovered > 0) this.#log.info({ leases: outcome.recovered }, 'leases recovered');
    } catch (cause) {
      this.presence.restore(touches);
      throw cause;
    }
  }

  /** Answers all waits and writes what only memory knows. Doors are closed by then. */
  async stop(): Promise<void> {
    this.#sweepTimer?.cancel();
    this.#timeTimer?.cancel();
    this.#leases.stop();
    this.waiters.close();
    await this.sweep();
  }

  #watchTime(): void {
    this.#timeTimer = this.clock.after(LOOK_MS, () => {
      this.#forgiveness.look();
      this.#watchTime();
    });
  }

  async #expireNow(): Promise<void> {
    await this.settle();
    const cutoff = presenceCutoff(this.clock.nowMs(), this.settings.presence_ttl_sec);
    if (await this.store.hasSessionsBefore(cutoff)) await this.sweep();
  }

  #armSweep(): void {
    const everyMs = Math.max(1, Math.floor(this.settings.presence_ttl_sec / 3)) * 1_000;
    this.#sweepTimer = this.clock.after(everyMs, () => {
      this.#sweepWhenNeeded()
        .catch((err) => this.#log.error({ err }, 'sweep failed'))
        .finally(() => this.#armSweep());
    });
  }

  async #sweepWhenNeeded(): Promise<void> {
    if (this.presence.dirty) await this.sweep();
    else await this.#expireNow();
  }
}

export function capabilitiesOf(row: SessionRow): unknown[] {
  try {
    const list: unknown = JSON.parse(row.capabilities_json || '[]');
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
