import type { Hands } from '../app/hands.js';
import type { State } from '../state/state.js';
import { directView, threadView } from '../state/view.js';
import { detailItems, detailLines } from '../view/detail.js';
import { HELP, type LinesPane, moveRow, rowKeys } from './pane.js';

const keysOf = (state: State): string[] => detailItems(state).map(({ key }) => key);

const chosen = ({ desk: { state } }: Hands) => detailItems(state).find(({ key }) => key === state.rows.detail)?.item;

export const detail: LinesPane = {
  name: 'Tasks, claims and locks',
  lines: (state, { columns, rows }) => detailLines(state, columns, rows),
  focused: ({ desk }) =>
    desk.dispatch({ type: 'row', pane: 'detail', key: desk.state.rows.detail ?? keysOf(desk.state)[0] }),
  wheel: (hands, by) => moveRow(hands, 'detail', keysOf(hands.desk.state), by),
  keys: [
    ...rowKeys('detail', keysOf),
    {
      keys: ['enter'],
      summary: 'go to the thread or the message behind it',
      act: (hands) => {
        const { desk, nav } = hands;
        const item = chosen(hands);
        if (item?.kind === 'task') desk.attempt(() => nav.jumpTo(item.task_id));
        else if (item?.kind === 'claim' && item.thread_id !== null) nav.openView(threadView(item.thread_id));
        else if (item !== undefined) nav.openView(directView(item.owner, desk.state.self));
      },
    },
    {
      keys: ['c'],
      summary: 'mark the task done; asks first',
      act: (hands) => {
        const item = chosen(hands);
        if (item?.kind === 'task') hands.questions.askComplete(item.task_id);
        else hands.desk.say('this is no task; x releases a claim or a lock');
      },
    },
    {
      keys: ['x'],
      summary: 'release the claim or the lock; asks first',
      act: (hands) => {
        const { desk, questions } = hands;
        const item = chosen(hands);
        if (item?.kind === 'claim') desk.attempt(async () => questions.askRelease('claim', item.claim_key));
        else if (item?.kind === 'lock') desk.attempt(async () => questions.askRelease('lock', item.file_path));
        else desk.say('this is no claim and no lock; c completes a task');
      },
    },
    HELP,
  ],
};
