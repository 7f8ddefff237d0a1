/** Who may speak: the tokens of the hub, for those who may know them. */
import { padTo, printable } from '../../base/terminal-text.js';
import type { Token } from '../../protocol/index.js';
import type { Hands } from '../app/hands.js';
import { findCommand } from '../commands/table.js';
import { cutLine, type Line, line, span } from '../line.js';
import { type TokenState, tokenState } from '../state/access.js';
import type { Overlay, State } from '../state/state.js';
import type { Role } from '../theme.js';
import { scrolled } from '../view/sidebar.js';
import type { WindowKey, WindowKind } from './window.js';

type Tokens = Extract<Overlay, { kind: 'tokens' }>;

const STATES: Readonly<Record<TokenState, { readonly mark: string; readonly role: Role }>> = {
  good: { mark: '✓', role: 'good' },
  expired: { mark: '○', role: 'warn' },
  revoked: { mark: '✗', role: 'muted' },
};

const move = (keys: readonly string[], summary: string, by: number): WindowKey<Tokens> => ({
  keys,
  summary,
  act: ({ desk }, overlay) => {
    const last = (desk.state.tokens?.length ?? 0) - 1;
    desk.open({ ...overlay, selected: Math.max(0, Math.min(last, overlay.selected + by)) });
  },
});

const onChosen = (key: string, summary: string, act: (hands: Hands, token: Token) => void): WindowKey<Tokens> => ({
  keys: [key],
  summary,
  act: (hands, { selected }) => {
    const token = hands.desk.state.tokens?.[selected];
    if (token !== undefined) act(hands, token);
  },
});

export const tokens: WindowKind<Tokens> = {
  name: 'Tokens',
  view: (state, { selected }, { columns, rows }) => ({
    title: 'Tokens',
    lines: linesOf(state, selected, columns, rows),
    hint: 'n new, r renew, d revoke, f free its names, Esc closes',
  }),
  keys: [
    move(['up', 'k'], 'choose the one above', -1),
    move(['down', 'j'], 'choose the one below', 1),
    {
      keys: ['n'],
      summary: 'a new one: asks for whom',
      act: ({ desk, composer }) => {
        desk.close();
        const issue = findCommand('issue-token');
        if (issue !== undefined) composer.begin(issue);
      },
    },
    onChosen('r', 'give it a new secret; asks first', ({ questions }, token) => questions.askRotate(token)),
    onChosen('d', 'revoke it; asks first', ({ questions }, token) => questions.askRevoke(token, false)),
    onChosen('f', 'revoke it and free its names; asks first', ({ questions }, token) =>
      questions.askRevoke(token, true),
    ),
    { keys: ['escape', 'q'], summary: 'close it', act: ({ desk }) => desk.close() },
  ],
};

function linesOf(state: State, selected: number, columns: number, rows: number): Line[] {
  const all = state.tokens ?? [];
  if (all.length === 0) return [line('  No token yet: n makes one.', 'muted')];
  const lines = all.map((token, i): Line => {
    const of = tokenState(token, state.nowMs);
    const { mark, role } = STATES[of];
    const names = token.names.length === 0 ? token.role : token.names.map((name) => printable(name)).join(', ');
    const where =
      token.channels === null ? '' : `, in ${token.channels.map((name) => `#${printable(name)}`).join(' ')}`;
    const end = of === 'good' && token.expires_at !== null ? `until ${token.expires_at}` : of;
    return cutLine(
      [
        span(i === selected ? '▸ ' : '  ', 'focus'),
        span(`${mark} `, role),
        span(padTo(token.id, 11), i === selected ? 'accent' : undefined),
        span(`${token.role === 'agent' ? '' : `${token.role} `}${names}${where}  `),
        span(
          `${end}, used ${token.last_used_at ?? 'never'}${token.label === '' ? '' : `, ${printable(token.label)}`}`,
          'muted',
        ),
      ],
      columns,
    );
  });
  return scrolled(lines, selected, rows);
}
