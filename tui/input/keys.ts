/** Every key of the dashboard. The help, the palette and docs/tui.md are drawn from this table. */
import type { Pane } from '../state/state.js';

/** Where a key works: in one pane, or wherever no window is open. */
export type Place = 'anywhere' | Pane;

export interface KeyBinding {
  readonly id: KeyId;
  readonly place: Place;
  /** Names as the parser gives them. */
  readonly keys: readonly string[];
  readonly summary: string;
}

const table = [
  ['help', 'anywhere', ['f1'], 'help: the keys of where you are, and all commands'],
  ['palette', 'anywhere', ['ctrl+p'], 'command palette: commands, channels, threads, agents'],
  ['leave', 'anywhere', ['ctrl+c'], 'leave the dashboard; the hub goes on'],
  ['suspend', 'anywhere', ['ctrl+z'], 'stop it and go back to the shell, where there is one; fg goes on'],
  ['next-pane', 'anywhere', ['tab'], 'next pane (in the input: complete, where something can be)'],
  ['previous-pane', 'anywhere', ['shift+tab'], 'previous pane'],
  ['type', 'anywhere', ['escape'], 'close, drop the reply, go back to the input'],
  ['page-up', 'anywhere', ['pageup'], 'scroll the feed back by a page; older messages load by themselves'],
  ['page-down', 'anywhere', ['pagedown'], 'scroll the feed forward by a page'],
  ['line-up', 'anywhere', ['shift+up', 'ctrl+up'], 'scroll the feed back by a line'],
  ['line-down', 'anywhere', ['shift+down', 'ctrl+down'], 'scroll the feed forward by a line'],
  ['newest', 'anywhere', ['ctrl+end', 'alt+end'], 'jump to the newest message'],
  ['next-view', 'anywhere', ['alt+down'], 'next place of the sidebar'],
  ['previous-view', 'anywhere', ['alt+up'], 'previous place of the sidebar'],
  ['next-unread', 'anywhere', ['alt+a'], 'next place with something unread'],
  ['inbox', 'anywhere', ['alt+i'], 'inbox: what is for you'],
  ['everything', 'anywhere', ['alt+e'], 'everything that is said'],
  ['details', 'anywhere', ['ctrl+t'], 'show or hide tasks, claims and locks'],
  ['redraw', 'anywhere', ['ctrl+l'], 'draw the screen anew'],

  ['send', 'input', ['enter'], 'send; in a list of completions that was moved in: take the chosen one'],
  ['newline', 'input', ['alt+enter', 'ctrl+j'], 'new line'],
  ['up', 'input', ['up'], 'line above, or the previous input; in a list of completions: the one above'],
  ['down', 'input', ['down'], 'line below, or the next input; in a list of completions: the one below'],
  ['left', 'input', ['left', 'ctrl+b'], 'one letter left'],
  ['right', 'input', ['right', 'ctrl+f'], 'one letter right'],
  ['word-left', 'input', ['ctrl+left', 'alt+b', 'alt+left'], 'one word left'],
  ['word-right', 'input', ['ctrl+right', 'alt+f', 'alt+right'], 'one word right'],
  ['home', 'input', ['home', 'ctrl+a'], 'beginning of the line'],
  ['end', 'input', ['end', 'ctrl+e'], 'end of the line; in an empty input: the newest message'],
  ['backspace', 'input', ['backspace'], 'delete the letter before'],
  ['delete', 'input', ['delete', 'ctrl+d'], 'delete the letter under the cursor'],
  ['delete-word', 'input', ['ctrl+w', 'alt+backspace'], 'delete the word before'],
  ['delete-to-start', 'input', ['ctrl+u'], 'delete to the beginning of the line'],
  ['delete-to-end', 'input', ['ctrl+k'], 'delete to the end of the line'],
  ['help-empty', 'input', ['?'], 'in an empty input: help'],

  ['select-up', 'feed', ['up', 'k'], 'select the message above'],
  ['select-down', 'feed', ['down', 'j'], 'select the message below'],
  ['feed-top', 'feed', ['home'], 'oldest message that is loaded'],
  ['feed-end', 'feed', ['end', 'G'], 'newest message'],
  ['open-message', 'feed', ['enter', 'o'], 'show the message whole, attachments unfolded'],
  ['reply', 'feed', ['r'], 'reply to it'],
  ['answer', 'feed', ['a'], 'answer it with a result, if it is a request'],
  ['open-thread', 'feed', ['t'], 'open its thread'],
  ['direct', 'feed', ['d'], 'write directly to its sender'],
  ['complete', 'feed', ['c'], 'mark its task done; asks first'],
  ['mute', 'feed', ['m'], 'mute its sender in this dashboard, or no longer'],
  ['only-agent', 'feed', ['f'], 'show only its sender, or all again'],
  ['feed-help', 'feed', ['?'], 'help'],

  ['side-up', 'sidebar', ['up', 'k'], 'up'],
  ['side-down', 'sidebar', ['down', 'j'], 'down'],
  ['side-open', 'sidebar', ['enter', 'right'], 'open it'],
  ['side-mute', 'sidebar', ['m'], 'mute the agent in this dashboard, or no longer'],
  ['side-read', 'sidebar', ['R'], 'mark everything read'],
  ['side-help', 'sidebar', ['?'], 'help'],

  ['detail-up', 'detail', ['up', 'k'], 'up'],
  ['detail-down', 'detail', ['down', 'j'], 'down'],
  ['detail-open', 'detail', ['enter'], 'go to the thread or the message behind it'],
  ['detail-complete', 'detail', ['c'], 'mark the task done; asks first'],
  ['detail-release', 'detail', ['x'], 'release the claim or the lock; asks first'],
  ['detail-help', 'detail', ['?'], 'help'],
] as const satisfies readonly (readonly [string, Place, readonly string[], string])[];

export type KeyId = (typeof table)[number][0];

export const KEYS: readonly KeyBinding[] = table.map(([id, place, keys, summary]) => ({ id, place, keys, summary }));

const byPlace = new Map<string, KeyId>();
for (const { id, place, keys } of KEYS) for (const key of keys) byPlace.set(`${place} ${key}`, id);

/** What a key means in a pane; the pane's own keys come before those that work anywhere. */
export function bindingOf(key: string, pane: Pane): KeyId | undefined {
  return byPlace.get(`${pane} ${key}`) ?? byPlace.get(`anywhere ${key}`);
}

const WORDS: Readonly<Record<string, string>> = {
  ctrl: 'Ctrl',
  alt: 'Alt',
  shift: 'Shift',
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  pageup: 'PgUp',
  pagedown: 'PgDn',
  enter: 'Enter',
  escape: 'Esc',
  backspace: 'Backspace',
  delete: 'Del',
  home: 'Home',
  end: 'End',
  tab: 'Tab',
  f1: 'F1',
};

/** `ctrl+p` as `Ctrl+P`. */
export function keyLabel(name: string): string {
  const parts = name.split('+');
  return parts.map((part) => WORDS[part] ?? (parts.length > 1 ? part.toUpperCase() : part)).join('+');
}

export const PLACE_NAMES: Readonly<Record<Place, string>> = {
  anywhere: 'Anywhere',
  input: 'Input',
  feed: 'Feed',
  sidebar: 'Sidebar',
  detail: 'Tasks, claims and locks',
};
