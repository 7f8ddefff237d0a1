/** What the word under the cursor may become: commands after `/`, their arguments, agents after `@`. */
import { quoteWord } from '../commands/command.js';
import { COMMANDS, findCommand } from '../commands/table.js';
import type { State } from '../state/state.js';
import { agentItems, MOST, offersFor } from './arguments.js';

export interface Completion {
  /** What stands in the list. */
  readonly label: string;
  readonly hint: string;
  /** What takes the place of the text from `from` to the cursor. */
  readonly insert: string;
}

export interface Completions {
  readonly from: number;
  readonly items: readonly Completion[];
}

const NONE: Completions = { from: 0, items: [] };

export function completions(state: State): Completions {
  const { input, completionIndex } = state;
  if (completionIndex === undefined || input.text === '') return NONE;
  const before = input.text.slice(0, input.cursor);
  if (before.startsWith('/')) return slashCompletions(state, before);
  return mentionCompletions(state, before);
}

function mentionCompletions(state: State, before: string): Completions {
  const at = /(?:^|\s)@([\p{L}\p{N}_.-]*)$/u.exec(before);
  if (at === null) return NONE;
  const typed = at[1] ?? '';
  const from = before.length - typed.length - 1;
  const items = agentItems(state, typed).map((each) => ({ ...each, insert: `@${each.label} ` }));
  return { from, items: items.slice(0, MOST) };
}

function slashCompletions(state: State, before: string): Completions {
  const head = /^\/(\S*)$/.exec(before);
  if (head !== null) {
    const typed = (head[1] ?? '').toLowerCase();
    const items = COMMANDS.filter(({ name, aliases = [] }) =>
      [name, ...aliases].some((each) => each.startsWith(typed)),
    ).map((command) => ({
      label: `/${command.name}`,
      hint: command.summary,
      insert: `/${command.name}${command.args === undefined ? '' : ' '}`,
    }));
    return { from: 0, items };
  }
  const match = /^\/(\S+)\s+([\s\S]*)$/.exec(before);
  const command = findCommand(match?.[1] ?? '');
  if (match === null || command === undefined) return NONE;
  const { args = [] } = command;
  const words = (match[2] ?? '').match(/"(?:[^"\\]|\\.)*"?|\S+|\s+/g) ?? [];
  const parts = words.filter((word) => word.trim() !== '');
  const isNew = words.length === 0 || words.at(-1)?.trim() === '';
  const position = isNew ? parts.length : parts.length - 1;
  const arg = args[Math.min(position, args.length - 1)];
  if (arg === undefined) return NONE;
  // The last argument takes all that is left; `@` in its text still names agents.
  if (arg.kind === 'text') return mentionCompletions(state, before);
  if (position >= args.length) return NONE;
  const typed = isNew ? '' : (parts.at(-1) ?? '');
  const bare = typed.replace(/^["#~@]/, '');
  const isLast = position === args.length - 1;
  const items = offersFor(arg.kind, state, bare).map(({ label, hint, insert }) => ({
    label,
    hint,
    insert: `${insert ?? quoteWord(label)}${isLast ? '' : ' '}`,
  }));
  return { from: before.length - typed.length, items };
}
