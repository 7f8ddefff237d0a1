/**
 * The connection that acts: signed in as the operator, without taking the name from somebody who has it (arc-v1 §11.1).
 * A post that is not acknowledged stays in the state, with the key it was first given, until it is acknowledged, refused
 * or dropped.
 */
import { HubClient, type ParamsOf, type ResultOf } from '../../client/index.js';
import { HubError, type OperationName } from '../../protocol/index.js';
import type { Action } from '../state/actions.js';
import type { PostParams, State, UnsentPost } from '../state/state.js';

/** Timers do not reach further than this by much; a post that waits longer says so and can be retried. */
const POST_MS = 24 * 3_600_000;
const CALL_MS = 10_000;

export interface ActorOptions {
  readonly baseUrl: string;
  /** Who the person is; undefined leaves it to the client to find out. */
  readonly token?: string | undefined;
  readonly agent_id: string;
  readonly display_name: string | undefined;
  readonly dispatch: (action: Action) => void;
  readonly state: () => State;
  readonly randomId: () => string;
  readonly onIdentity: () => void;
}

export class Actor {
  readonly #options: ActorOptions;
  readonly #ending = new AbortController();
  readonly #flights = new Map<string, AbortController>();
  #hub: HubClient | undefined;

  constructor(options: ActorOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { baseUrl, token, agent_id, display_name, dispatch, randomId, onIdentity } = this.#options;
    const { signal } = this.#ending;
    for (let name = agent_id; !signal.aborted; name = `${agent_id}-${randomId().slice(0, 4)}`) {
      try {
        const hub = await HubClient.connect(name, {
          baseUrl,
          token,
          displayName: display_name,
          replace: false,
          waitForHub: true,
          signal,
        });
        this.#signedIn(hub, name);
        onIdentity();
        return;
      } catch (cause) {
        const error = HubError.from(cause);
        if (error.code === 'conflict') {
          const beside = await this.#besideItself(agent_id);
          if (beside === undefined) continue;
          this.#signedIn(beside, agent_id);
          onIdentity();
          return;
        }
        if (!signal.aborted) dispatch({ type: 'link', which: 'actor', state: 'closed', text: error.message });
        return;
      }
    }
  }

  async close(): Promise<void> {
    this.#ending.abort();
    for (const flight of this.#flights.values()) flight.abort();
    await this.#hub?.close();
  }

  /** Runs an operation as the operator; rejects with what the hub said. */
  call<Name extends OperationName>(name: Name, params: ParamsOf<Name>): Promise<ResultOf<Name>> {
    const hub = this.#hub;
    if (hub === undefined) return Promise.reject(new HubError('unavailable', 'not signed in yet'));
    return hub.request(name, params as Record<string, unknown>, { timeoutMs: CALL_MS }) as Promise<ResultOf<Name>>;
  }

  post(params: PostParams): void {
    const key = this.#options.randomId();
    this.#send({ key, params, status: 'sending', sinceMs: this.#options.state().nowMs });
  }

  retry(): number {
    const failed = this.#options.state().unsent.filter(({ status }) => status === 'failed');
    for (const post of failed) this.#send({ ...post, status: 'sending', error: undefined });
    return failed.length;
  }

  /** Forgets all that is not sent. One that was under way may have been stored all the same. */
  drop(): number {
    const { dispatch, state } = this.#options;
    const { unsent } = state();
    for (const { key } of unsent) {
      dispatch({ type: 'unsent-gone', key });
      this.#flights.get(key)?.abort();
    }
    return unsent.length;
  }

  async signInAgain(): Promise<void> {
    await this.#hub?.close({ keepSession: true });
    this.#hub = undefined;
    await this.open();
  }

  /**
   * Whoever has a token for this name alone can take no other one. Where another program of the same agent is signed in, it
   * acts beside that one, which stays.
   */
  async #besideItself(name: string): Promise<HubClient | undefined> {
    const { baseUrl, token } = this.#options;
    const hub = HubClient.overHttp(name, { baseUrl, token });
    const role = await hub.identity({ signal: this.#ending.signal }).then(
      (identity) => identity.role,
      () => 'operator',
    );
    if (role !== 'operator') return hub;
    await hub.close();
    return undefined;
  }

  #signedIn(hub: HubClient, name: string): void {
    const { dispatch } = this.#options;
    this.#hub = hub;
    dispatch({ type: 'identity', self: name, display_name: hub.session?.display_name ?? name });
    dispatch({ type: 'link', which: 'actor', state: 'open' });
    hub.on('state', ({ state, error }) => {
      if (this.#hub !== hub) return;
      if (state === 'open') dispatch({ type: 'link', which: 'actor', state: 'open' });
      else if (state !== 'closed') dispatch({ type: 'link', which: 'actor', state: 'lost', text: error?.message });
    });
    // What was written for one hub is not posted to another without being asked.
    hub.on('instance', () => this.#grounded('the hub is another one now'));
    void hub.closed.then((error) => {
      if (this.#hub !== hub || this.#ending.signal.aborted) return;
      const text = error?.message ?? 'closed';
      dispatch({ type: 'link', which: 'actor', state: 'closed', text });
      dispatch({ type: 'notice', text: `Signed out: ${text}. You can read on; /signin signs in again.`, tone: 'bad' });
    });
    for (const post of this.#options.state().unsent) if (post.status === 'sending') this.#send(post);
  }

  #grounded(error: string): void {
    const { dispatch, state } = this.#options;
    for (const post of state().unsent) {
      if (post.status !== 'sending') continue;
      dispatch({ type: 'unsent', post: { ...post, status: 'failed', error } });
      this.#flights.get(post.key)?.abort();
    }
  }

  #send(post: UnsentPost): void {
    const { dispatch, state } = this.#options;
    dispatch({ type: 'unsent', post });
    const hub = this.#hub;
    if (hub === undefined) {
      if (state().actor.state === 'closed') this.#refused(post, 'not signed in');
      return;
    }
    this.#flights.get(post.key)?.abort();
    const flight = new AbortController();
    this.#flights.set(post.key, flight);
    const fields = Object.fromEntries(Object.entries(post.params).filter(([, value]) => value !== undefined));
    const params = { ...fields, body: post.params.body, idempotency_key: post.key };
    hub
      .operation('messages.post', params as ParamsOf<'messages.post'>, { timeoutMs: POST_MS, signal: flight.signal })
      .then(
        ({ deduplicated: _, ...message }) => {
          // Both in one turn: the post is never on the screen twice, and never missing.
          dispatch({ type: 'messages', messages: [message] });
          dispatch({ type: 'unsent-gone', key: post.key });
        },
        (cause: unknown) => {
          if (!flight.signal.aborted && !this.#ending.signal.aborted) this.#refused(post, HubError.from(cause).message);
        },
      )
      .finally(() => {
        if (this.#flights.get(post.key) === flight) this.#flights.delete(post.key);
      });
  }

  #refused(post: UnsentPost, error: string): void {
    this.#options.dispatch({ type: 'unsent', post: { ...post, status: 'failed', error } });
  }
}
