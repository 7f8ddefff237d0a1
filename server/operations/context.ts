import { hash } from 'node:crypto';
import { type OperationName, type Operations, type ParsedOf, stringify } from '../../protocol/index.js';
import type { AuditLog } from '../access/audit-log.js';
import type { Caller } from '../access/caller.js';
import type { CallerLimits } from '../access/limits.js';
import type { Hub } from '../domain/hub.js';
import type { Party } from '../domain/party.js';
import type { SessionRow, WriteKey } from '../domain/rows.js';

/** A connection that stays, as operations see it (websocket §4). */
export interface ConnectionPort {
  readonly agent_id: string | undefined;
  readonly session_id: string | undefined;
  /** Throws `conflict` when it is bound to another agent. */
  mayBind(agent_id: string): void;
  /** Binds it to the session it has opened; an older connection of the agent is closed. */
  bind(session: SessionRow): void;
  unbind(): void;
  /** It has gone on for long though it was refused: it is closed. */
  flooded(): void;
}

/** Somebody to whom the hub can push (websocket §5). */
export interface SubscriberPort {
  /** @param ended called when it has ended, whichever way; not when this throws */
  subscribe(
    subscription: SubscriptionRequest,
    ended: () => void,
  ): { subscription: string; since_id: number; latest_id: number };
  unsubscribe(subscription: string | undefined): string[];
}

export interface SubscriptionRequest extends Omit<ParsedOf<Operations['events.subscribe']>, 'since_id'> {
  since_id: number | undefined;
}

/** An answer that goes on: what is committed is written to it until either end closes it (arc-v1 §6.2). */
export interface StreamPort {
  /** @param ended called when it has ended; not when this throws */
  open(request: ParsedOf<Operations['events.stream']>, ended: () => void): void;
}

/** One call: who asks, by what, and until when they listen for the answer. */
export interface Call {
  readonly caller: Caller;
  /** Agent that the connection is bound to; REST callers name agents in their requests. */
  readonly agent_id?: string | undefined;
  readonly connection?: ConnectionPort | undefined;
  readonly subscriber?: SubscriberPort | undefined;
  readonly stream?: StreamPort | undefined;
  readonly signal: AbortSignal;
  /** Told when a wait has had its effect and from then on only waits. */
  readonly effected?: (() => void) | undefined;
}

/** What the doors report of themselves, for `hub.stats`. */
export interface DoorStats {
  connections(): number;
  subscriptions(): number;
  slowestReaderLag(): number;
  relayInFlight(): number;
}

export interface Context {
  readonly hub: Hub;
  readonly audit: AuditLog;
  readonly call: Call;
  readonly doors: DoorStats;
  readonly limits: Pick<CallerLimits, 'refused'>;
  /** Identifies the write if its input carries a key; `agent_id` is whose keys it counts among. */
  key(agent_id: string): WriteKey | undefined;
  /** The caller as commands know it; undefined where it may act as everybody, everywhere. */
  party(): Party | undefined;
  /**
   * Counts a subscription or a stream for its caller while it is open.
   *
   * @param open is handed what ends the count
   * @throws {HubError} `rate_limited`; or what `open` throws, and then nothing is counted
   */
  pushing<T>(open: (ended: () => void) => T): T;
  /** Has the audit keep that this was done to `target`, before the caller is answered (identity §9). */
  note(target: string): Promise<void>;
}

/** An operation's result, and how REST dresses it where that differs (websocket §3). */
export class Answer {
  constructor(
    readonly result: unknown,
    readonly status = 200,
    readonly envelope?: Readonly<Record<string, unknown>>,
  ) {}
}

export interface Handler<Name extends OperationName = OperationName> {
  readonly name: Name;
  readonly run: (context: Context, input: ParsedOf<Operations[Name]>) => Promise<unknown>;
  /** Look-ups that come before some field in the order of checks: called with the raw fields when `failed` is wrong. */
  readonly precheck?:
    | ((context: Context, raw: Readonly<Record<string, unknown>>, failed: string) => Promise<void>)
    | undefined;
}

/** Ties a row of the operations table to what it does. The answer is the plain result, or an `Answer`. */
export function handle<Name extends OperationName>(
  name: Name,
  run: Handler<Name>['run'],
  precheck?: Handler<Name>['precheck'],
): Handler {
  return { name, run, precheck } as unknown as Handler;
}

/** Same operation and content, same text: keys are compared by it (websocket §7). */
export function fingerprint(name: OperationName, input: Record<string, unknown>): string {
  const { idempotency_key: _, timeout_sec: __, ...content } = input;
  return hash('sha256', `${name}\n${stringify(content)}`, 'base64url').slice(0, 22);
}
