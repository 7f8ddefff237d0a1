/** One caller in the hub's own process: calls by name, and what is pushed to it. */
import { setImmediate } from 'node:timers/promises';
import { onAbort } from '../../../base/abort.js';
import { HubError, OPERATIONS, type Operation, plain, type Topic } from '../../../protocol/index.js';
import type { Guards } from '../../access/authorize.js';
import type { Caller } from '../../access/caller.js';
import type { Hub, HubLog } from '../../domain/hub.js';
import type { SubscriberPort, SubscriptionRequest } from '../../operations/context.js';
import type { Dispatcher } from '../../operations/dispatch.js';
import type { Routes } from '../rest/routes.js';
import { Reader } from '../websocket/reader.js';
import { localFields } from './fields.js';

/** The receiving end of what a local caller has subscribed to. It is called while a commit is told of, and never throws. */
export interface LocalReader {
  /** False: it takes no more for now, until `resume`. */
  readonly hasRoom: boolean;
  /** @param chars size of the message as JSON text */
  message(message: unknown, chars: number): void;
  /** A state change: `{ change, value, seq }` (websocket §5). */
  change(topic: Topic, params: unknown): void;
  /** Nothing more comes: the hub goes down, or it could not read on. */
  ended(cause: HubError): void;
}

export interface LocalHost {
  readonly hub: Hub;
  readonly dispatcher: Dispatcher;
  readonly log: HubLog;
  readonly routes: Routes;
  closed(connection: LocalConnection): void;
}

export class LocalConnection implements SubscriberPort {
  readonly #host: LocalHost;
  readonly #caller: Caller;
  readonly #out: LocalReader | undefined;
  readonly #reader: Reader;
  #disinterest: (() => void) | undefined;
  readonly #forget: () => void;
  #closed = false;

  /** @param out undefined: it only calls */
  constructor(host: LocalHost, caller: Caller, out: LocalReader | undefined) {
    this.#host = host;
    this.#caller = caller;
    this.#out = out;
    this.#reader = new Reader(host.hub, host.log, caller, {
      get writable() {
        return out?.hasRoom === true;
      },
      message: ({ json }) => out?.message(JSON.parse(json), json.length),
      change: (topic, params) => out?.change(topic, plain(params)),
      failed: (cause) => this.end(HubError.from(cause)),
    });
    // One that only calls holds nothing that would have to be ended.
    const ended = out && caller.grant?.ended;
    this.#forget = onAbort(ended, () => {
      this.end(new HubError('unauthorized', 'the token was revoked, renewed, or has expired'));
    });
  }

  get subscriptionCount(): number {
    return this.#reader.subscriptionCount;
  }

  lag(latestId: number): number {
    return this.#reader.lag(latestId);
  }

  /**
   * Runs an operation of the table and resolves with its result (websocket §3), as plain values. A write has reached the
   * store when this returns its promise.
   *
   * @param signal ends a wait
   * @throws {HubError} as a rejection
   */
  async call(name: string, params: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<unknown> {
    const { dispatcher, routes, hub, log } = this.#host;
    try {
      if (!dispatcher.has(name)) throw new HubError('unknown_method', `unknown method: ${name}`);
      const operation: Operation = OPERATIONS[name];
      const fields = localFields(operation, routes.coercions(name), params, hub.settings.limits.max_json_depth);
      const subscriber = this.#out && this;
      return plain((await dispatcher.run(name, fields, { caller: this.#caller, subscriber, signal })).result);
    } catch (cause) {
      const error = HubError.from(cause);
      if (error.code === 'internal') log.error({ err: error.cause ?? error }, 'operation failed');
      throw error;
    } finally {
      // Whoever asks again and again would leave nobody else a turn, since no socket lies between.
      await setImmediate();
    }
  }

  subscribe(request: SubscriptionRequest, ended: () => void) {
    if (this.#closed) throw new HubError('unavailable', 'the connection is closed');
    const subscribed = this.#reader.subscribe(request, ended);
    this.#disinterest ??= this.#host.hub.feed.interest();
    return subscribed;
  }

  unsubscribe(subscription: string | undefined): string[] {
    return this.#reader.unsubscribe(subscription);
  }

  /** There is room again. */
  resume(): void {
    this.#reader.drained();
  }

  /** A name has got a token: what is read for it by whoever has shown none ends. */
  guard(guarded: Guards): void {
    if (this.#reader.isStranger(guarded)) this.end(new HubError('unauthorized', 'the agent has a token now: show it'));
  }

  /** Ends what is pushed. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#forget();
    this.#reader.close();
    this.#disinterest?.();
    this.#host.closed(this);
  }

  /** Ends what is pushed, and says so. */
  end(cause: HubError): void {
    this.close();
    this.#out?.ended(cause);
  }
}
