/** The hub as a service of the user's session: service install, service uninstall. */
import { Argument, type Command } from 'commander';
import { CommandError } from '../../base/command-error.js';
import { declare, show } from '../command.js';
import { hubOptions } from '../hub/options.js';
import { flag } from '../options.js';

export const serviceCommands = (): Command[] => [
  declare({
    name: 'service',
    description: 'run the hub whenever you are signed in (systemd, launchd)',
    args: [new Argument('<action>', 'what to do').choices(['install', 'uninstall'])],
    options: [...hubOptions(), flag('--dry-run', 'show the file and the commands, and do nothing')],
    help: SERVICE_HELP,
    async run(command) {
      const { changeService, reportView } = await import('../service/change.js');
      const [action] = command.processedArgs as ['install' | 'uninstall'];
      const { dryRun } = command.opts<{ dryRun?: boolean }>();
      const report = changeService(command, action, dryRun === true);
      show(command, report, reportView);
      const failed = report.commands.find(({ exit_code }) => exit_code !== undefined && exit_code !== 0);
      if (failed !== undefined)
        throw new CommandError(`${failed.command} failed: ${failed.output ?? 'no reason given'}`);
      return 0;
    },
  }),
];

const SERVICE_HELP = `
Writes a systemd user unit or a launchd agent that runs \`arc serve\` with the options given here, and starts it. The
storage is one in this folder unless --storage names another.

Examples:
  arc service install --dry-run
  arc service install --storage ~/team/arc.sqlite3 --port 7000
  arc service uninstall`;
