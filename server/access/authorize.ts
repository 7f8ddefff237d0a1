/**
 * The one place that says what a caller may do (identity §4). Dispatch asks it before every handler, whichever door the call
 * came by; no door and no handler asks again. It is synchronous: a write must reach the store before dispatch returns.
 */
import { HubError, MAY, type Operation } from '../../protocol/index.js';
import type { Caller } from './caller.js';

/**
 * @param input the fields of the call, parsed or raw: only texts that name somebody are looked at
 * @throws {HubError} `forbidden`, with what would be needed
 */
export function authorize(caller: Caller, operation: Operation, input: Readonly<Record<string, unknown>>): void {
  const { name, access, escalates, actor = [] } = operation;
  const asked = escalates?.(input) ?? access;
  if (!MAY[asked].includes(caller.role)) {
    const what = asked === access ? name : `this use of ${name}`;
    throw new HubError(
      'forbidden',
      `${what} is for ${MAY[asked].join(' and ')} only, and the caller is ${caller.role}`,
    );
  }
  const { names } = caller;
  if (names === undefined) return;
  for (const field of actor) {
    const value = input[field];
    if (value === undefined || value === null || value === '') continue;
    if (!names.has(String(value))) throw new HubError('forbidden', `${field} is not a name that the caller may act as`);
  }
}
