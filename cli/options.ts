/** Builders of command-line options. What an option takes is said here once; env and config file obey it too. */
import { Argument, InvalidArgumentError, Option } from 'commander';

/** `--name <value>`: any text. */
export const text = (flags: string, description: string) => new Option(flags, description);

/** `--name`: on or off. */
export const flag = (flags: string, description: string) => new Option(flags, description);

/** `--name <n>`: a whole number. */
export const integer = (flags: string, description: string) => new Option(flags, description).argParser(wholeNumber);

/** An argument that is the id of a message or task. */
export const messageId = (name: string, description: string) => new Argument(name, description).argParser(wholeNumber);

function wholeNumber(value: string): number {
  if (!/^\s*[+-]?\d+\s*$/.test(value)) throw new InvalidArgumentError('It must be an integer.');
  return Number(value);
}

/** `--name <sec>`: a number, fractions allowed. */
export const decimal = (flags: string, description: string) =>
  new Option(flags, description).argParser((value) => {
    const parsed = value.trim() === '' ? Number.NaN : Number(value);
    if (Number.isNaN(parsed)) throw new InvalidArgumentError('It must be a number.');
    return parsed;
  });

const lists = new WeakSet<Option>();

/** `--name <value>`: may be given several times; the environment separates by commas. */
export function list(flags: string, description: string): Option {
  const option = new Option(flags, description).argParser<string[]>((value, previous) => [...(previous ?? []), value]);
  lists.add(option);
  return option;
}

export const isList = (option: Option) => lists.has(option);

/** Only whole flags take no value; `--name <v>` always takes the next word, whatever it looks like. */
export const takesValue = (option: Option) => option.required || option.optional;

/** The name of an option in the config file: `--base-url` is `base_url`. */
export const settingName = (option: Option) => option.long?.slice(2).replaceAll('-', '_') ?? option.name();

/** The name of an option in the environment: `--base-url` is `ARC_BASE_URL`. */
export const variableName = (option: Option) => `ARC_${settingName(option).toUpperCase()}`;
