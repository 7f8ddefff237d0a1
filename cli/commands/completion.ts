/** Completion on the tab key: completion. */
import { Argument, type Command } from 'commander';
import { declare } from '../command.js';
import { write } from '../output.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** @param program gives the whole command line, which is what is completed */
export const completionCommands = (program: () => Command): Command[] => [
  declare({
    name: 'completion',
    description: 'the script that lets a shell complete commands, flags, agents, channels, claims and locks',
    args: [
      new Argument('<shell>', 'bash, zsh or fish; `complete` answers the scripts').choices([...SHELLS, 'complete']),
      new Argument('[words...]', 'what is being typed'),
    ],
    help: COMPLETION_HELP,
    async run(command) {
      const [shell, words] = command.processedArgs as [(typeof SHELLS)[number] | 'complete', string[]];
      const { candidates, completionScript } = await import('../completion.js');
      if (shell === 'complete') {
        for (const { value, description } of await candidates(program(), words)) write(`${value}\t${description}`);
        return 0;
      }
      const { ownCommand } = await import('../own-command.js');
      write(completionScript(shell, ownCommand()));
      return 0;
    },
  }),
];

const COMPLETION_HELP = `
What a running hub knows is offered as well: agents, channels, threads, open tasks, claims and locks.

Examples:
  source <(arc completion bash)                # in ~/.bashrc, to have it always
  source <(arc completion zsh)                 # in ~/.zshrc
  arc completion fish > ~/.config/fish/completions/arc.fish`;
