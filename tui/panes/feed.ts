import type { Hands } from '../app/hands.js';
import { directView, threadView } from '../state/view.js';
import { buildFeed, feedMessages, neighbour } from '../view/feed.js';
import { withNotice } from '../view/notices.js';
import { HELP, type LinesPane } from './pane.js';

function step({ desk, nav }: Hands, by: number): void {
  nav.select(neighbour(desk.state, desk.feedSize, desk.state.selectedId, by));
}

export const feed: LinesPane = {
  name: 'Feed',
  lines: (state, size) => withNotice(state, buildFeed(state, size).lines, size.columns, size.rows),
  focused: (hands) => {
    if (hands.desk.state.selectedId === undefined) step(hands, 0);
  },
  keys: [
    { keys: ['up', 'k'], summary: 'select the message above', act: (hands) => step(hands, -1) },
    { keys: ['down', 'j'], summary: 'select the message below', act: (hands) => step(hands, 1) },
    {
      keys: ['home'],
      summary: 'oldest message that is loaded',
      act: ({ desk, nav }) => nav.select(feedMessages(desk.state)[0]?.id),
    },
    {
      keys: ['end', 'G'],
      summary: 'newest message',
      act: ({ desk, nav }) => {
        nav.toEnd();
        nav.select(feedMessages(desk.state).at(-1)?.id);
      },
    },
    {
      keys: ['enter', 'o'],
      summary: 'show the message whole, attachments unfolded',
      act: ({ desk, nav }) => nav.withSelected(({ id }) => desk.open({ kind: 'message', id, scroll: 0 })),
    },
    {
      keys: ['r'],
      summary: 'reply to it',
      act: ({ nav, composer }) => nav.withSelected((message) => composer.compose(message)),
    },
    {
      keys: ['a'],
      summary: 'answer it with a result, if it is a request',
      act: ({ desk, nav, composer }) =>
        nav.withSelected((message) => {
          if (message.kind !== 'task_request') return desk.say('this is no request; r replies to it');
          composer.compose(message, 'task_result');
        }),
    },
    {
      keys: ['t'],
      summary: 'open its thread',
      act: ({ desk, nav }) =>
        nav.withSelected(({ thread_id }) => {
          if (thread_id === null) desk.say('this message is in no thread');
          else nav.openView(threadView(thread_id));
        }),
    },
    {
      keys: ['d'],
      summary: 'write directly to its sender',
      act: ({ desk, nav }) =>
        nav.withSelected(({ from_agent }) => nav.openView(directView(from_agent, desk.state.self))),
    },
    {
      keys: ['c'],
      summary: 'mark its task done; asks first',
      act: ({ desk, nav, questions }) =>
        nav.withSelected(({ id }) => {
          if (desk.state.tasks.has(id)) questions.askComplete(id);
          else desk.say('this message is no task');
        }),
    },
    {
      keys: ['m'],
      summary: 'mute its sender in this dashboard, or no longer',
      act: ({ desk, nav }) =>
        nav.withSelected(({ from_agent }) => nav.mute(from_agent, !desk.state.muted.has(from_agent))),
    },
    {
      keys: ['f'],
      summary: 'show only its sender, or all again',
      act: ({ desk, nav }) =>
        nav.withSelected(({ from_agent }) => {
          const { filter } = desk.state;
          nav.setFilter(filter.agent === undefined ? { ...filter, agent: from_agent } : {});
        }),
    },
    HELP,
  ],
};
