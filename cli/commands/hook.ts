/** Hooks of agent harnesses: hook. */
import { Argument, type Command } from 'commander';
import { CommandError, declare } from '../command.js';
import { agentOption, connectionOptions } from '../connection.js';
import { flag, integer, text } from '../options.js';
import { write } from '../output.js';

const HARNESSES = ['claude-code', 'codex', 'cursor', 'gemini'] as const;
type HarnessName = (typeof HARNESSES)[number];

export const hookCommands = (): Command[] => [
  declare({
    name: 'hook',
    description: 'tell an agent of its messages in the middle of its turn, by the hooks of its harness',
    args: [
      new Argument('<what>', 'the harness that calls, or what to do').choices([...HARNESSES, 'install', 'uninstall']),
      new Argument('[harness]', 'whose configuration to change').choices([...HARNESSES]),
    ],
    options: [
      agentOption('the agent that runs in the harness'),
      ...connectionOptions(),
      integer('--budget <tokens>', 'most tokens of a digest').default(600),
      integer('--max-holds <n>', 'how often a turn is held while a request is unanswered').default(3),
      text('--scope <scope>', 'install for this project, or for every project of the user')
        .choices(['project', 'user'])
        .default('project'),
      flag('--dry-run', 'show what install or uninstall would change, and change nothing'),
    ],
    help: HOOK_HELP,
    async run(command) {
      const [what, harness] = command.processedArgs as [HarnessName | 'install' | 'uninstall', HarnessName | undefined];
      if (what !== 'install' && what !== 'uninstall') {
        const { runHook } = await import('../../agents/hooks/run.js');
        await runHook(command, what);
        // Whatever is still open, the harness waits for the end of this process.
        process.exit(0);
      }
      if (harness === undefined) throw new CommandError(`which harness? one of ${HARNESSES.join(', ')}`);
      const { changeAsked, changeHooks } = await import('../../agents/hooks/install.js');
      write(changeHooks(changeAsked(command, what, harness)));
      return 0;
    },
  }),
];

const HOOK_HELP = `
A harness calls \`arc hook HARNESS\` with JSON on stdin. At the start of a session it signs the agent in and tells the
model how to work with others; before a prompt and after a tool it adds what is unread; at the end of a turn it holds
the model while a request is unanswered; at the end of the session it gives leases back and leaves. Without a hub it
says nothing. \`install\` shows the change to the harness's configuration and makes it, keeping what is there.

Examples:
  arc hook install claude-code --agent ana --dry-run
  arc hook install codex --agent ben --scope user
  arc hook uninstall claude-code --agent ana`;
