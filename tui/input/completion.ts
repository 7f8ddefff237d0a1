/** What the word under the cursor may become: commands after `/`, their arguments, agents after `@`. */

import { printable } from '../../base/terminal-text.js';
import { MESSAGE_KINDS } from '../../protocol/index.js';
import { threadHint } from '../state/hub-facts.js';
import type { State } from '../state/state.js';
import { inView } from '../state/view.js';
import { type ArgKind, findSlash, quoteWord, SLASH } from './slash.js';

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
const MOST = 50;
/** Messages whose numbers are offered. */
const RECENT = 500;

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
    const items = SLASH.filter(({ name, aliases }) => [name, ...aliases].some((each) => each.startsWith(typed))).map(
      (command) => ({
        label: `/${command.name}`,
        hint: command.summary,
        insert: `/${command.name}${command.args.length > 0 ? ' ' : ''}`,
      }),
    );
    return { from: 0, items };
  }
  const match = /^\/(\S+)\s+([\s\S]*)$/.exec(before);
  const command = findSlash(match?.[1] ?? '');
  if (match === null || command === undefined) return NONE;
  const words = (match[2] ?? '').match(/"(?:[^"\\]|\\.)*"?|\S+|\s+/g) ?? [];
  const parts = words.filter((word) => word.trim() !== '');
  const isNew = words.length === 0 || words.at(-1)?.trim() === '';
  const position = isNew ? parts.length : parts.length - 1;
  const arg = command.args[Math.min(position, command.args.length - 1)];
  if (arg === undefined) return NONE;
  // The last argument takes all that is left; `@` in its text still names agents.
  if (arg.kind === 'text') return mentionCompletions(state, before);
  if (position >= command.args.length) return NONE;
  const typed = isNew ? '' : (parts.at(-1) ?? '');
  const bare = typed.replace(/^["#~@]/, '');
  const isLast = position === command.args.length - 1;
  const items = argItems(state, arg.kind, bare).map(({ label, hint, insert }) => ({
    label,
    hint,
    insert: `${insert ?? quoteWord(label)}${isLast ? '' : ' '}`,
  }));
  return { from: before.length - typed.length, items: items.slice(0, MOST) };
}

interface Item {
  readonly label: string;
  readonly hint: string;
  readonly insert?: string;
}

function argItems(state: State, kind: ArgKind, typed: string): Item[] {
  switch (kind) {
    case 'channel':
      return named(state.channels, typed);
    case 'agent':
      return agentItems(state, typed);
    case 'thread':
      return named([...state.threads.keys()].reverse(), typed)
        .slice(0, MOST)
        .map((item) => ({ ...item, hint: threadHint(state, item.label) }));
    case 'claim':
      return [...state.claims.values()]
        .filter(({ claim_key }) => starts(claim_key, typed))
        .map(({ claim_key, owner_agent_id }) => ({ label: claim_key, hint: `held by ${printable(owner_agent_id)}` }));
    case 'lock':
      return [...state.locks.values()]
        .filter(({ file_path }) => starts(file_path, typed))
        .map(({ file_path, agent_id }) => ({ label: file_path, hint: `held by ${printable(agent_id)}` }));
    case 'task':
      return [...state.tasks.values()]
        .filter(({ status, task_id }) => status === 'open' && starts(String(task_id), typed))
        .map(({ task_id }) => ({ label: String(task_id), hint: printable(state.titles.get(task_id) ?? '') }));
    case 'request':
      return [...state.requests.values()]
        .filter(({ id }) => starts(String(id), typed))
        .map(({ id, body, from_agent }) => ({ label: String(id), hint: printable(`${from_agent}: ${body}`) }));
    case 'message':
      return state.window.messages
        .slice(-RECENT)
        .reverse()
        .filter((message) => inView(message, state.view, state.self) && starts(String(message.id), typed))
        .map(({ id, body, from_agent }) => ({ label: String(id), hint: printable(`${from_agent}: ${body}`) }));
    case 'kind':
      return named(MESSAGE_KINDS, typed);
    case 'on-off':
      return named(['on', 'off'], typed);
    case 'bell':
      return named(['on', 'notice', 'off'], typed);
    case 'filter':
      return filterItems(state, typed);
    default:
      return [];
  }
}

function filterItems(state: State, typed: string): Item[] {
  const split = /^(agent|kind)=(.*)$/.exec(typed);
  if (split === null) {
    return named(['off', 'agent=', 'kind='], typed).map((each) => ({ ...each, insert: each.label }));
  }
  const values = split[1] === 'kind' ? named(MESSAGE_KINDS, split[2] ?? '') : agentItems(state, split[2] ?? '');
  return values.map(({ label, hint }) => ({ label, hint, insert: `${split[1]}=${quoteWord(label)}` }));
}

const starts = (name: string, typed: string): boolean => name.toLowerCase().startsWith(typed.toLowerCase());

/** Names that begin with what was typed come before those that only hold it. */
function named(names: readonly string[], typed: string): Item[] {
  const lower = typed.toLowerCase();
  const begin = names.filter((name) => starts(name, lower));
  const hold = lower === '' ? [] : names.filter((name) => !starts(name, lower) && name.toLowerCase().includes(lower));
  return [...begin, ...hold].map((label) => ({ label, hint: '' }));
}

function agentItems(state: State, typed: string): Item[] {
  const items = [...state.agents.values()].filter(({ agent_id }) => agent_id !== state.self);
  const matching = items.filter(({ agent_id, display_name }) => starts(agent_id, typed) || starts(display_name, typed));
  return matching
    .sort((a, b) => (a.agent_id < b.agent_id ? -1 : 1))
    .map(({ agent_id, display_name, capabilities }) => ({
      label: agent_id,
      hint: printable(
        [display_name === agent_id ? '' : display_name, capabilities.join(', ')].filter(Boolean).join(' · '),
      ),
    }));
}
