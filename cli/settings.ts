/**
 * Where the value of an option comes from: the command line, else `ARC_…` in the environment, else the config file, else
 * the default. Values from the environment and the file are set before commander parses, which then lets flags win.
 */
import { readFileSync } from 'node:fs';
import type { Command, Option } from 'commander';
import { InvalidArgumentError } from 'commander';
import { isList, settingName, takesValue, variableName } from './options.js';

export const DEFAULT_CONFIG_FILE = 'arc.config.json';

/** These say how a command is run, not how it is set up; and a secret belongs into a file of its own. */
const NOT_IN_FILE = new Set(['config', 'help', 'version', 'token']);

const apart = new WeakSet<Command>();

/** Leaves a command alone: its options come from the command line only, and are no settings of the hub's commands. */
export function withoutSettings(command: Command): Command {
  apart.add(command);
  return command;
}

export function applySettings(command: Command, argv: readonly string[], env: NodeJS.ProcessEnv = process.env): void {
  if (apart.has(command)) return;
  const flags = new Set(argv.map((word) => word.split('=', 1)[0] ?? word));
  if (flags.has('--help') || flags.has('-h')) return;
  const file = readConfigFile(command, configPath(argv) ?? env.ARC_CONFIG);
  for (const option of command.options) {
    // A repeatable flag would otherwise be added to the values from elsewhere.
    if (flags.has(option.long ?? '')) continue;
    const variable = variableName(option);
    const fromEnv = env[variable];
    if (fromEnv !== undefined && fromEnv !== '') {
      command.setOptionValueWithSource(option.attributeName(), read(command, option, fromEnv, variable), 'env');
      continue;
    }
    const fromFile = file.values[settingName(option)];
    if (fromFile === undefined) continue;
    const origin = `${file.path}: ${settingName(option)}`;
    command.setOptionValueWithSource(option.attributeName(), read(command, option, fromFile, origin), 'config');
  }
}

function configPath(argv: readonly string[]): string | undefined {
  const at = argv.findIndex((word) => word === '--config' || word.startsWith('--config='));
  if (at === -1) return undefined;
  const word = argv[at] ?? '';
  return word.includes('=') ? word.slice(word.indexOf('=') + 1) : argv[at + 1];
}

function readConfigFile(command: Command, asked: string | undefined) {
  const path = asked ?? DEFAULT_CONFIG_FILE;
  let values: unknown;
  try {
    values = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    if (missing && asked === undefined) return { path, values: {} };
    command.error(`error: config file ${path}: ${missing ? 'no such file' : (cause as Error).message}`);
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    command.error(`error: config file ${path}: must be a JSON object`);
  }
  const known = knownSettings(command);
  for (const name of Object.keys(values as object)) {
    if (!known.has(name)) command.error(`error: config file ${path}: unknown setting: ${name}`);
  }
  return { path, values: values as Record<string, unknown> };
}

/** One file serves all commands, so it may hold the settings of any of them. */
function knownSettings(command: Command): Set<string> {
  const siblings = command.parent?.commands ?? [command];
  const names = siblings.filter((each) => !apart.has(each)).flatMap(({ options }) => options.map(settingName));
  return new Set(names.filter((name) => !NOT_IN_FILE.has(name)));
}

function read(command: Command, option: Option, value: unknown, origin: string): unknown {
  try {
    if (!takesValue(option)) return option.negate ? !truth(value) : truth(value);
    if (isList(option)) return items(value).flatMap((item) => parse(option, item));
    return parse(option, value);
  } catch (cause) {
    if (cause instanceof InvalidArgumentError) command.error(`error: ${origin}: ${cause.message}`);
    throw cause;
  }
}

function parse(option: Option, value: unknown): unknown {
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new InvalidArgumentError('It must be a text or a number.');
  }
  return option.parseArg ? option.parseArg(String(value), undefined) : String(value);
}

function items(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'string') throw new InvalidArgumentError('It must be a list.');
  return value.split(',').map((item) => item.trim());
}

const TRUTH = new Map<unknown, boolean>([
  [true, true],
  [false, false],
  ...['1', 'true', 'yes', 'on'].map((word) => [word, true] as const),
  ...['0', 'false', 'no', 'off'].map((word) => [word, false] as const),
]);

function truth(value: unknown): boolean {
  const meant = TRUTH.get(typeof value === 'string' ? value.toLowerCase() : value);
  if (meant === undefined) throw new InvalidArgumentError('It must be true or false.');
  return meant;
}
