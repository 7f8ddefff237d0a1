/** Commits that respect locks: guard. */
import { Argument, type Command } from 'commander';
import type { Checked, WhenDown } from '../../agents/guard/check.js';
import type { GuardState } from '../../agents/guard/worktrees.js';
import { printable } from '../../base/terminal-text.js';
import { declare } from '../command.js';
import { connectionOptions, observerOption, openClient } from '../connection.js';
import { explicitAddress } from '../connection-flags.js';
import { text } from '../options.js';
import { write, writeJson } from '../output.js';
import { age } from '../views.js';

/** A commit waits no longer than this for a hub. */
const PATIENCE_MS = 2_000;

export const guardCommands = (): Command[] => [
  declare({
    name: 'guard',
    description: 'refuse git commits of files that another agent has locked',
    args: [new Argument('<action>', 'what to do').choices(['install', 'uninstall', 'status', 'check'])],
    options: [
      observerOption('who commits; ARC_AGENT in the environment of the commit wins'),
      ...connectionOptions(),
      text('--when-down <what>', 'what a commit does when no hub answers')
        .choices(['allow', 'warn', 'refuse'])
        .default('allow'),
    ],
    help: GUARD_HELP,
    async run(command) {
      const [action] = command.processedArgs as ['install' | 'uninstall' | 'status' | 'check'];
      const { agent, whenDown } = command.opts<{ agent?: string; whenDown: WhenDown }>();
      if (action === 'check') {
        const { checkCommit } = await import('../../agents/guard/check.js');
        const hub = await openClient(command, { timeoutMs: PATIENCE_MS });
        return report(await checkCommit(hub, agent || undefined), whenDown);
      }
      const { guardStatus, installGuard, uninstallGuard } = await import('../../agents/guard/install.js');
      if (action === 'uninstall') {
        const files = uninstallGuard();
        tell(command, { files }, files.map((file) => `${file} guards no longer`).join('\n') || NOTHING);
        return 0;
      }
      const { ownProgram } = await import('../own-command.js');
      const install = () => installGuard({ agent, whenDown, program: ownProgram(), address: explicitAddress(command) });
      const states = action === 'install' ? install() : guardStatus();
      tell(command, states, guardView(states));
      return states.every(({ guarded }) => guarded) || action === 'install' ? 0 : 1;
    },
  }),
];

/** Text also where nobody watches, since the answer of a hook's installer is read by people. */
const tell = (command: Command, value: unknown, text: string) =>
  command.getOptionValue('json') === true ? writeJson(value) : write(text);

const NOTHING = 'no guard is installed here; nothing was changed';

const guardView = (states: readonly GuardState[]) =>
  states
    .map(({ path, guarded, file, manager, earlier, remedy }) => {
      const by =
        (manager === undefined ? '' : ` (${manager})`) +
        (earlier === true ? ', and runs the earlier hook after it' : '');
      return guarded ? `${file} guards every commit in ${path}${by}` : `NOT guarded: ${path}${by}; ${remedy}`;
    })
    .join('\n');

/** The exit code: 0 lets the commit pass. */
function report({ collisions, problem }: Checked, whenDown: WhenDown): number {
  if (problem !== undefined) {
    // Whoever is not let in believes to be guarded, so it is said in any case.
    if (problem.refused) say(`NOT checked, the hub refuses this program: ${problem.text}`);
    else if (whenDown !== 'allow') say(`no hub answers: ${problem.text}`);
    return whenDown === 'refuse' ? 1 : 0;
  }
  for (const { file, lock } of collisions) {
    say(`${file} is locked by ${lock.agent_id}, for another ${age(lock.expires_at)}`);
  }
  if (collisions.length === 0) return 0;
  say('wait or ask for the lock to be given back; to commit all the same: ARC_GUARD=off git commit …');
  return 1;
}

const say = (text: string) => process.stderr.write(`arc guard: ${printable(text)}\n`);

const GUARD_HELP = `
Puts a pre-commit hook where git looks for one in each worktree; a hook that is there already runs after it. With husky
it goes into the tracked .husky/pre-commit. \`status\` says which worktrees are guarded, and what to do about the others. A lock
on a folder covers what is in it. Without a hub a commit passes silently; a hub that refuses
this program is told of. --when-down is for both. ARC_GUARD=off or --no-verify lets one pass.

Examples:
  arc guard install --agent ana
  arc guard install --when-down warn
  ARC_AGENT=ben git commit -m "parser: refuse a trailing comma"
  arc guard status                             exit 1 when a worktree is not guarded
  arc guard uninstall`;
