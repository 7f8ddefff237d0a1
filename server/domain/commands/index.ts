/**
 * All that changes the world. Each command is a plain synchronous function inside a transaction: it reads rows through the
 * port `tables.ts`, asks the pure rules of `rules/`, and writes what they say. A command refuses (throws `HubError`) before
 * its first write, never after, so that the group it is in goes on; and it awaits nothing, so that any engine may run it
 * again. A new command is a function in the file of its noun.
 */
import { HubError } from '../../../protocol/index.js';
import type { WriteKey } from '../rows.js';
import type { Tx } from '../tx.js';
import { arcpCommands } from './arcp.js';
import { auditCommands } from './audit.js';
import { channelCommands } from './channels.js';
import { leaseCommands } from './leases.js';
import { messageCommands } from './messages.js';
import { sessionCommands } from './sessions.js';
import { sweepCommands } from './sweep.js';
import { taskCommands } from './tasks.js';
import { tokenCommands } from './tokens.js';

export const COMMANDS = {
  ...sessionCommands,
  ...channelCommands,
  ...messageCommands,
  ...leaseCommands,
  ...taskCommands,
  ...sweepCommands,
  ...tokenCommands,
  ...auditCommands,
  ...arcpCommands,
};

/** Every command: what goes in, what comes out. Outcomes are plain data, so that a repeat can be answered from its key. */
export type Commands = {
  [Name in keyof typeof COMMANDS]: {
    in: Parameters<(typeof COMMANDS)[Name]>[1];
    out: ReturnType<(typeof COMMANDS)[Name]>;
  };
};
export type CommandName = keyof Commands;

export interface Written<Out> {
  outcome: Out;
  /** The key was known: this is the first answer again, and nothing was written. */
  replayed: boolean;
}

/**
 * Runs a command inside a transaction, exactly once for each key.
 *
 * @throws {HubError} what the rules say; `conflict`: the key was used with other content
 */
export function perform<Name extends CommandName>(
  tx: Tx,
  name: Name,
  input: Commands[Name]['in'],
  key: WriteKey | undefined,
): Written<Commands[Name]['out']> {
  const run = COMMANDS[name] as (tx: Tx, input: Commands[Name]['in']) => Commands[Name]['out'];
  if (key === undefined) return { outcome: tx.attempt(() => run(tx, input)), replayed: false };
  const answer = recall(tx.tables.keys, key);
  if (answer !== undefined) return { outcome: fromAnswer(name, answer, tx), replayed: true };
  const outcome = tx.attempt(() => run(tx, input));
  tx.tables.keys.insert(key, toAnswer(name, outcome), tx.nowMs);
  return { outcome, replayed: false };
}

/**
 * The answer that was given to this key, undefined when it is new.
 *
 * @throws {HubError} `conflict`: it was used with other content
 */
export function recall(keys: Pick<Tx['tables']['keys'], 'get'>, key: WriteKey): string | undefined {
  const row = keys.get(key.agent_id, key.key);
  if (row === undefined) return undefined;
  if (row.fingerprint === key.fingerprint) return row.answer;
  throw new HubError('conflict', 'idempotency_key was used before with other content');
}

/** What is stored beside a key, and how the outcome comes back from it. A message is its own record. */
function toAnswer<Name extends CommandName>(name: Name, outcome: Commands[Name]['out']): string {
  return name === 'post'
    ? String((outcome as Commands['post']['out']).message.id)
    : JSON.stringify(outcome, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}

function fromAnswer<Name extends CommandName>(name: Name, answer: string, tx: Tx): Commands[Name]['out'] {
  if (name !== 'post') return JSON.parse(answer) as Commands[Name]['out'];
  return { message: tx.tables.messages.get(Number(answer)) } as Commands[Name]['out'];
}
