/** What is offered for an argument of a command while it is typed: a row for each kind. */
import { printable } from '../../base/terminal-text.js';
import { MESSAGE_KINDS, type Message } from '../../protocol/index.js';
import { quoteWord } from '../commands/command.js';
import { threadHint } from '../state/hub-facts.js';
import type { State } from '../state/state.js';
import { inView } from '../state/view.js';

export interface Item {
  readonly label: string;
  readonly hint: string;
  /** What is put in its place (default: the label, quoted where it has spaces). */
  readonly insert?: string;
}

type Offer = (state: State, typed: string) => readonly Item[];

/** Offers at once. */
export const MOST = 50;
/** Messages whose numbers are offered. */
const RECENT = 500;

const starts = (name: string, typed: string): boolean => name.toLowerCase().startsWith(typed.toLowerCase());

/** Names that begin with what was typed come before those that only hold it. */
function named(names: readonly string[], typed: string): Item[] {
  const lower = typed.toLowerCase();
  const begin = names.filter((name) => starts(name, lower));
  const hold = lower === '' ? [] : names.filter((name) => !starts(name, lower) && name.toLowerCase().includes(lower));
  return [...begin, ...hold].map((label) => ({ label, hint: '' }));
}

const numbered = ({ id, body, from_agent }: Message): Item => ({
  label: String(id),
  hint: printable(`${from_agent}: ${body}`),
});

export function agentItems(state: State, typed: string): Item[] {
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

function filterItems(state: State, typed: string): Item[] {
  const split = /^(agent|kind)=(.*)$/.exec(typed);
  if (split === null) {
    return named(['off', 'agent=', 'kind='], typed).map((each) => ({ ...each, insert: each.label }));
  }
  const values = split[1] === 'kind' ? named(MESSAGE_KINDS, split[2] ?? '') : agentItems(state, split[2] ?? '');
  return values.map(({ label, hint }) => ({ label, hint, insert: `${split[1]}=${quoteWord(label)}` }));
}

const nothing: Offer = () => [];

const ARGUMENTS = {
  channel: (state, typed) => named(state.channels, typed),
  agent: agentItems,
  thread: (state, typed) =>
    named([...state.threads.keys()].reverse(), typed)
      .slice(0, MOST)
      .map((item) => ({ ...item, hint: threadHint(state, item.label) })),
  claim: ({ claims }, typed) =>
    [...claims.values()]
      .filter(({ claim_key }) => starts(claim_key, typed))
      .map(({ claim_key, owner_agent_id }) => ({ label: claim_key, hint: `held by ${printable(owner_agent_id)}` })),
  lock: ({ locks }, typed) =>
    [...locks.values()]
      .filter(({ file_path }) => starts(file_path, typed))
      .map(({ file_path, agent_id }) => ({ label: file_path, hint: `held by ${printable(agent_id)}` })),
  task: ({ tasks, titles }, typed) =>
    [...tasks.values()]
      .filter(({ status, task_id }) => status === 'open' && starts(String(task_id), typed))
      .map(({ task_id }) => ({ label: String(task_id), hint: printable(titles.get(task_id) ?? '') })),
  request: ({ requests }, typed) => [...requests.values()].filter(({ id }) => starts(String(id), typed)).map(numbered),
  message: ({ window, view, self }, typed) =>
    window.messages
      .slice(-RECENT)
      .reverse()
      .filter((message) => inView(message, view, self) && starts(String(message.id), typed))
      .map(numbered),
  kind: (_, typed) => named(MESSAGE_KINDS, typed),
  'on-off': (_, typed) => named(['on', 'off'], typed),
  bell: (_, typed) => named(['on', 'notice', 'off'], typed),
  filter: filterItems,
  seconds: nothing,
  file: nothing,
  /** All that is left of the line; `@` in it still names agents. */
  text: nothing,
} satisfies Readonly<Record<string, Offer>>;

export type ArgKind = keyof typeof ARGUMENTS;

/** What may stand for an argument of which `typed` is there. */
export const offersFor = (kind: ArgKind, state: State, typed: string): readonly Item[] =>
  ARGUMENTS[kind](state, typed).slice(0, MOST);
