/**
 * The door for callers in the hub's own process. Programs come by name (`connect`); those who carry requests of REST by other
 * means than a socket, as the relay does, come by `rest`. It has no behaviour of its own.
 */
import { HubError, matchRest, splitTarget } from '../../../protocol/index.js';
import type { Guards } from '../../access/authorize.js';
import type { Caller } from '../../access/caller.js';
import type { Hub, HubLog } from '../../domain/hub.js';
import type { Dispatcher } from '../../operations/dispatch.js';
import { parseBody } from '../rest/body.js';
import { type RestAnswer, toRest, toRestError } from '../rest/envelope.js';
import { Routes } from '../rest/routes.js';
import { LocalConnection, type LocalHost, type LocalReader } from './connection.js';

export interface CarriedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** JSON text, which keeps its numbers digit for digit. */
  readonly body?: string | undefined;
  readonly idempotency_key?: string | undefined;
  /** Ends a wait. */
  readonly signal: AbortSignal;
}

export class LocalDoor implements LocalHost {
  readonly hub: Hub;
  readonly dispatcher: Dispatcher;
  readonly log: HubLog;
  readonly routes: Routes;
  readonly #connections = new Set<LocalConnection>();

  constructor(hub: Hub, dispatcher: Dispatcher, log: HubLog) {
    this.hub = hub;
    this.dispatcher = dispatcher;
    this.log = log;
    this.routes = new Routes(hub.settings.limits);
  }

  get subscriptionCount(): number {
    let count = 0;
    for (const connection of this.#connections) count += connection.subscriptionCount;
    return count;
  }

  lag(): number {
    const latest = this.hub.store.latestId();
    let lag = 0;
    for (const connection of this.#connections) lag = Math.max(lag, connection.lag(latest));
    return lag;
  }

  /**
   * @param reader gets what is subscribed to; undefined for a caller that only calls
   * @returns nothing is held until it subscribes; who has subscribed closes it
   */
  connect(caller: Caller, reader?: LocalReader): LocalConnection {
    const connection = new LocalConnection(this, caller, reader);
    if (reader !== undefined) this.#connections.add(connection);
    return connection;
  }

  /** Ends what is read for a name that now has a token by whoever has shown none. */
  guard(guarded: Guards): void {
    for (const connection of this.#connections) connection.guard(guarded);
  }

  closed(connection: LocalConnection): void {
    this.#connections.delete(connection);
  }

  /** Answers a request of REST; never rejects. */
  async rest(request: CarriedRequest, caller: Caller): Promise<RestAnswer> {
    try {
      return await this.#rest(request, caller);
    } catch (cause) {
      const error = HubError.from(cause);
      if (error.code === 'internal') this.log.error({ err: error.cause ?? error }, 'operation failed');
      return toRestError(error);
    }
  }

  /** Ends what is pushed. Calls are answered as long as the store is there. */
  close(): void {
    const cause = new HubError('unavailable', 'hub is shutting down');
    for (const connection of this.#connections) connection.end(cause);
  }

  async #rest({ method, path: target, body, idempotency_key, signal }: CarriedRequest, caller: Caller) {
    const { path, query } = splitTarget(target);
    const matched = matchRest(method, path);
    if (matched === undefined) throw new HubError('not_found', 'not found');
    const hasBody = body !== undefined && (method === 'POST' || method === 'PUT');
    const parsed = hasBody ? parseBody(body, this.hub.settings.limits.max_json_depth) : {};
    const fields = this.routes.fieldsOf(matched, new URLSearchParams(query), parsed, idempotency_key);
    return toRest(await this.dispatcher.run(matched.name, fields, { caller, signal }));
  }
}
