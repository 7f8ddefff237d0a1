/** The lines above and below the panes: title, status, and what the next post will be. */

import { cut, printable } from '../../base/terminal-text.js';
import type { Whoami } from '../../protocol/index.js';
import { ends, type Line, lineWidth, type Span, span } from '../line.js';
import type { State } from '../state/state.js';
import { hasFilter, partnerOf, viewTitle } from '../state/view.js';
import { countdown, duration } from '../time.js';
import { kindBadge } from './people.js';

const BARS = '▁▂▃▄▅▆▇█';

export function sparkline(values: readonly number[]): string {
  const max = Math.max(1, ...values);
  return values
    .map((value) => (value === 0 ? '▁' : (BARS[Math.ceil((value / max) * (BARS.length - 1))] ?? '█')))
    .join('');
}

/** Messages a second over the last whole seconds. */
export function messageRate(rate: readonly number[]): string {
  const recent = rate.slice(-6, -1);
  const mean = recent.reduce((sum, n) => sum + n, 0) / Math.max(1, recent.length);
  return mean >= 10 || mean === 0 ? String(Math.round(mean)) : mean.toFixed(1);
}

const LINK_WORDS = {
  connecting: { mark: '○', text: 'connecting', role: 'warn' },
  waiting: { mark: '○', text: 'no hub yet', role: 'warn' },
  open: { mark: '●', text: 'connected', role: 'good' },
  lost: { mark: '✗', text: 'CONNECTION LOST, reconnecting', role: 'bad' },
  closed: { mark: '✗', text: 'CLOSED', role: 'bad' },
} as const;

export function linkSpans(state: State): Span[] {
  const { reader, actor, nowMs } = state;
  const word = LINK_WORDS[reader.state];
  const since = reader.state === 'lost' ? ` for ${duration(nowMs - reader.sinceMs)}` : '';
  const spans: Span[] = [span(`${word.mark} ${word.text}${since}`, word.role)];
  if (reader.state === 'open' && actor.state !== 'open') {
    spans.push(span(actor.state === 'closed' ? ' (read only)' : ' (signing in)', 'warn'));
  }
  return spans;
}

export function titleLine(state: State, columns: number): Line {
  const left: Span[] = [span(' arc ', 'selected'), span(` ${printable(viewTitle(state.view, state.self))}`, 'title')];
  const { agent, kind, text } = state.filter;
  if (hasFilter(state.filter)) {
    const parts = [agent && `agent=${agent}`, kind && `kind=${kind}`, text && `“${text}”`].filter(Boolean).join(' ');
    left.push(span(`  filter ${printable(parts)}`, 'warn'));
  }
  if (state.muted.size > 0) left.push(span(`  ${state.muted.size} muted`, 'muted'));
  const right: Span[] = [];
  if (state.storeProblem !== undefined) right.push(span('STORE LOST: nothing is kept ', 'bad'));
  if (state.shutdown !== undefined && state.reader.state === 'open') {
    right.push(span(`SHUTDOWN in ${countdown(state.shutdown.atMs - state.nowMs)} `, 'bad'));
  }
  if (state.requests.size > 0) right.push(span(`! ${state.requests.size} to answer `, 'mention'));
  right.push(...linkSpans(state));
  return ends(left, right, columns);
}

const MIN_BARS = 6;

export function statusLine(state: State, columns: number): Line {
  // What there is no room for goes: first the second hint, then the address and the longer words.
  const choices = [
    { left: facts(state, true), right: [span('F1 help  ^P commands ', 'muted')] },
    { left: facts(state, true), right: [span('F1 help ', 'muted')] },
    { left: facts(state, false), right: [span('F1 help ', 'muted')] },
  ];
  const roomOf = ({ left, right }: { left: Line; right: Line }) => columns - lineWidth(left) - lineWidth(right) - 2;
  const chosen = choices.find((each) => roomOf(each) >= MIN_BARS) ?? choices[2];
  const { left, right } = chosen ?? { left: [], right: [] };
  const room = Math.max(0, roomOf({ left, right }));
  // The second that is not over yet would look like a drop.
  const bars = room === 0 ? '' : sparkline(state.rate.slice(0, -1).slice(-room));
  return ends([...left, span(` ${bars}`, 'muted')], right, columns);
}

/** Whom the hub takes the reader for: a mark says whether it has been shown a token, so that colour is never alone. */
function roleSpan({ role, verified }: Whoami): Span {
  return verified ? span(`✓ ${role}`, 'good') : span('? open hub', 'muted');
}

function facts(state: State, isLong: boolean): Line {
  const { instance_id, info, agents } = state;
  const parts: Span[] = [span(cut(printable(state.display_name), 20), 'self')];
  const muted = (text: string) => parts.push(span(text, 'muted'));
  if (isLong && state.reading !== undefined) parts.push(roleSpan(state.reading));
  if (isLong) muted(state.baseUrl.replace(/^https?:\/\//, ''));
  if (instance_id !== undefined) {
    muted(
      `${isLong ? 'hub ' : ''}${printable(instance_id).slice(0, 12)}${isLong && info?.wal_mode === true ? ' WAL' : ''}`,
    );
  }
  if (info?.wal_mode === false) parts.push(span('NO WAL', 'warn'));
  if (state.allow_remote === true) parts.push(span('REMOTE ON', 'warn'));
  muted(`${agents.size} ${agents.size === 1 ? 'agent' : 'agents'}`);
  muted(`${messageRate(state.rate)}${isLong ? ' msg/s' : '/s'}`);
  return parts.flatMap((part, i) => [span(i === 0 ? ' ' : ' · ', 'border'), part]);
}

/** The rule above the input: where the text goes, what came below, which panes keys go to. */
export function composeLine(state: State, columns: number): Line {
  const left: Span[] = [span('─ ', 'border'), ...targetSpans(state), span(' ', 'border')];
  const right: Span[] = [];
  if (state.scroll.kind === 'at') {
    right.push(
      span(
        state.below > 0 ? ` ↓ ${state.below} new below, End ` : ' reading back, End ',
        state.below > 0 ? 'mention' : 'muted',
      ),
    );
  }
  if (state.focus !== 'input') right.push(span(` keys go to: ${state.focus}, Esc types `, 'accent'));
  const failed = state.unsent.filter(({ status }) => status === 'failed').length;
  if (failed > 0) right.push(span(` ${failed} not sent: /retry /drop `, 'bad'));
  const shown = ends(left, [...right, span('─', 'border')], columns);
  return shown.map((each) => (/^ {2,}$/.test(each.text) ? span('─'.repeat(each.text.length), 'border') : each));
}

function targetSpans(state: State): Span[] {
  const { view, self, composing } = state;
  if (composing.reply_to !== undefined) {
    const { id, from_agent } = composing.reply_to;
    const verb = composing.kind === 'task_result' ? 'answer' : 'reply';
    return [span(`${verb} to ${id} of ${cut(printable(from_agent), 20)} (Esc drops it)`, 'accent')];
  }
  const badge = composing.kind === undefined ? [] : [...kindBadge(composing.kind), span(' ')];
  const target = postTarget(state);
  if (target === undefined) {
    const [a, b] = view.kind === 'direct' ? view.pair : ['', ''];
    return [span(`reading along: ${printable(a)} and ${printable(b)}; /dm writes to one`, 'muted')];
  }
  const partner = partnerOf(view, self);
  return [...badge, span(partner === undefined ? `to ${target}` : `direct to ${target}`, 'muted')];
}

/** Where a post of the open view goes, in words; undefined where it cannot go anywhere. */
export function postTarget(state: State): string | undefined {
  const { view, self } = state;
  switch (view.kind) {
    case 'channel':
      return `#${printable(view.channel)}`;
    case 'thread':
      return `thread ${printable(view.thread_id)}`;
    case 'direct': {
      const partner = partnerOf(view, self);
      return partner === undefined ? undefined : printable(partner);
    }
    default:
      return `#${printable(state.info?.default_channel ?? 'general')}`;
  }
}
