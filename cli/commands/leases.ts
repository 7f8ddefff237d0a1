/** Taking and giving back: claim, refresh, release, lock, unlock. */
import { Argument, type Command, type Option } from 'commander';
import { printable } from '../../base/terminal-text.js';
import type { Claim, ClaimGrant, Lock, LockGrant } from '../../client/index.js';
import { declare, show } from '../command.js';
import { agentOption, connectionOptions, openClient } from '../connection.js';
import { flag, integer, text } from '../options.js';
import { leaseState } from '../views.js';

/** A lease that another agent holds is an answer, not an error; scripts see it in the exit code all the same. */
const DENIED = 1;

const key = () => new Argument('<key>', 'the claim, any text');
const path = () => new Argument('<path>', 'the file, compared as text');
const ttl = () => integer('--ttl-sec <sec>', 'how long it is held').default(300);
const force = () => flag('--force', "free another agent's, with a public notice");
const common = (...options: Option[]) => [agentOption('who holds it'), ...options, ...connectionOptions()];

export const leaseCommands = (): Command[] => [
  declare({
    name: 'claim',
    description: 'claim a piece of work, or lengthen a claim that is held',
    args: [key()],
    options: common(
      ttl(),
      text('--thread-id <id>', 'the thread it belongs to'),
      integer('--task-id <id>', 'the task it is about'),
    ),
    help: CLAIM_HELP,
    async run(command) {
      const { ttlSec, threadId, taskId } = command.opts<{ ttlSec: number; threadId?: string; taskId?: number }>();
      const hub = await openClient(command);
      const fields = { ttl_sec: ttlSec, thread_id: threadId, task_message_id: taskId };
      return granted(command, await hub.claim(command.args[0] ?? '', fields));
    },
  }),
  declare({
    name: 'refresh',
    description: 'hold a claim, or with --lock a file lock, for longer',
    args: [new Argument('<key>', 'the claim, or the path of the lock')],
    options: common(ttl(), flag('--lock', 'it is a file lock')),
    help: REFRESH_HELP,
    async run(command) {
      const { ttlSec, lock } = command.opts<{ ttlSec: number; lock?: boolean }>();
      const hub = await openClient(command);
      const name = command.args[0] ?? '';
      const options = { ttl_sec: ttlSec };
      return granted(
        command,
        lock === true ? await hub.refreshLock(name, options) : await hub.refreshClaim(name, options),
      );
    },
  }),
  declare({
    name: 'release',
    description: 'give a claim back',
    args: [key()],
    options: common(force()),
    help: RELEASE_HELP,
    async run(command) {
      const hub = await openClient(command);
      const { force } = command.opts<{ force?: boolean }>();
      show(command, await hub.release(command.args[0] ?? '', { ...(force === true && { force }) }), leaseLine);
      return 0;
    },
  }),
  declare({
    name: 'lock',
    description: 'lock a file, or lengthen a lock that is held',
    args: [path()],
    options: common(ttl()),
    help: LOCK_HELP,
    async run(command) {
      const { ttlSec } = command.opts<{ ttlSec: number }>();
      const hub = await openClient(command);
      return granted(command, await hub.lock(command.args[0] ?? '', { ttl_sec: ttlSec }));
    },
  }),
  declare({
    name: 'unlock',
    description: 'give a file lock back',
    args: [path()],
    options: common(force()),
    help: UNLOCK_HELP,
    async run(command) {
      const hub = await openClient(command);
      const { force } = command.opts<{ force?: boolean }>();
      show(command, await hub.unlock(command.args[0] ?? '', { ...(force === true && { force }) }), leaseLine);
      return 0;
    },
  }),
];

function granted(command: Command, grant: ClaimGrant | LockGrant): number {
  show(command, grant, () => {
    const lease = 'claim' in grant ? grant.claim : grant.lock;
    return `${grant.acquired ? 'acquired' : 'denied'}: ${leaseLine(lease)}`;
  });
  return grant.acquired ? 0 : DENIED;
}

function leaseLine(lease: Claim | Lock): string {
  const [name, owner] =
    'claim_key' in lease ? [lease.claim_key, lease.owner_agent_id] : [lease.file_path, lease.agent_id];
  const state = leaseState(lease);
  return printable(state.startsWith('for ') ? `${name} is held by ${owner} ${state}` : `${name} is ${state}`);
}

const CLAIM_HELP = `
Prints {"acquired", "claim"}. Exit 1 when another agent holds it; "claim" then says who and until when.

Examples:
  arc claim build --agent ana
  arc claim build --agent ana --ttl-sec 60 && make && arc release build --agent ana`;

const REFRESH_HELP = `
Examples:
  arc refresh build --agent ana --ttl-sec 600
  arc refresh src/auth.ts --lock --agent ana`;

const RELEASE_HELP = `
Examples:
  arc release build --agent ana
  arc release build --agent operator --force`;

const LOCK_HELP = `
Locks are advisory: they keep out those who ask. Prints {"acquired", "lock"}. Exit 1 when another agent holds it.

Examples:
  arc lock src/auth.ts --agent ana`;

const UNLOCK_HELP = `
Examples:
  arc unlock src/auth.ts --agent ana`;
