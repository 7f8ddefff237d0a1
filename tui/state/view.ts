/** What the feed can show: everything, a channel, a thread, a direct conversation, or what waits for the operator. */
import type { Message } from '../../protocol/index.js';

export type View =
  | { readonly kind: 'all' }
  | { readonly kind: 'inbox' }
  | { readonly kind: 'channel'; readonly channel: string }
  | { readonly kind: 'thread'; readonly thread_id: string }
  /** A conversation of two agents, in alphabetical order; one of them may be the operator. */
  | { readonly kind: 'direct'; readonly pair: readonly [string, string] };

export const ALL: View = { kind: 'all' };
export const INBOX: View = { kind: 'inbox' };
export const channelView = (channel: string): View => ({ kind: 'channel', channel });
export const threadView = (thread_id: string): View => ({ kind: 'thread', thread_id });
export const directView = (a: string, b: string): View => ({ kind: 'direct', pair: a < b ? [a, b] : [b, a] });

/** Names a view in the seen-marks and as a key of lists. */
export function viewKey(view: View): string {
  switch (view.kind) {
    case 'all':
    case 'inbox':
      return view.kind;
    case 'channel':
      return `#${view.channel}`;
    case 'thread':
      return `~${view.thread_id}`;
    case 'direct':
      return `@${JSON.stringify(view.pair)}`;
  }
}

/** The other one of a conversation with `self`; undefined when `self` only reads along. */
export function partnerOf(view: View, self: string): string | undefined {
  if (view.kind !== 'direct') return undefined;
  const [a, b] = view.pair;
  if (a === self) return b;
  return b === self ? a : undefined;
}

export function viewTitle(view: View, self: string): string {
  switch (view.kind) {
    case 'all':
      return 'Everything';
    case 'inbox':
      return 'Inbox';
    case 'channel':
      return `#${view.channel}`;
    case 'thread':
      return `thread ${view.thread_id}`;
    case 'direct':
      return partnerOf(view, self) === undefined ? `${view.pair[0]} ↔ ${view.pair[1]}` : `@${partnerOf(view, self)}`;
  }
}

/** Whether the operator is meant: a direct message, or a mention in the text. */
export function concerns(message: Message, self: string): boolean {
  if (message.from_agent === self) return false;
  return message.to_agent === self || mentions(message.body, self);
}

export function mentions(body: string, agent: string): boolean {
  let at = body.indexOf(`@${agent}`);
  while (at >= 0) {
    const next = body[at + agent.length + 1];
    // `@ana` is no mention of `an`, and `@ana-2` none of `ana`.
    if (next === undefined || !/[\p{L}\p{N}_-]/u.test(next)) return true;
    at = body.indexOf(`@${agent}`, at + 1);
  }
  return false;
}

export function inView(message: Message, view: View, self: string): boolean {
  switch (view.kind) {
    case 'all':
      return true;
    case 'inbox':
      return concerns(message, self);
    case 'channel':
      return message.to_agent === null && message.channel === view.channel;
    case 'thread':
      return message.thread_id === view.thread_id;
    case 'direct': {
      const [a, b] = view.pair;
      const { from_agent: from, to_agent: to } = message;
      return (from === a && to === b) || (from === b && to === a);
    }
  }
}

/** The views in whose unread counts a message stands. */
export function viewsOf(message: Message, self: string): View[] {
  const views: View[] = [];
  if (message.to_agent === null) views.push(channelView(message.channel));
  else views.push(directView(message.from_agent, message.to_agent));
  if (message.thread_id !== null) views.push(threadView(message.thread_id));
  if (concerns(message, self)) views.push(INBOX);
  return views;
}

export interface Filter {
  readonly agent?: string | undefined;
  readonly kind?: string | undefined;
  readonly text?: string | undefined;
}

export const hasFilter = ({ agent, kind, text }: Filter): boolean =>
  agent !== undefined || kind !== undefined || text !== undefined;

export function passes(message: Message, filter: Filter, muted: ReadonlySet<string>): boolean {
  if (muted.has(message.from_agent)) return false;
  const { agent, kind, text } = filter;
  if (agent !== undefined && message.from_agent !== agent && message.to_agent !== agent) return false;
  if (kind !== undefined && message.kind !== kind) return false;
  return text === undefined || message.body.toLowerCase().includes(text.toLowerCase());
}
