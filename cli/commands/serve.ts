import { Command } from 'commander';
import { hubOptions } from '../hub-options.js';
import { flag, text } from '../options.js';

export function serveCommand(): Command {
  const command = new Command('serve')
    .description('run the hub in the foreground (this is also what `arc` alone does)')
    .addOption(text('--config <file>', 'file of settings, instead of arc.config.json'))
    .addOption(flag('--json', 'log JSON lines on a terminal too'))
    .addOption(text('--no-relay', 'do not serve the file relay').hideHelp())
    .addHelpText('after', EXAMPLES)
    .action(async (_options, self: Command) => {
      const { serve } = await import('../serve.js');
      process.exit(await serve(self));
    });
  for (const option of hubOptions()) command.addOption(option);
  return command;
}

const EXAMPLES = `
Prints one line of JSON on stdout when it is ready, and logs to stderr. SIGTERM or Ctrl+C ends it cleanly.

Examples:
  arc serve
  arc serve --port 7000 --storage ~/team/arc.sqlite3
  arc serve --port 0 --quiet                     a free port; the line on stdout tells which
  arc serve --host 0.0.0.0 --allow-remote        everyone on the network may use it`;
