/** Keys that belong to no pane. */
import type { KeyRow } from '../input/keys.js';
import { ALL, INBOX } from '../state/view.js';
import { layoutOf } from '../view/layout.js';
import type { Hands } from './hands.js';

/** A key with what it does. */
export interface Binding extends KeyRow {
  act(hands: Hands): void;
}

/** They work over a window, too. */
export const ALWAYS: readonly Binding[] = [
  { keys: ['ctrl+c'], summary: 'leave the dashboard; the hub goes on', act: ({ desk }) => desk.options.leave() },
  {
    keys: ['ctrl+z'],
    summary: 'stop it and go back to the shell, where there is one; fg goes on',
    act: ({ desk }) => desk.options.suspend(),
  },
  { keys: ['ctrl+l'], summary: 'draw the screen anew', act: ({ desk }) => desk.options.redraw() },
];

const page = ({ desk }: Hands): number => Math.max(1, desk.feedSize.rows - 2);

/** They work while no window is open; a key of the pane itself comes first. */
export const ANYWHERE: readonly Binding[] = [
  {
    keys: ['f1'],
    summary: 'help: the keys of where you are, and all commands',
    act: ({ desk }) => desk.open({ kind: 'help', scroll: 0 }),
  },
  {
    keys: ['ctrl+p'],
    summary: 'command palette: commands, channels, threads, agents',
    act: ({ desk }) => desk.open({ kind: 'palette', query: { text: '', cursor: 0 }, selected: 0 }),
  },
  {
    keys: ['tab'],
    summary: 'next pane (in the input: complete, where something can be)',
    act: ({ desk, nav, composer }) => {
      if (desk.state.focus !== 'input' || !composer.complete()) nav.nextPane(1);
    },
  },
  {
    keys: ['shift+tab'],
    summary: 'previous pane',
    act: ({ desk, nav, composer }) => {
      if (desk.state.focus !== 'input' || !composer.moveCompletion(-1)) nav.nextPane(-1);
    },
  },
  {
    keys: ['escape'],
    summary: 'close, drop the reply, go back to the input',
    act: ({ composer }) => composer.escape(),
  },
  {
    keys: ['pageup'],
    summary: 'scroll the feed back by a page; older messages load by themselves',
    act: (hands) => hands.nav.scroll(-page(hands)),
  },
  {
    keys: ['pagedown'],
    summary: 'scroll the feed forward by a page',
    act: (hands) => hands.nav.scroll(page(hands)),
  },
  { keys: ['shift+up', 'ctrl+up'], summary: 'scroll the feed back by a line', act: ({ nav }) => nav.scroll(-1) },
  { keys: ['shift+down', 'ctrl+down'], summary: 'scroll the feed forward by a line', act: ({ nav }) => nav.scroll(1) },
  { keys: ['ctrl+end', 'alt+end'], summary: 'jump to the newest message', act: ({ nav }) => nav.toEnd() },
  { keys: ['alt+down'], summary: 'next place of the sidebar', act: ({ nav }) => nav.moveView(1) },
  { keys: ['alt+up'], summary: 'previous place of the sidebar', act: ({ nav }) => nav.moveView(-1) },
  { keys: ['alt+a'], summary: 'next place with something unread', act: ({ nav }) => nav.nextUnread() },
  { keys: ['alt+i'], summary: 'inbox: what is for you', act: ({ nav }) => nav.openView(INBOX) },
  { keys: ['alt+e'], summary: 'everything that is said', act: ({ nav }) => nav.openView(ALL) },
  {
    keys: ['ctrl+t'],
    summary: 'show or hide the pane on the right: tasks, claims and locks',
    act: ({ desk, nav }) => {
      const isShown = layoutOf(desk.state, desk.options.size()).right > 0;
      desk.dispatch({ type: 'show-right', show: !isShown });
      if (isShown && desk.state.focus === desk.state.right) nav.focus('input');
    },
  },
];
