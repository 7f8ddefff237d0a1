/** Messages found by their words, as they are typed; the one that is chosen is jumped to. */
import { printable, width } from '../../base/terminal-text.js';
import { HubError, type SearchHit } from '../../protocol/index.js';
import type { Hands } from '../app/hands.js';
import * as edit from '../input/editor.js';
import { cutLine, type Line, line, rule, type Span, span } from '../line.js';
import type { Overlay } from '../state/state.js';
import { scrolled } from '../view/sidebar.js';
import type { WindowKey, WindowKind } from './window.js';

type Search = Extract<Overlay, { kind: 'search' }>;

const HITS = 100;
const PAGE = 8;

/** Opens it, or shows it with another query, and looks. */
export function search({ desk }: Hands, query: edit.Editor, before?: Search): void {
  desk.open({ kind: 'search', hits: [], more: false, problem: undefined, ...before, query, selected: 0 });
  if (query.text.trim() === '') return;
  const still = (): Search | undefined => {
    const { overlay } = desk.state;
    return overlay?.kind === 'search' && overlay.query.text === query.text ? overlay : undefined;
  };
  // An empty agent: all that whoever reads may see, and not only what concerns the operator.
  const asked = desk.actor.call('messages.search', { query: query.text, agent_id: '', limit: HITS });
  void asked.then(
    ({ hits, more }) => {
      const overlay = still();
      if (overlay !== undefined) desk.open({ ...overlay, hits, more, problem: undefined });
    },
    (cause: unknown) => {
      const overlay = still();
      if (overlay !== undefined) desk.open({ ...overlay, hits: [], problem: HubError.from(cause).message });
    },
  );
}

const move = (keys: readonly string[], summary: string, by: number): WindowKey<Search> => ({
  keys,
  summary,
  act: ({ desk }, overlay) => {
    const last = overlay.hits.length - 1;
    desk.open({ ...overlay, selected: Math.max(0, Math.min(last, overlay.selected + by)) });
  },
});

const editing = (
  keys: readonly string[],
  summary: string,
  change: (editor: edit.Editor) => edit.Editor,
): WindowKey<Search> => ({
  keys,
  summary,
  act: (hands, overlay) => search(hands, change(overlay.query), overlay),
});

export const searchWindow: WindowKind<Search> = {
  name: 'Search',
  view: (_, overlay, { columns, rows }) => ({
    title: 'Search',
    lines: linesOf(overlay, columns, rows),
    hint: 'words, "a phrase", -not, from: in: kind: has: after: · Enter jumps, Esc closes',
    cursor: 2 + width(printable(overlay.query.text.slice(0, overlay.query.cursor))),
  }),
  text: (hands, overlay, text) => search(hands, edit.insert(overlay.query, printable(text)), overlay),
  keys: [
    {
      keys: ['enter'],
      summary: 'jump to the message that is chosen',
      act: ({ desk, nav }, { hits, selected }) => {
        const hit = hits[selected];
        if (hit === undefined) return;
        desk.close();
        desk.attempt(() => nav.jumpTo(hit.message.id));
      },
    },
    move(['up', 'shift+tab'], 'choose the one above', -1),
    move(['down', 'tab'], 'choose the one below', 1),
    move(['pageup'], 'up by some', -PAGE),
    move(['pagedown'], 'down by some', PAGE),
    editing(['backspace'], 'delete the letter before', edit.backspace),
    editing(['ctrl+w'], 'delete the word before', edit.deleteWord),
    editing(['ctrl+u'], 'delete all that was typed', edit.deleteToStart),
    { keys: ['escape'], summary: 'close it', act: ({ desk }) => desk.close() },
  ],
};

function linesOf(overlay: Search, columns: number, rows: number): Line[] {
  const { query, hits, selected } = overlay;
  const lines = hits.map((hit, i) => hitLine(hit, i === selected, columns));
  const found = lines.length > 0 ? scrolled(lines, selected, rows - 2) : [line(`  ${emptyText(overlay)}`, 'muted')];
  return [[span('› ', 'accent'), span(printable(query.text))], rule('', columns), ...found];
}

function emptyText({ query, more, problem }: Search): string {
  if (problem !== undefined) return printable(problem);
  if (query.text.trim() === '') return 'type what you look for';
  return more === 'indexing' ? 'nothing yet: the index is being made' : 'nothing found';
}

function hitLine({ message, snippet }: SearchHit, isSelected: boolean, columns: number): Line {
  const where = message.to_agent === null ? `#${message.channel}` : `→ ${message.to_agent}`;
  return cutLine(
    [
      span(isSelected ? '▸ ' : '  ', 'focus'),
      span(`${message.ts.slice(5, 16).replace('T', ' ')} `, 'muted'),
      span(`${printable(message.from_agent)} `, isSelected ? 'accent' : undefined),
      span(`${printable(where)}  `, 'muted'),
      ...marked(snippet),
    ],
    columns,
  );
}

/** The words that were looked for stand out, not by their colour alone: the brackets stay. */
const marked = (snippet: string): Span[] =>
  snippet.split(/(\[\[.*?\]\])/u).map((part) => span(printable(part), part.startsWith('[[') ? 'good' : undefined));
