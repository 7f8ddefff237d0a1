import type { Hands } from '../app/hands.js';
import { viewKey } from '../state/view.js';
import { sidebarEntries, sidebarKeys, sidebarLines } from '../view/sidebar.js';
import { HELP, type LinesPane, moveRow, rowKeys } from './pane.js';

function chosen({ desk: { state } }: Hands) {
  const key = state.rows.sidebar;
  return key === undefined ? undefined : sidebarEntries(state).find((entry) => entry.key === key);
}

export const sidebar: LinesPane = {
  name: 'Sidebar',
  lines: (state, { columns, rows }) => sidebarLines(state, columns, rows),
  focused: ({ desk }) => desk.dispatch({ type: 'row', pane: 'sidebar', key: viewKey(desk.state.view) }),
  wheel: (hands, by) => moveRow(hands, 'sidebar', sidebarKeys(hands.desk.state), by),
  keys: [
    ...rowKeys('sidebar', sidebarKeys),
    {
      keys: ['enter', 'right'],
      summary: 'open it',
      act: (hands) => {
        const view = chosen(hands)?.view;
        if (view !== undefined) hands.nav.openView(view);
      },
    },
    {
      keys: ['m'],
      summary: 'mute the agent in this dashboard, or no longer',
      act: (hands) => {
        const { desk, nav } = hands;
        const agent = chosen(hands)?.agent_id;
        if (agent === undefined) desk.say('only agents can be muted');
        else nav.mute(agent, !desk.state.muted.has(agent));
      },
    },
    { keys: ['R'], summary: 'mark everything read', act: ({ desk }) => desk.dispatch({ type: 'seen-all' }) },
    HELP,
  ],
};
