/**
 * The one place that says what a caller may do (identity §4). Dispatch asks it before every handler, whichever door the call
 * came by; no door and no handler asks again. It is synchronous: a write must reach the store before dispatch returns.
 */
import { HubError, MAY, type Operation } from '../../protocol/index.js';
import type { Party } from '../domain/party.js';
import type { Caller } from './caller.js';
import { isVisible, seesChannel } from './visibility.js';

/** Which names nobody acts under without a token for them (identity §3). */
export interface Guards {
  /** Whether there are any. */
  readonly any: boolean;
  guards(name: string): boolean;
}

/** Whether the caller goes by this name and has not shown that it may: the name had no token when it came. */
export const isStrangerTo = (name: string | undefined, { grant, names }: Caller, guarded: Guards): boolean =>
  name !== undefined && grant === undefined && names === undefined && guarded.guards(name);

/**
 * @param input the fields of the call, parsed or raw: only texts that name somebody, or a channel, are looked at
 * @throws {HubError} `unauthorized`: its token has ended; `forbidden`, with what would be needed; `not_found`: a channel that
 *   does not exist for the caller
 */
export function authorize(
  caller: Caller,
  operation: Operation,
  input: Readonly<Record<string, unknown>>,
  guarded: Guards,
): void {
  mustStand(caller);
  const { name, access, escalates, actor = [] } = operation;
  const asked = escalates?.(input) ?? access;
  if (!MAY[asked].includes(caller.role)) {
    const what = asked === access ? name : `this use of ${name}`;
    throw new HubError(
      'forbidden',
      `${what} is for ${MAY[asked].join(' and ')} only, and the caller is ${caller.role}`,
    );
  }
  if (asked === 'keep' && caller.grant === undefined) {
    throw new HubError('forbidden', `${name} needs an operator's token, or the account that the store belongs to`);
  }
  // An observer acts as nobody: whom it names is no more than a label, and what it sees is the same (`viewerOf`).
  for (const field of caller.role === 'observer' ? [] : actor) {
    const value = input[field];
    if (value === undefined || value === null || value === '') continue;
    if (typeof value !== 'string') throw new HubError('bad_request', `${field} must be a string`);
    mayActAs(caller, field, value, guarded);
  }
  if (caller.channels !== undefined) mayUseChannels(caller, operation, input);
}

/** @throws {HubError} `unauthorized`: the token that the caller has shown is no longer good */
export function mustStand({ grant }: Caller): void {
  if (grant?.ended.aborted) throw new HubError('unauthorized', 'the token was revoked, renewed, or has expired');
}

/** The caller as commands know it; undefined where it may act as everybody, everywhere. */
export function partyOf(caller: Caller, guarded: Guards): Party | undefined {
  const { names, channels, grant } = caller;
  const isStranger = grant === undefined && names === undefined;
  if (names === undefined && channels === undefined && !(isStranger && guarded.any)) return undefined;
  const has = (name: string) => names?.has(name) ?? !(isStranger && guarded.guards(name));
  return {
    has,
    sees: (sent) => isVisible({ channels, names: { has } }, sent),
    seesChannel: (channel) => seesChannel(caller, channel),
  };
}

function mayActAs({ names, grant }: Caller, field: string, name: string, guarded: Guards): void {
  if (names === undefined) {
    // An operator's token is for every name; without one, the names that have a token are theirs alone.
    if (grant !== undefined || !guarded.guards(name)) return;
    throw new HubError('forbidden', `${field} ${name} has a token: whoever acts under that name must show it`);
  }
  if (names.has(name)) return;
  const own = grant === undefined ? '' : `: its token is for ${grant.given.join(', ')}`;
  throw new HubError('forbidden', `${field} ${name} is not a name that the caller may act as${own}`);
}

function mayUseChannels(
  caller: Caller,
  { channels, access }: Operation,
  input: Readonly<Record<string, unknown>>,
): void {
  const hidden = channels?.(input).some((channel) => typeof channel === 'string' && !seesChannel(caller, channel));
  if (hidden !== true) return;
  if (access === 'look') throw new HubError('not_found', 'channel not found');
  throw new HubError('forbidden', 'channel is not one that the caller may use');
}
