/** Where to look: channels, threads, conversations, and what is shown of them. */
import { HubError } from '../../protocol/index.js';
import { editorOf } from '../input/editor.js';
import { ALL, channelView, type Filter, hasFilter, INBOX, threadView } from '../state/view.js';
import { search } from '../windows/search.js';
import { arg, bare, type Command, optional, wholeNumber } from './command.js';

export const PLACES: readonly Command[] = [
  {
    name: 'channels',
    summary: 'list the channels',
    run: ({ desk }) => desk.say(`channels: ${desk.state.channels.join(', ')}`),
  },
  {
    name: 'channel',
    aliases: ['c', 'join'],
    args: [arg('name', 'channel')],
    summary: 'open a channel',
    run: ({ desk, nav }, [name = '']) => {
      const channel = bare(name, '#');
      if (!desk.state.channels.includes(channel)) {
        throw new HubError('not_found', `there is no channel “${channel}”; /create-channel ${channel} makes it`);
      }
      nav.openView(channelView(channel));
    },
  },
  {
    name: 'create-channel',
    args: [arg('name', 'text')],
    summary: 'create a channel and open it',
    run: async ({ desk, nav }, [name = '']) => {
      const channel = await desk.actor.call('channels.create', { name: bare(name, '#') });
      desk.dispatch({ type: 'change', change: { topic: 'channel', change: 'created', value: channel, seq: 0 } });
      nav.openView(channelView(channel.name));
    },
  },
  {
    name: 'thread',
    aliases: ['t'],
    args: [arg('id', 'thread')],
    summary: 'open a thread',
    run: ({ nav }, [id = '']) => nav.openView(threadView(bare(id, '~'))),
  },
  {
    name: 'all',
    aliases: ['everything'],
    summary: 'open everything that is said',
    run: ({ nav }) => nav.openView(ALL),
  },
  {
    name: 'inbox',
    summary: 'open what is for you: direct messages, mentions, requests',
    run: ({ nav }) => nav.openView(INBOX),
  },
  {
    name: 'jump',
    aliases: ['goto'],
    args: [arg('message', 'message')],
    summary: 'go to a message by its number',
    run: ({ nav }, [id]) => nav.jumpTo(wholeNumber(id, 'the message')),
  },
  {
    name: 'filter',
    args: [optional('what', 'filter')],
    summary: 'show only agent=…, kind=…, or what holds a text; off shows all',
    run: ({ nav }, [what]) => nav.setFilter(what === undefined || what === 'off' ? {} : filterOf(what)),
  },
  {
    name: 'search',
    aliases: ['find'],
    args: [optional('words', 'text')],
    summary: 'find messages by their words, in all that the hub keeps',
    run: (hands, [words = '']) => search(hands, editorOf(words)),
  },
  {
    name: 'mute',
    args: [arg('agent', 'agent')],
    summary: 'hide an agent in this dashboard',
    run: ({ nav }, [agent = '']) => nav.mute(bare(agent, '@'), true),
  },
  {
    name: 'unmute',
    args: [arg('agent', 'agent')],
    summary: 'show a muted agent again',
    run: ({ nav }, [agent = '']) => nav.mute(bare(agent, '@'), false),
  },
  {
    name: 'read',
    summary: 'mark everything read',
    run: ({ desk }) => desk.dispatch({ type: 'seen-all' }),
  },
];

/** `agent=ana kind=task the text`, in any order; a value with spaces is quoted. */
function filterOf(what: string): Filter {
  const filter: { agent?: string; kind?: string; text?: string } = {};
  const words: string[] = [];
  for (const word of what.match(/\w+="[^"]*"|\S+/g) ?? []) {
    const [, name, value = ''] = /^(agent|kind|text)=(.+)$/.exec(word) ?? [];
    const unquoted = value.replace(/^"(.*)"$/, '$1');
    if (name === 'agent') filter.agent = bare(unquoted, '@');
    else if (name === 'kind') filter.kind = unquoted;
    else if (name === 'text') words.push(unquoted);
    else words.push(word);
  }
  if (words.length > 0) filter.text = words.join(' ');
  return hasFilter(filter) ? filter : {};
}
