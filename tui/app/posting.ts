/** What a text that was typed becomes, by where the reader is and what was being composed. */
import type { PostParams, State } from '../state/state.js';
import { partnerOf } from '../state/view.js';

/** Where an ordinary text goes; undefined where the operator only reads along. */
export function postOf(state: State, body: string): PostParams | undefined {
  const { view, self, composing, threads, info } = state;
  const { reply_to, kind } = composing;
  if (reply_to !== undefined) {
    const { from_agent, to_agent, channel, thread_id, id } = reply_to;
    // A reply stays as private as what it replies to: to its sender, or on to whom the operator had written.
    const isDirect = to_agent !== null;
    const whom = from_agent === self ? (to_agent ?? undefined) : from_agent;
    return {
      body,
      kind,
      reply_to: id,
      ...(isDirect ? { to_agent: whom, channel } : { channel }),
      ...(thread_id !== null && { thread_id }),
    };
  }
  switch (view.kind) {
    case 'channel':
      return { body, kind, channel: view.channel };
    case 'thread': {
      const channel = threads.get(view.thread_id)?.channel;
      return { body, kind, thread_id: view.thread_id, ...(channel && { channel: channel }) };
    }
    case 'direct': {
      const to_agent = partnerOf(view, self);
      return to_agent === undefined ? undefined : { body, kind, to_agent };
    }
    default:
      return { body, kind, channel: info?.default_channel ?? 'general' };
  }
}
