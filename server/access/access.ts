/** Puts together who may speak, as whom, and how much. */
import type { Clock } from '../../base/clock.js';
import { AS_AGENT_HEADER, holdsToken } from '../../protocol/index.js';
import type { HubConfig } from '../config.js';
import type { Hub, HubLog } from '../domain/hub.js';
import type { PeerOf } from '../listen/peers.js';
import { FailedAttempts } from './attempts.js';
import { AuditLog } from './audit-log.js';
import type { Guards } from './authorize.js';
import type { Caller, CallerOf, DoorName } from './caller.js';
import { Identity } from './identity.js';
import type { CallerLimits } from './limits.js';
import { ensureOwnToken, type OwnToken } from './own-token.js';
import { TokenRegistry } from './token-registry.js';

export class Access {
  readonly audit: AuditLog;
  readonly limits: CallerLimits;
  readonly callerOf: CallerOf;
  readonly #hub: Hub;
  readonly #tokens: TokenRegistry;

  /** Call `start` before anybody is let in. */
  constructor(hub: Hub, limits: CallerLimits, peerOf: PeerOf, config: HubConfig, clock: Clock, log: HubLog) {
    const { store, feed } = hub;
    const onError = (err: unknown) => log.error({ err }, 'the store could not be written');
    this.#hub = hub;
    this.limits = limits;
    this.audit = new AuditLog(store, clock, onError);
    this.#tokens = new TokenRegistry(store, feed, clock, onError);
    const attempts = new FailedAttempts(clock, this.audit, limits, config.failed_tokens_per_min);
    const identity = new Identity(this.#tokens, hub.settings.auth.mode, attempts);
    /** Of connections that stay: a request that shows what the one before it showed is from the same caller. */
    const known = new WeakMap<object, { shown: string; caller: Caller }>();
    this.callerOf = (door, req) => {
      const { address } = peerOf(req);
      const { authorization, [AS_AGENT_HEADER]: as } = req.headers;
      const shown = as === undefined ? authorization : `${authorization}\n${as}`;
      const before = known.get(req.socket);
      if (
        before !== undefined &&
        before.shown === shown &&
        isStill(before.caller, door, address) &&
        !holdsToken(req.url ?? '')
      ) {
        if (before.caller.grant !== undefined) this.#tokens.use(before.caller.grant.id);
        return before.caller;
      }
      const caller = identity.callerOf(door, address, req);
      limits.identified(req.socket, caller);
      if (authorization !== undefined && caller.grant !== undefined)
        known.set(req.socket, { shown: shown ?? authorization, caller });
      return caller;
    };
    limits.onMet = (value) => feed.announce({ topic: 'hub', change: 'limited', value });
  }

  /** Calls it whenever further names may have got a token. */
  whenGuarded(listener: (guarded: Guards) => void): void {
    this.#tokens.onGuarded = () => listener(this.#tokens);
  }

  get guards(): Guards {
    return this.#tokens;
  }

  /** Whether it matters who speaks: callers must show a token, or some name has one. */
  get knowsCallers(): boolean {
    return this.#hub.settings.auth.mode === 'required' || this.#tokens.any;
  }

  /** @param ownToken where the account of the store must have one that works */
  async start(ownToken: OwnToken | undefined, log: HubLog): Promise<void> {
    await this.#tokens.load();
    if (ownToken !== undefined) await ensureOwnToken(this.#tokens, this.#hub.store, ownToken, log);
  }

  /** Writes what only memory knows. */
  async stop(): Promise<void> {
    await Promise.all([this.audit.flush(), this.#tokens.stop()]);
  }
}

const isStill = (caller: Caller, door: DoorName, address: string): boolean =>
  caller.grant?.ended.aborted === false && caller.door === door && caller.address === address;
