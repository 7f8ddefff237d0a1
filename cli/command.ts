/** What all subcommands share: how they are declared, and how they end. */
import { type Argument, Command, type Option } from 'commander';
import { flag, text } from './options.js';
import { write, writeError, writeJson } from './output.js';

export interface Declaration {
  name: string;
  description: string;
  /** What follows the options in the help: notes and examples. */
  help: string;
  args?: readonly Argument[];
  options?: readonly Option[];
  /** Does the work and gives the exit code, 0 if none. What it throws is printed as `arc error: …`, exit 1. */
  run(command: Command): Promise<number | undefined>;
}

export function declare({ name, description, help, args = [], options = [], run }: Declaration): Command {
  const command = new Command(name).description(description).addHelpText('after', `\n${help.trim()}`);
  for (const arg of args) command.addArgument(arg);
  for (const option of options) command.addOption(option);
  const has = (long: string) => options.some((option) => option.long === long);
  if (!has('--json')) command.addOption(flag('--json', 'print JSON on a terminal too'));
  if (!has('--config')) command.addOption(text('--config <file>', 'file of settings, instead of arc.config.json'));
  return command.action(async (...all: unknown[]) => {
    const self = all.at(-1) as Command;
    try {
      process.exitCode = (await run(self)) ?? 0;
    } catch (cause) {
      writeError(describe(cause));
      process.exitCode = 1;
    }
  });
}

/** Errors that people are meant to read; by name, so that no room is loaded for them. Others keep their trace. */
const TOLD_BY_TEXT = new Set(['HubError', 'CommandError', 'ConfigError']);

function describe(cause: unknown): string {
  if (cause instanceof Error && TOLD_BY_TEXT.has(cause.name)) return cause.message;
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}

/** Whether to print for a person: on a terminal, unless JSON was asked for. */
export function forPeople(command: Command): boolean {
  return process.stdout.isTTY === true && command.getOptionValue('json') !== true;
}

/** Prints a result: as people read it on a terminal, else as JSON. */
export function show<T>(command: Command, result: T, view: (result: T) => string): void {
  if (forPeople(command)) write(view(result));
  else writeJson(result);
}
