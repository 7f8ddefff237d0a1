/**
 * The one place that says what a caller may do (identity §4). Dispatch asks it before every handler, whichever door the call
 * came by; no door and no handler asks again. It is synchronous: a write must reach the store before dispatch returns.
 */
import { HubError, MAY, type Operation } from '../../protocol/index.js';
import type { Caller } from './caller.js';
import { seesChannel } from './visibility.js';

/** Which names nobody acts under without a token for them (identity §3). */
export interface Guards {
  guards(name: string): boolean;
}

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
    mayActAs(caller, field, String(value), guarded);
  }
  if (caller.channels !== undefined) mayUseChannels(caller, operation, input);
}

/** @throws {HubError} `unauthorized`: the token that the caller has shown is no longer good */
export function mustStand({ grant }: Caller): void {
  if (grant?.ended.aborted) throw new HubError('unauthorized', 'the token was revoked, renewed, or has expired');
}

/** The names that the caller may act as, where those are not all. */
export function namesOf(caller: Caller, guarded: Guards): { has(name: string): boolean } | undefined {
  if (caller.names !== undefined) return caller.names;
  return caller.grant === undefined ? { has: (name) => !guarded.guards(name) } : undefined;
}

function mayActAs({ names, grant }: Caller, field: string, name: string, guarded: Guards): void {
  if (names === undefined) {
    // An operator's token is for every name; without one, the names that have a token are theirs alone.
    if (grant !== undefined || !guarded.guards(name)) return;
    throw new HubError('forbidden', `${field} has a token: whoever acts under that name must show it`);
  }
  if (!names.has(name)) throw new HubError('forbidden', `${field} is not a name that the caller may act as`);
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
