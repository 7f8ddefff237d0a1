/** What the dispatcher's commands share: their home, their errors, and that no setting of the hub reaches them. */
import type { Argument, Command, Option } from 'commander';
import { Command as Subcommand } from 'commander';
import { printable } from '../../base/terminal-text.js';
import type { Ground } from '../../dispatch/backends/backend.js';
import type { Home } from '../../dispatch/config/home.js';
import { withoutSecrets } from '../../protocol/token.js';
import { flag, text } from '../options.js';
import { write } from '../output.js';
import { withoutSettings } from '../settings.js';

interface Declaration {
  name: string;
  description: string;
  help: string;
  args?: readonly Argument[];
  options?: readonly Option[];
  /** Does the work and gives the exit code. What it throws is printed as `Error: …` on stderr, exit 1. */
  run(command: Command): Promise<number>;
}

export function declareDispatch({ name, description, help, args = [], options = [], run }: Declaration): Command {
  const command = withoutSettings(new Subcommand(name)).description(description);
  command.addHelpText('after', `\n${help.trim()}`);
  for (const arg of args) command.addArgument(arg);
  for (const option of options) command.addOption(option);
  command.addOption(flag('--json', 'print JSON'));
  command.addOption(text('--config-dir <dir>', 'home of the dispatcher (default: ARC_HOME, else ~/.arc)'));
  return command.action(async (...all: unknown[]) => {
    try {
      process.exitCode = await run(all.at(-1) as Command);
    } catch (cause) {
      complain('Error', describe(cause));
      process.exitCode = 1;
    }
  });
}

/** Errors that people are meant to read; others keep their trace. */
const TOLD_BY_TEXT = new Set(['AlreadyRunning', 'DispatchError', 'CommandError', 'HubError', 'PrivateFileError']);

function describe(cause: unknown): string {
  if (cause instanceof Error && TOLD_BY_TEXT.has(cause.name)) return cause.message;
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}

export const complain = (what: 'Error' | 'Warning', line: string) =>
  process.stderr.write(`${what}: ${withoutSecrets(printable(line))}\n`);

/** Tells of each thing once. */
export function warner(): (line: string) => void {
  const told = new Set<string>();
  return (line) => {
    if (!told.has(line)) complain('Warning', line);
    told.add(line);
  };
}

export async function homeOf(command: Command): Promise<Home> {
  const { homeAt } = await import('../../dispatch/config/home.js');
  return homeAt(command.opts<{ configDir?: string }>().configDir);
}

/** All that a run in this process needs. */
export async function groundOf(command: Command): Promise<Ground> {
  const { loadConfig } = await import('../../dispatch/config/config.js');
  const { readEnvFile } = await import('../../dispatch/config/env-file.js');
  const { systemClock } = await import('../../base/clock.js');
  const [home, warn] = [await homeOf(command), warner()];
  const config = loadConfig(home, warn);
  const secrets = readEnvFile(home);
  const env = { ...secrets, ...process.env };
  return { home, config, env, secretNames: Object.keys(secrets), clock: systemClock, warn };
}

export const wantsJson = (command: Command) => command.opts<{ json?: boolean }>().json === true;

/** Text that a model or a file wrote: plain on a terminal, as it is for programs. */
export const writeForeign = (foreign: string) =>
  write(process.stdout.isTTY ? printable(foreign, { lines: true }) : foreign);

/** How many words an action takes; others are an error of usage. */
export function wordsFor(command: Command, action: string, names: readonly string[]): string[] {
  const words = command.args.slice(1);
  const missing = names[words.length];
  if (missing !== undefined) command.error(`error: ${command.name()} ${action} needs ${missing}`);
  if (words.length > names.length)
    command.error(`error: ${command.name()} ${action} takes no '${words[names.length]}'`);
  return words;
}
