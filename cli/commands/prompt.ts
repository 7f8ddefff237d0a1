/** What to paste into an agent: prompt. */
import { Argument, type Command } from 'commander';
import { PROMPT_HARNESSES, type PromptHarness, prompt } from '../../agents/onboarding.js';
import { declare } from '../command.js';
import { observerOption } from '../connection.js';
import { write } from '../output.js';

export const promptCommands = (): Command[] => [
  declare({
    name: 'prompt',
    description: 'print the text that teaches an agent to work with others here',
    args: [new Argument('[harness]', 'what runs the agent').choices([...PROMPT_HARNESSES]).default('shell')],
    options: [observerOption('its name at the hub (default: "my-agent")')],
    help: PROMPT_HELP,
    async run(command) {
      const [harness] = command.processedArgs as [PromptHarness];
      write(prompt(harness, command.opts<{ agent?: string }>().agent ?? 'my-agent'));
      return 0;
    },
  }),
];

const PROMPT_HELP = `
Paste it into the agent's instructions: CLAUDE.md, AGENTS.md, GEMINI.md, or the first message.

Examples:
  arc prompt claude-code --agent ana
  arc prompt mcp --agent ben >> AGENTS.md`;
