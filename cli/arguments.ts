/**
 * Puts the words of a command line in the order commander expects, before it sees them: unambiguous prefixes of long
 * options are written out, options before the subcommand move behind it, and no subcommand at all means `serve`.
 */
import type { Command, Option } from 'commander';
import { takesValue } from './options.js';

export interface Arranged {
  /** The subcommand that will run; undefined for help, `--version` and names that do not exist. */
  command: Command | undefined;
  argv: string[];
}

const DEFAULT_COMMAND = 'serve';

export function arrange(program: Command, words: readonly string[]): Arranged {
  const leading = leadingOptions(program, words);
  const [name] = words.slice(leading.length);
  for (const word of leading) {
    const own = expand(program, word, ['--help', '--version']);
    if (['-h', '--help', '--version'].includes(own)) return { command: undefined, argv: [own] };
  }
  const rest = words.slice(leading.length);
  const unknown = leading.some((word) => isOption(word) && candidates(program.commands, word).length === 0);
  // Whether a value follows an option that nobody knows cannot be said: report the option, not its value.
  if (unknown) rest.splice(0, rest.length, DEFAULT_COMMAND);
  else if (name === undefined || name === '--') rest.unshift(DEFAULT_COMMAND);
  const command = program.commands.find((each) => each.name() === rest[0] || each.aliases().includes(rest[0] ?? ''));
  // A name that is not known goes alone: a complaint about its options would hide the suggestion of the right name.
  if (command === undefined) return { command, argv: rest[0] === 'help' ? rest : rest.slice(0, 1) };
  return { command, argv: [command.name(), ...written(command, [...leading, ...rest.slice(1)])] };
}

/** The words before the first that is neither an option nor the value of one. */
function leadingOptions(program: Command, words: readonly string[]): string[] {
  let end = 0;
  while (end < words.length) {
    const word = words[end] ?? '';
    if (word === '--' || !isOption(word)) break;
    end += valueFollows(candidates(program.commands, word), word) ? 2 : 1;
  }
  return words.slice(0, end);
}

/** All options of any of the commands that `word` may mean; an exact name leaves no doubt. */
function candidates(commands: readonly Command[], word: string): Option[] {
  const name = longName(word);
  const all = commands.flatMap(({ options }) => options);
  const exact = all.filter(({ long, short }) => long === name || short === name);
  return exact.length > 0 ? exact : all.filter(({ long }) => name.length > 2 && long?.startsWith(name));
}

function valueFollows(options: readonly Option[], word: string): boolean {
  return !word.includes('=') && options.length > 0 && options.every(takesValue);
}

function written(command: Command, words: readonly string[]): string[] {
  const names = [...command.options.map(({ long }) => long ?? ''), '--help'];
  const result: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (word === '--') return [...result, ...words.slice(i)];
    const whole = isOption(word) ? expand(command, word, names) : word;
    result.push(whole);
    if (isOption(word) && valueFollows(candidates([command], whole), whole) && i + 1 < words.length) {
      result.push(words[++i] ?? '');
    }
  }
  return result;
}

/** Writes a prefix out; several names that it could mean are a usage error, none is left for commander to report. */
function expand(command: Command, word: string, names: readonly string[]): string {
  const name = longName(word);
  if (!name.startsWith('--') || name.length === 2 || names.includes(name)) return word;
  const matches = [...new Set(names.filter((each) => each.startsWith(name)))];
  if (matches.length > 1) command.error(`error: ambiguous option: ${name} could be ${matches.join(', ')}`);
  return matches.length === 1 ? `${matches[0]}${word.slice(name.length)}` : word;
}

const isOption = (word: string) => word.startsWith('-') && word !== '-';
const longName = (word: string) => word.split('=', 1)[0] ?? word;
