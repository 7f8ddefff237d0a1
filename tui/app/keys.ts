/** What each key of the table does. */
import * as edit from '../input/editor.js';
import type { KeyId } from '../input/keys.js';
import { ALL, directView, INBOX, threadView } from '../state/view.js';
import { feedMessages, neighbour } from '../view/feed.js';
import { layoutOf } from '../view/layout.js';
import { sidebarKeys } from '../view/sidebar.js';
import type { Composer } from './composer.js';
import type { Desk } from './desk.js';
import type { Navigation } from './navigation.js';
import type { Overlays } from './overlays.js';
import type { Questions } from './questions.js';

/** The hands of the person: everything that a key or a command may reach for. */
export interface Hands {
  readonly desk: Desk;
  readonly nav: Navigation;
  readonly questions: Questions;
  readonly composer: Composer;
  readonly overlays: Overlays;
}

export const keyActions = ({ desk, nav, questions, composer, overlays }: Hands): Record<KeyId, () => void> => ({
  help: () => overlays.openHelp(),
  'help-empty': () => overlays.openHelp(),
  'feed-help': () => overlays.openHelp(),
  'side-help': () => overlays.openHelp(),
  'detail-help': () => overlays.openHelp(),
  palette: () => overlays.openPalette(),
  leave: () => desk.options.leave(),
  suspend: () => desk.options.suspend(),
  'next-pane': () => {
    if (desk.state.focus === 'input' && composer.complete()) return;
    nav.nextPane(1);
  },
  'previous-pane': () => {
    if (desk.state.focus === 'input' && composer.moveCompletion(-1)) return;
    nav.nextPane(-1);
  },
  type: () => composer.escape(),
  'page-up': () => nav.scroll(-Math.max(1, desk.feedSize.rows - 2)),
  'page-down': () => nav.scroll(Math.max(1, desk.feedSize.rows - 2)),
  'line-up': () => nav.scroll(-1),
  'line-down': () => nav.scroll(1),
  newest: () => nav.toEnd(),
  'next-view': () => nav.moveView(1),
  'previous-view': () => nav.moveView(-1),
  'next-unread': () => nav.nextUnread(),
  inbox: () => nav.openView(INBOX),
  everything: () => nav.openView(ALL),
  details: () => {
    const isShown = layoutOf(desk.state, desk.options.size()).detail > 0;
    desk.dispatch({ type: 'show-detail', show: !isShown });
    if (isShown && desk.state.focus === 'detail') nav.focus('input');
  },
  redraw: () => desk.options.redraw(),
  send: () => {
    if (!composer.isChoosing() || !composer.complete()) composer.send();
  },
  newline: () => composer.editInput((editor) => edit.insert(editor, '\n')),
  up: () => composer.upOrDown(-1),
  down: () => composer.upOrDown(1),
  left: () => composer.editInput(edit.left),
  right: () => composer.editInput(edit.right),
  'word-left': () => composer.editInput(edit.wordLeft),
  'word-right': () => composer.editInput(edit.wordRight),
  home: () => composer.editInput(edit.home),
  end: () => {
    if (desk.state.input.text === '') nav.toEnd();
    else composer.editInput(edit.end);
  },
  backspace: () => composer.editInput(edit.backspace),
  delete: () => composer.editInput(edit.deleteForward),
  'delete-word': () => composer.editInput(edit.deleteWord),
  'delete-to-start': () => composer.editInput(edit.deleteToStart),
  'delete-to-end': () => composer.editInput(edit.deleteToEnd),
  'select-up': () => nav.select(neighbour(desk.state, desk.feedSize, desk.state.selectedId, -1)),
  'select-down': () => nav.select(neighbour(desk.state, desk.feedSize, desk.state.selectedId, 1)),
  'feed-top': () => nav.select(feedMessages(desk.state)[0]?.id),
  'feed-end': () => {
    nav.toEnd();
    nav.select(feedMessages(desk.state).at(-1)?.id);
  },
  'open-message': () =>
    nav.withSelected(({ id }) => desk.dispatch({ type: 'overlay', overlay: { kind: 'message', id, scroll: 0 } })),
  reply: () => nav.withSelected((message) => composer.compose(message)),
  answer: () =>
    nav.withSelected((message) => {
      if (message.kind !== 'task_request') return desk.say('this is no request; r replies to it');
      composer.compose(message, 'task_result');
    }),
  'open-thread': () =>
    nav.withSelected(({ thread_id }) => {
      if (thread_id === null) desk.say('this message is in no thread');
      else nav.openView(threadView(thread_id));
    }),
  direct: () => nav.withSelected(({ from_agent }) => nav.openView(directView(from_agent, desk.state.self))),
  complete: () =>
    nav.withSelected(({ id }) => {
      if (desk.state.tasks.has(id)) questions.askComplete(id);
      else desk.say('this message is no task');
    }),
  mute: () => nav.withSelected(({ from_agent }) => nav.mute(from_agent, !desk.state.muted.has(from_agent))),
  'only-agent': () =>
    nav.withSelected(({ from_agent }) =>
      nav.setFilter(desk.state.filter.agent === undefined ? { ...desk.state.filter, agent: from_agent } : {}),
    ),
  'side-up': () =>
    desk.dispatch({ type: 'sidebar', key: nav.moveIn(sidebarKeys(desk.state), desk.state.sidebarKey, -1) }),
  'side-down': () =>
    desk.dispatch({ type: 'sidebar', key: nav.moveIn(sidebarKeys(desk.state), desk.state.sidebarKey, 1) }),
  'side-open': () => {
    const view = nav.sidebarEntry()?.view;
    if (view !== undefined) nav.openView(view);
  },
  'side-mute': () => {
    const agent = nav.sidebarEntry()?.agent_id;
    if (agent === undefined) desk.say('only agents can be muted');
    else nav.mute(agent, !desk.state.muted.has(agent));
  },
  'side-read': () => desk.dispatch({ type: 'seen-all' }),
  'detail-up': () => nav.moveDetail(-1),
  'detail-down': () => nav.moveDetail(1),
  'detail-open': () => {
    const item = nav.detailItem();
    if (item?.kind === 'task') desk.attempt(() => nav.jumpTo(item.task_id));
    else if (item?.kind === 'claim' && item.thread_id !== null) nav.openView(threadView(item.thread_id));
    else if (item !== undefined) nav.openView(directView(item.owner, desk.state.self));
  },
  'detail-complete': () => {
    const item = nav.detailItem();
    if (item?.kind === 'task') questions.askComplete(item.task_id);
    else desk.say('this is no task; x releases a claim or a lock');
  },
  'detail-release': () => {
    const item = nav.detailItem();
    if (item?.kind === 'claim') desk.attempt(async () => questions.askRelease({ kind: 'claim', name: item.claim_key }));
    else if (item?.kind === 'lock')
      desk.attempt(async () => questions.askRelease({ kind: 'lock', name: item.file_path }));
    else desk.say('this is no claim and no lock; c completes a task');
  },
});
