/**
 * What one caller may ask of the hub, so that it leaves enough to the others (identity §8). All of it is decided here; doors
 * answer `rate_limited` as any other error, and close what they are told to close.
 *
 * Who is counted. On this machine posts are counted by the agent they are from, and nothing else: there the caps of the hub
 * hold. Off this machine everything is counted by the token, and by the address of whoever has none, since a caller that
 * may act under many names could take another one for each post. An operator may do anything anyway: its posts are counted
 * by agent wherever it is, so that one that speaks for many is not held to the share of one.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.js';
import { type BucketRate, TokenBucket } from '../../base/token-bucket.js';
import { HubError, type Stats } from '../../protocol/index.js';
import type { HubConfig } from '../config.js';
import { type Caller, isOnThisMachine, networkOf } from './caller.js';

export type Limited = keyof Stats['limited'];
/** What is open for a while. */
export type Held = 'connections' | 'waits' | 'subscriptions';

/** Somebody has met a limit. */
export interface LimitMet {
  readonly what: Limited;
  /** An agent; else the token or the address. */
  readonly who: string;
  readonly retry_after_sec: number;
}

type LimitSettings = Pick<
  HubConfig,
  | 'max_posts_per_sec'
  | 'max_posts_burst'
  | 'max_posted_bytes_per_min'
  | 'max_connections_per_sec'
  | 'max_caller_connections'
  | 'max_caller_waits'
  | 'max_caller_subscriptions'
>;

interface Spender {
  readonly posts: TokenBucket;
  readonly bytes: TokenBucket;
}

/** Refusals of a connection, one soon after the other. */
interface Streak {
  sinceMs: number;
  lastMs: number;
  /** As long as it was asked to wait the last time. */
  askedMs: number;
}

/** Callers remembered, of each kind; the oldest are forgotten first, and begin anew. */
const MAX_KNOWN = 20_000;
/** How often those are forgotten who have not come for so long that they would begin anew anyway. */
const FORGET_MS = 60_000;
/** How often it is told of one caller that it meets limits, and of how many callers meanwhile. */
const TELL_MS = 60_000;
const MAX_TOLD = 1_000;
/** A connection that goes on so long though it is refused is closed. */
const PATIENCE_MS = 60_000;

export class CallerLimits {
  /** Refusals since the start. */
  readonly refused: Record<Limited, number> = {
    posts: 0,
    bytes: 0,
    connections: 0,
    waits: 0,
    subscriptions: 0,
    tokens: 0,
  };
  /** Told at most once a minute of each caller. */
  onMet: (met: LimitMet) => void = () => undefined;
  readonly #settings: LimitSettings;
  readonly #clock: Clock;
  readonly #agents: Known<Spender>;
  readonly #strangers: Known<Spender>;
  readonly #addresses: Known<TokenBucket>;
  readonly #held = { connections: new Map(), waits: new Map(), subscriptions: new Map() } satisfies Counts;
  readonly #max: Readonly<Record<Held, number>>;
  /** Whom an open socket is counted for. */
  readonly #payers = new WeakMap<Socket, string>();
  readonly #told = new Map<string, number>();
  readonly #streaks = new WeakMap<object, Streak>();

  constructor(settings: LimitSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    const { max_posts_per_sec, max_posts_burst, max_posted_bytes_per_min, max_connections_per_sec } = settings;
    const posts: BucketRate = { perMs: max_posts_per_sec / 1_000, burst: max_posts_burst };
    const bytes: BucketRate = { perMs: max_posted_bytes_per_min / 60_000, burst: max_posted_bytes_per_min };
    const connections: BucketRate = { perMs: max_connections_per_sec / 1_000, burst: max_connections_per_sec };
    const spender = (nowMs: number) => ({
      posts: new TokenBucket(posts, nowMs),
      bytes: new TokenBucket(bytes, nowMs),
    });
    const isIdle = (each: Spender, nowMs: number) => each.posts.isFull(nowMs) && each.bytes.isFull(nowMs);
    this.#agents = new Known(spender, isIdle);
    this.#strangers = new Known(spender, isIdle);
    this.#addresses = new Known(
      (nowMs) => new TokenBucket(connections, nowMs),
      (bucket, nowMs) => bucket.isFull(nowMs),
    );
    this.#max = {
      connections: settings.max_caller_connections,
      waits: settings.max_caller_waits,
      subscriptions: settings.max_caller_subscriptions,
    };
  }

  /**
   * Counts a post, unless it is one too many. On the way of every post: one look-up, and nothing made.
   *
   * @param agent whom the post is from
   * @throws {HubError} `rate_limited`; nothing was counted
   */
  mayPost(caller: Caller, agent: string, bytes: number): void {
    const nowMs = this.#clock.monotonicMs();
    const isStranger = caller.remote && (caller.role !== 'operator' || caller.grant === undefined);
    const known = isStranger ? this.#strangers.of(payerOf(caller), nowMs) : this.#agents.of(agent, nowMs);
    const waitMs = known.posts.waitMs(1, nowMs);
    if (waitMs > 0) {
      throw this.#refuse(
        'posts',
        agent,
        waitMs,
        `posts more than ${this.#settings.max_posts_per_sec} messages a second`,
      );
    }
    const bytesWaitMs = known.bytes.waitMs(bytes, nowMs);
    if (bytesWaitMs > 0) {
      const most = this.#settings.max_posted_bytes_per_min;
      throw this.#refuse('bytes', agent, bytesWaitMs, `posts more than ${most} bytes a minute`);
    }
    known.posts.take(1);
    known.bytes.take(bytes);
  }

  /** Whether a connection may come in at all. @param address undefined: a proxy's, which brings those of many */
  mayConnect(address: string | undefined): boolean {
    if (address === undefined || isOnThisMachine(address)) return true;
    const nowMs = this.#clock.monotonicMs();
    const bucket = this.#addresses.of(networkOf(address), nowMs);
    const waitMs = bucket.waitMs(1, nowMs);
    if (waitMs === 0) bucket.take(1);
    else this.note('connections', address, seconds(waitMs));
    return waitMs === 0;
  }

  /**
   * Counts an open connection, for its address until `identified` says whose it is: one that never says so is held to its
   * address for good. False: it is one too many.
   */
  opened(socket: Socket, address: string | undefined): boolean {
    if (address === undefined || isOnThisMachine(address)) return true;
    const network = networkOf(address);
    if (this.#take('connections', network)) {
      this.#pays(socket, network);
      return true;
    }
    this.note('connections', address, 1);
    return false;
  }

  /**
   * Counts an open connection for whoever has just asked something on it.
   *
   * @throws {HubError} `rate_limited`
   */
  identified(socket: Socket, caller: Caller): void {
    if (!caller.remote) return;
    const payer = payerOf(caller);
    if (this.#payers.get(socket) === payer || socket.destroyed) return;
    if (!this.#take('connections', payer)) throw this.#tooMany('connections', caller);
    this.#pays(socket, payer);
  }

  /**
   * Counts what is open for a while.
   *
   * @returns what ends it; it may be called more than once
   * @throws {HubError} `rate_limited`
   */
  hold(what: Held, caller: Caller): () => void {
    if (!caller.remote) return NOTHING;
    const payer = payerOf(caller);
    if (!this.#take(what, payer)) throw this.#tooMany(what, caller);
    let isOpen = true;
    return () => {
      if (isOpen) this.#give(what, payer);
      isOpen = false;
    };
  }

  /**
   * Whether a connection that was just refused has not paused for so long that it has to go. A pause is half of the time
   * that it was asked to wait: what is on its way when the first refusal arrives counts against nobody.
   */
  hasWorn(connection: object, retry_after_sec: number): boolean {
    const nowMs = this.#clock.monotonicMs();
    const streak = this.#streaks.get(connection) ?? { sinceMs: nowMs, lastMs: nowMs, askedMs: 0 };
    this.#streaks.set(connection, streak);
    if (nowMs - streak.lastMs >= streak.askedMs / 2) streak.sinceMs = nowMs;
    streak.lastMs = nowMs;
    streak.askedMs = retry_after_sec * 1_000;
    return nowMs - streak.sinceMs >= PATIENCE_MS;
  }

  /** Counts a refusal, and tells of it. */
  note(what: Limited, who: string, retry_after_sec: number): void {
    this.refused[what]++;
    const nowMs = this.#clock.monotonicMs();
    for (const [known, sinceMs] of this.#told) {
      if (nowMs - sinceMs < TELL_MS) break;
      this.#told.delete(known);
    }
    if (this.#told.has(who) || this.#told.size >= MAX_TOLD) return;
    this.#told.set(who, nowMs);
    this.onMet({ what, who, retry_after_sec });
  }

  #refuse(what: Limited, who: string, waitMs: number, text: string): HubError {
    const retry_after_sec = seconds(waitMs);
    this.note(what, who, retry_after_sec);
    return new HubError('rate_limited', `${who} ${text}: wait ${retry_after_sec} s`, { retry_after_sec });
  }

  #tooMany(what: Held, { names, grant, address }: Caller): HubError {
    const who = names?.only ?? (grant === undefined ? address : `token ${grant.id}`);
    return this.#refuse(what, who, 1_000, `has ${this.#max[what]} ${what} open, which is all that it may have`);
  }

  #pays(socket: Socket, payer: string): void {
    const before = this.#payers.get(socket);
    this.#payers.set(socket, payer);
    if (before !== undefined) this.#give('connections', before);
    else socket.once('close', () => this.#give('connections', this.#payers.get(socket) ?? payer));
  }

  #take(what: Held, payer: string): boolean {
    const held = this.#held[what].get(payer) ?? 0;
    if (held >= this.#max[what]) return false;
    this.#held[what].set(payer, held + 1);
    return true;
  }

  #give(what: Held, payer: string): void {
    const held = this.#held[what].get(payer) ?? 0;
    if (held > 1) this.#held[what].set(payer, held - 1);
    else this.#held[what].delete(payer);
  }
}

/**
 * About what a post takes up: texts by their bytes, anything else by a word. That it is cheap counts more here than that it
 * is exact.
 */
export function roughBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null) return value === undefined ? 0 : WORD_BYTES;
  let bytes = WORD_BYTES;
  if (Array.isArray(value)) for (const item of value) bytes += roughBytes(item);
  else for (const key in value) bytes += key.length + roughBytes((value as Record<string, unknown>)[key]);
  return bytes;
}

type Counts = Readonly<Record<Held, Map<string, number>>>;

/** Callers by name, until they have nothing that would have to be remembered. */
class Known<T> {
  readonly #byName = new Map<string, T>();
  readonly #begin: (nowMs: number) => T;
  readonly #isIdle: (known: T, nowMs: number) => boolean;
  #forgotMs = 0;

  constructor(begin: (nowMs: number) => T, isIdle: (known: T, nowMs: number) => boolean) {
    this.#begin = begin;
    this.#isIdle = isIdle;
  }

  of(name: string, nowMs: number): T {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    if (nowMs - this.#forgotMs >= FORGET_MS) this.#forget(nowMs);
    const [oldest] = this.#byName.size >= MAX_KNOWN ? this.#byName.keys() : [];
    if (oldest !== undefined) this.#byName.delete(oldest);
    const begun = this.#begin(nowMs);
    this.#byName.set(name, begun);
    return begun;
  }

  #forget(nowMs: number): void {
    this.#forgotMs = nowMs;
    for (const [name, known] of this.#byName) if (this.#isIdle(known, nowMs)) this.#byName.delete(name);
  }
}

/** For whom a caller off this machine is counted. No address looks like the id of a token. */
const payerOf = ({ grant, address }: Caller) => grant?.id ?? networkOf(address);

const seconds = (waitMs: number) => Math.max(1, Math.ceil(waitMs / 1_000));

const NOTHING = () => undefined;
const WORD_BYTES = 8;
