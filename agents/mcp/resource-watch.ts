import { type Clock, rest } from '../../base/clock.js';
import type { HubClient } from '../../client/hub-client.js';
import type { Subscription } from '../../client/subscription.js';
import { HubError, type Session } from '../../protocol/index.js';
import { AGENTS_URI, canonicalUri, channelUri, parseUri, threadUri } from './resources.js';

/** How often the agents are looked at while a host wants to know of changes among them. */
const LOOK_MS = 2_000;

/** Tells a host when a resource that it subscribed to has changed. Nothing runs while nothing is subscribed to. */
export class ResourceWatch implements AsyncDisposable {
  readonly #hub: HubClient;
  readonly #clock: Clock;
  readonly #onUpdate: (uri: string) => void;
  /** URI as the hub's rows give it → as the host wrote it. */
  readonly #watched = new Map<string, string>();
  #messages: Subscription | undefined;
  #agents: AbortController | undefined;

  constructor(hub: HubClient, clock: Clock, onUpdate: (uri: string) => void) {
    this.#hub = hub;
    this.#clock = clock;
    this.#onUpdate = onUpdate;
  }

  /** Resolves when no change from now on can be missed. @throws {HubError} `not_found`: the URI names nothing */
  async add(uri: string): Promise<void> {
    const resource = parseUri(uri);
    if (resource === undefined) throw new HubError('not_found', `no such resource: ${uri}`);
    this.#watched.set(canonicalUri(resource), uri);
    try {
      await (resource.kind === 'agents' ? this.#watchAgents() : this.#watchMessages());
    } catch (cause) {
      // Nothing is watched that the host was told is not; it may ask again.
      await this.remove(uri);
      throw cause;
    }
  }

  async remove(uri: string): Promise<void> {
    for (const [canonical, written] of this.#watched) if (written === uri) this.#watched.delete(canonical);
    if (!this.#watched.has(AGENTS_URI)) this.#stopAgents();
    const onlyAgents = [...this.#watched.keys()].every((canonical) => canonical === AGENTS_URI);
    if (onlyAgents) await this.#stopMessages();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watched.clear();
    this.#stopAgents();
    await this.#stopMessages();
  }

  async #watchMessages(): Promise<void> {
    this.#messages ??= this.#hub.subscribe({
      onMessage: ({ to_agent, channel, thread_id }) => {
        if (to_agent === null) this.#changed(channelUri(channel));
        if (thread_id !== null) this.#changed(threadUri(thread_id));
      },
    });
    const subscription = this.#messages;
    void subscription.closed.then(() => {
      if (this.#messages === subscription) this.#messages = undefined;
    });
    await subscription.ready;
  }

  async #stopMessages(): Promise<void> {
    const subscription = this.#messages;
    this.#messages = undefined;
    await subscription?.close();
  }

  async #watchAgents(): Promise<void> {
    if (this.#agents !== undefined) return;
    const over = new AbortController();
    this.#agents = over;
    const first = outline(await this.#hub.agents({ signal: over.signal }));
    void this.#lookAtAgents(first, over.signal);
  }

  async #lookAtAgents(first: string, signal: AbortSignal): Promise<void> {
    let known = first;
    while (!signal.aborted) {
      await rest(this.#clock, LOOK_MS, signal);
      const now = await this.#hub.agents({ signal }).then(outline, () => known);
      if (now !== known && !signal.aborted) this.#changed(AGENTS_URI);
      known = now;
    }
  }

  #stopAgents(): void {
    this.#agents?.abort();
    this.#agents = undefined;
  }

  #changed(canonical: string): void {
    const uri = this.#watched.get(canonical);
    if (uri !== undefined) this.#onUpdate(uri);
  }
}

/** What is worth telling: who is there, under which name. When they were seen last is not. */
const outline = (agents: readonly Session[]) =>
  JSON.stringify(agents.map(({ session_id, display_name }) => [session_id, display_name]));
