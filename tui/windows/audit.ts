import { printable } from '../../base/terminal-text.js';
import type { AuditEntry } from '../../protocol/index.js';
import type { Hands } from '../app/hands.js';
import { cutLine, type Line, line, span } from '../line.js';
import type { Overlay } from '../state/state.js';
import { textWindow } from './text-window.js';
import type { WindowKind } from './window.js';

type Audit = Extract<Overlay, { kind: 'audit' }>;

const PAGE = 200;

const text = textWindow<Audit>({
  title: () => 'Audit',
  lines: ({ audit }, _, columns) =>
    audit.length === 0 ? [line('Nothing yet.', 'muted')] : audit.map((entry) => auditLine(entry, columns)),
});

/** What was done and refused, newest last; it goes on while it is open. */
export const audit: WindowKind<Audit> = {
  ...text,
  name: 'Audit',
  view: (state, overlay, inside) => ({ ...text.view(state, overlay, inside), hint: '↑↓ scroll, o older, Esc closes' }),
  keys: [...text.keys, { keys: ['o'], summary: 'load older lines', act: loadOlder }],
};

function loadOlder({ desk }: Hands): void {
  const [oldest] = desk.state.audit;
  desk.attempt(async () => {
    const lines = await desk.actor.call('audit.list', { before_id: oldest?.id ?? 1, limit: PAGE });
    if (lines.length === 0) desk.say('the audit holds nothing older');
    desk.dispatch({ type: 'audit', lines });
  });
}

export function auditLine({ ts, caller, operation, target, outcome, count }: AuditEntry, columns: number): Line {
  const who = [
    caller.agent,
    caller.role,
    caller.token_id === null ? caller.address : `token ${caller.token_id}`,
    caller.door,
  ];
  const isDone = outcome === 'done';
  return cutLine(
    [
      span(`${ts.slice(5, 16).replace('T', ' ')} `, 'muted'),
      span(isDone ? '✓ ' : '✗ ', isDone ? 'good' : 'bad'),
      span(`${printable(operation)}${target === '' ? '' : ` ${printable(target)}`}`),
      span(isDone ? '' : ` ${printable(outcome)}`, 'bad'),
      span(count > 1 ? ` ${count} times` : '', 'number'),
      span(
        `  ${who
          .filter((part) => part !== null)
          .map((part) => printable(part))
          .join(', ')}`,
        'muted',
      ),
    ],
    columns,
  );
}
