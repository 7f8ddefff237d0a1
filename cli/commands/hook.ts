/** Hooks of agent harnesses: hook. */
import { homedir } from 'node:os';
import { Argument, type Command } from 'commander';
import type { HookFlags } from '../../agents/hooks/respond.js';
import { CommandError } from '../../base/command-error.js';
import { quoted } from '../../base/shell.js';
import { declare, show } from '../command.js';
import { connectionOptions, observerOption, openClient } from '../connection.js';
import { explicitAddress } from '../connection-flags.js';
import { flag, integer, text } from '../options.js';
import { write } from '../output.js';

/** The model waits for a hook; a hub on the same machine answers in milliseconds. */
const PATIENCE_MS = 4_000;
const ACTIONS = ['install', 'uninstall', 'status'] as const;
type Action = (typeof ACTIONS)[number];
const HARNESSES = ['claude-code', 'codex', 'cursor', 'gemini'] as const;
type HarnessName = (typeof HARNESSES)[number];

export const hookCommands = (): Command[] => [
  declare({
    name: 'hook',
    description: 'tell an agent of its messages in the middle of its turn, by the hooks of its harness',
    args: [
      new Argument('<what>', 'the harness that calls, or what to do').choices([...HARNESSES, ...ACTIONS]),
      new Argument('[harness]', 'whose configuration to change').choices([...HARNESSES]),
    ],
    options: [
      observerOption('the agent that runs in the harness'),
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
      const [what, harness] = command.processedArgs as [HarnessName | Action, HarnessName | undefined];
      if (what === 'status') {
        const { hookStatus, hookStatusView } = await import('../hook-status.js');
        show(command, await hookStatus(command), hookStatusView);
        return 0;
      }
      const { agent, ...flags } = command.opts<HookFlags & { agent?: string }>();
      if (agent === undefined) throw new CommandError('which agent? --agent NAME');
      if (what === 'install' || what === 'uninstall') {
        if (harness === undefined) throw new CommandError(`which harness? one of ${HARNESSES.join(', ')}`);
        const { changeHooks } = await import('../../agents/hooks/install.js');
        write(changeHooks({ what, harness, ...(await changeAsked(command, harness, agent)) }));
        return 0;
      }
      const { runHook } = await import('../../agents/hooks/run.js');
      const address = explicitAddress(command);
      await runHook(what, () => openClient(command, { timeoutMs: PATIENCE_MS }), { ...flags, address });
      // Whatever is still open, the harness waits for the end of this process.
      process.exit(0);
    },
  }),
];

/** What the command line asks a harness's configuration to say. */
async function changeAsked(command: Command, harness: HarnessName, agent: string) {
  const { scope, dryRun, maxHolds } = command.opts<{ scope: 'project' | 'user'; dryRun?: boolean; maxHolds: number }>();
  const { ownCommand } = await import('../own-command.js');
  const given = (name: string) => (command.getOptionValueSource(name) ?? 'default') !== 'default';
  const budget = given('budget') ? ` --budget ${command.getOptionValue('budget')}` : '';
  const holds = given('maxHolds') ? ` --max-holds ${maxHolds}` : '';
  return {
    folder: scope === 'user' ? homedir() : '',
    scope,
    command: `${ownCommand()} hook ${harness} --agent ${quoted(agent)}${explicitAddress(command)}${budget}${holds}`,
    maxHolds,
    dryRun: dryRun === true,
  };
}

const HOOK_HELP = `
A harness calls \`arc hook HARNESS\` with JSON on stdin. At the start of a session it signs the agent in and tells the
model how to work with others; before a prompt and after a tool it adds what is unread; at the end of a turn it holds
the model while a request is unanswered; at the end of the session it gives leases back and leaves, unless another session of the name goes on. After a compaction
it tells again what waits for an answer, what was said, and what the agent holds. Without a hub it
says nothing. \`install\` shows the change to the harness's configuration and makes it, keeping what is there.

Examples:
  arc hook install claude-code --agent ana --dry-run
  arc hook install codex --agent ben --scope user
  arc hook uninstall claude-code --agent ana
  arc hook status                              where hooks are, for whom, and which hub answers`;
