/** Every slash command, and how a line that begins with one is read. The completion, the help and docs/tui.md show it. */
import { ACCESS } from './access.js';
import { type Command, usage } from './command.js';
import { HUB } from './hub.js';
import { OPERATOR } from './operator.js';
import { PLACES } from './places.js';
import { TALK } from './talk.js';
import { WORK } from './work.js';

export const COMMANDS: readonly Command[] = [...PLACES, ...TALK, ...WORK, ...HUB, ...ACCESS, ...OPERATOR];

/** Commands are found whatever their case (arc-v1 §11.2). */
export function findCommand(name: string): Command | undefined {
  const wanted = name.toLowerCase();
  return COMMANDS.find((each) => each.name === wanted || each.aliases?.includes(wanted));
}

export type ParsedCommand =
  | { readonly ok: true; readonly command: Command; readonly args: readonly string[] }
  | { readonly ok: false; readonly error: string };

/**
 * Reads `/name arg … rest`: every argument but the last is one word, or quoted; the last is all that is left, and may span
 * lines.
 */
export function parseCommand(input: string): ParsedCommand {
  const match = /^\/(\S*)\s*([\s\S]*)$/.exec(input.trim());
  const name = match?.[1] ?? '';
  const command = findCommand(name);
  if (command === undefined) {
    const near = COMMANDS.find((each) => each.name.startsWith(name.slice(0, 3).toLowerCase()));
    const hint = near === undefined || name === '' ? '' : ` Did you mean /${near.name}?`;
    return { ok: false, error: `unknown command: /${name}.${hint} Nothing was posted; a leading space posts it.` };
  }
  const wanted = command.args ?? [];
  const args: string[] = [];
  let rest = match?.[2] ?? '';
  for (const [i, each] of wanted.entries()) {
    if (rest === '') {
      if (each.optional !== true) return { ok: false, error: `usage: ${usage(command)}` };
      break;
    }
    if (i === wanted.length - 1) {
      args.push(unquote(rest.trimEnd()));
      rest = '';
      break;
    }
    const word = /^("(?:[^"\\]|\\.)*"|\S+)\s*([\s\S]*)$/.exec(rest);
    args.push(unquote(word?.[1] ?? rest));
    rest = word?.[2] ?? '';
  }
  if (rest !== '') return { ok: false, error: `usage: ${usage(command)}` };
  return { ok: true, command, args };
}

function unquote(word: string): string {
  if (!/^"(?:[^"\\]|\\.)*"$/.test(word)) return word;
  return word.slice(1, -1).replace(/\\(.)/g, '$1');
}
