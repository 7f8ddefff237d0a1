/** Commits that respect locks: guard. */
import { Argument, type Command } from 'commander';
import { declare } from '../command.js';
import { connectionOptions, observerOption } from '../connection.js';
import { text } from '../options.js';
import { write } from '../output.js';

export const guardCommands = (): Command[] => [
  declare({
    name: 'guard',
    description: 'refuse git commits of files that another agent has locked',
    args: [new Argument('<action>', 'what to do').choices(['install', 'uninstall', 'check'])],
    options: [
      observerOption('who commits; ARC_AGENT in the environment of the commit wins'),
      ...connectionOptions(),
      text('--when-down <what>', 'what a commit does when no hub answers')
        .choices(['allow', 'warn', 'refuse'])
        .default('allow'),
    ],
    help: GUARD_HELP,
    async run(command) {
      const [action] = command.processedArgs as ['install' | 'uninstall' | 'check'];
      if (action === 'check') {
        const { checkCommit } = await import('../../agents/guard/check.js');
        return checkCommit(command);
      }
      const { installGuard, uninstallGuard } = await import('../../agents/guard/install.js');
      write(action === 'install' ? installGuard(command) : uninstallGuard());
      return 0;
    },
  }),
];

const GUARD_HELP = `
Puts a pre-commit hook into the repository, for all its worktrees; a hook that is there already runs after it. A lock
on a folder covers what is in it. Without a hub a commit passes silently. ARC_GUARD=off or --no-verify lets one pass.

Examples:
  arc guard install --agent ana
  arc guard install --when-down warn
  ARC_AGENT=ben git commit -m "parser: refuse a trailing comma"
  arc guard uninstall`;
