import { type Clock, systemClock, type Timer } from '../../base/clock.js';
import type { HubClient } from '../../client/hub-client.js';
import { HubError } from '../../protocol/index.js';

export interface MembershipOptions {
  readonly clock?: Clock | undefined;
  /** Told when the hub is reached, lost, or reached again. */
  readonly onNews?: ((level: 'info' | 'warning', text: string) => void) | undefined;
  /** False while nobody is at the other end: the agent is then left to expire, until `join` is called again. */
  readonly isPresent?: (() => boolean) | undefined;
  /** Recorded with the session when this program opens it. */
  readonly metadata?: (() => Readonly<Record<string, unknown>>) | undefined;
}

const RETRY_MS = 3_000;

const isRefusal = (cause: unknown): cause is HubError =>
  cause instanceof HubError && (cause.code === 'unauthorized' || cause.code === 'forbidden');

/**
 * Keeps an agent signed in for as long as a program lives, sharing its name with whoever else uses it: a session that is
 * live already is left alone, and only the session that was opened here is closed in the end.
 */
export class Membership implements AsyncDisposable {
  readonly #hub: HubClient;
  readonly #options: MembershipOptions;
  readonly #clock: Clock;
  #joining: Promise<void> | undefined;
  #joined = false;
  #reachable = true;
  #beatMs = RETRY_MS;
  #timer: Timer | undefined;
  #lapsed = false;
  #over = false;

  constructor(hub: HubClient, options: MembershipOptions = {}) {
    this.#hub = hub;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Signs in, and goes on doing so whenever the session is gone; never rejects. */
  start(): void {
    if (this.#over || this.#timer !== undefined) return;
    this.#timer = this.#clock.after(0, () => this.#beat());
  }

  /**
   * Resolves when the agent has been at the hub once: `poll` begins there.
   *
   * @throws {HubError} `unavailable`, `timeout`: no hub answers. Call again, or wait: it goes on trying
   */
  async join(): Promise<void> {
    if (this.#joined && !this.#lapsed) return;
    this.#joining ??= (this.#joined ? this.#rejoin() : this.#join()).finally(() => {
      this.#joining = undefined;
    });
    await this.#joining;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    this.#timer?.cancel();
    await this.#joining?.catch(() => undefined);
    await this.#hub.close();
  }

  async #join(): Promise<void> {
    const { session } = await this.#hub.bootstrap();
    if (session === null) await this.#signIn();
    const { presence_ttl_sec } = await this.#hub.hubInfo();
    // Hubs that do not publish their TTL have Arc's (arc-v1 §1.1).
    this.#beatMs = ((presence_ttl_sec ?? 120) * 1_000) / 3;
    this.#joined = true;
    this.#tell('info', `${this.#hub.agentId} is at the hub`);
  }

  async #signIn(): Promise<void> {
    try {
      await this.#hub.register({ replace: false, metadata: this.#options.metadata?.() });
    } catch (cause) {
      // Somebody else signed it in meanwhile, which is as good.
      if (!(cause instanceof HubError && cause.code === 'conflict')) throw cause;
    }
  }

  async #keepPresent(): Promise<void> {
    if (!this.#joined) return this.join();
    this.#lapsed = this.#options.isPresent?.() === false;
    if (!this.#lapsed) await this.#rejoin();
  }

  async #rejoin(): Promise<void> {
    // Naming the agent touches its session, and the answer says whether it still has one.
    const live = await this.#hub.agents({ as: this.#hub.agentId });
    if (!live.some(({ agent_id }) => agent_id === this.#hub.agentId)) await this.#signIn();
    this.#lapsed = false;
  }

  #beat(): void {
    this.#keepPresent().then(
      () => this.#after(true),
      (cause) => (isRefusal(cause) ? this.#refused(cause) : this.#after(false)),
    );
  }

  #after(reached: boolean): void {
    if (this.#over) return;
    if (reached !== this.#reachable) {
      this.#reachable = reached;
      if (!reached) this.#tell('warning', 'no hub answers; trying again');
      else this.#tell('info', 'the hub answers again');
    }
    this.#timer = this.#clock.after(reached ? this.#beatMs : RETRY_MS, () => this.#beat());
  }

  /** Another try with the same token would be another wrong one; a call of a tool asks again all the same. */
  #refused({ message }: HubError): void {
    this.#timer = undefined;
    if (this.#over) return;
    this.#reachable = false;
    this.#tell('warning', `the hub refuses ${this.#hub.agentId}: ${message}`);
  }

  #tell(level: 'info' | 'warning', text: string): void {
    this.#options.onNews?.(level, text);
  }
}
