/** What the slash commands do. */

import { printable } from '../../base/terminal-text.js';
import { HubError, MESSAGE_KINDS } from '../../protocol/index.js';
import type { SlashName } from '../input/slash.js';
import { ALL, channelView, directView, type Filter, hasFilter, INBOX, threadView } from '../state/view.js';
import { feedMessages } from '../view/feed.js';
import { capabilitiesText, holdings } from '../view/people.js';
import { attachFile } from './attach.js';
import type { Hands } from './keys.js';
import { postOf } from './posting.js';

type Run = (hands: Hands, args: readonly string[]) => void | Promise<void>;

const bare = (name: string, mark: string): string => (name.startsWith(mark) ? name.slice(1) : name);

function wholeNumber(text: string | undefined, what: string): number {
  const digits = bare(text ?? '', '#').trim();
  if (!/^\d+$/.test(digits)) throw new HubError('bad_request', `${what} must be a number, not “${text ?? ''}”`);
  return Number(digits);
}

const RUN: Record<SlashName, Run> = {
  help: ({ overlays }) => overlays.openHelp(),
  channels: ({ desk }) => desk.say(`channels: ${desk.state.channels.join(', ')}`),
  channel: ({ desk, nav }, [name = '']) => {
    const channel = bare(name, '#');
    if (!desk.state.channels.includes(channel)) {
      throw new HubError('not_found', `there is no channel “${channel}”; /create-channel ${channel} makes it`);
    }
    nav.openView(channelView(channel));
  },
  'create-channel': async ({ desk, nav }, [name = '']) => {
    const channel = await desk.actor.call('channels.create', { name: bare(name, '#') });
    desk.dispatch({ type: 'change', change: { topic: 'channel', change: 'created', value: channel, seq: 0 } });
    nav.openView(channelView(channel.name));
  },
  thread: ({ nav }, [id = '']) => nav.openView(threadView(bare(id, '~'))),
  all: ({ nav }) => nav.openView(ALL),
  inbox: ({ nav }) => nav.openView(INBOX),
  dm: ({ desk, nav, composer }, [agent = '', text]) => {
    const to_agent = bare(agent, '@');
    if (text === undefined) nav.openView(directView(to_agent, desk.state.self));
    else composer.post({ to_agent, body: text });
  },
  reply: async ({ desk, nav, composer }, [id, text = '']) => {
    const reply_to = await nav.findMessage(wholeNumber(id, 'the message'));
    const params = postOf({ ...desk.state, composing: { reply_to } }, text);
    if (params !== undefined) composer.post(params);
  },
  request: ({ composer }, [agent = '', text = '']) =>
    composer.post({ to_agent: bare(agent, '@'), kind: 'task_request', body: text }),
  answer: async ({ desk, nav, composer }, [id, text = '']) => {
    const reply_to = await nav.findMessage(wholeNumber(id, 'the request'));
    if (reply_to.kind !== 'task_request') throw new HubError('bad_request', `message ${reply_to.id} is no request`);
    const params = postOf({ ...desk.state, composing: { reply_to, kind: 'task_result' } }, text);
    if (params !== undefined) composer.post(params);
  },
  task: ({ composer }, [text = '']) => composer.postHere(text, { kind: 'task' }),
  post: ({ composer }, [kind = '', text = '']) => {
    const wanted = kind.toLowerCase();
    if (!(MESSAGE_KINDS as readonly string[]).includes(wanted)) {
      throw new HubError('bad_request', `unknown kind “${kind}”; there are ${MESSAGE_KINDS.join(', ')}`);
    }
    composer.postHere(text, { kind: wanted });
  },
  attach: async ({ composer }, [file = '', text = '']) => {
    composer.postHere(text, { attachments: await attachFile(file) });
  },
  nudge: ({ composer }, [agent = '']) => {
    const to_agent = bare(agent, '@');
    composer.post({
      to_agent,
      body: `@${to_agent} where do you stand? Please say what you are doing and what holds you up.`,
    });
  },
  complete: ({ questions }, [id]) => questions.completeTask(wholeNumber(id, 'the task')),
  release: ({ questions }, [key = '']) => questions.askRelease({ kind: 'claim', name: key }),
  unlock: ({ questions }, [path = '']) => questions.askRelease({ kind: 'lock', name: path }),
  jump: ({ nav }, [id]) => nav.jumpTo(wholeNumber(id, 'the message')),
  filter: ({ nav }, [what]) => nav.setFilter(what === undefined || what === 'off' ? {} : filterOf(what)),
  search: ({ desk, nav }, [text = '']) => {
    nav.setFilter({ text });
    const found = feedMessages(desk.state).length;
    desk.say(
      `${found} loaded ${found === 1 ? 'message holds' : 'messages hold'} “${text}” here; /filter off shows all again`,
    );
  },
  mute: ({ nav }, [agent = '']) => nav.mute(bare(agent, '@'), true),
  unmute: ({ nav }, [agent = '']) => nav.mute(bare(agent, '@'), false),
  read: ({ desk }) => desk.dispatch({ type: 'seen-all' }),
  nick: async ({ desk }, [name = '']) => {
    const { display_name } = await desk.actor.call('sessions.rename', { display_name: name });
    desk.dispatch({ type: 'identity', self: desk.state.self, display_name });
    desk.options.remember({ display_name });
    desk.say(`you are called ${printable(display_name)} now`, 'good');
  },
  agents: ({ desk }) => {
    const rows = [...desk.state.agents.values()].map((session) => {
      const can = capabilitiesText(session);
      const held = holdings(desk.state, session.agent_id);
      const facts = [can && `can ${can}`, held.length > 0 && `holds ${held.join(', ')}`].filter(Boolean);
      return [session.agent_id, ...facts].join('; ');
    });
    desk.say(rows.length === 0 ? 'no agents yet' : rows.join('\n'));
  },
  network: async ({ desk }, [how]) => {
    const wanted = how?.toLowerCase();
    if (wanted !== undefined && wanted !== 'on' && wanted !== 'off') {
      throw new HubError('bad_request', 'usage: /network [on or off]');
    }
    const answer = await desk.actor.call('hub.network', wanted === undefined ? {} : { allow_remote: wanted === 'on' });
    desk.dispatch({ type: 'network', allow_remote: answer.allow_remote });
    desk.say(`remote access is ${answer.allow_remote ? 'ON' : 'off'}; the hub listens on ${answer.listen_host}`);
  },
  quit: ({ questions }, [sec]) =>
    questions.askShutdown(sec === undefined ? 60 : wholeNumber(sec, 'the delay in seconds')),
  cancel: ({ questions }) => questions.askCancelShutdown(),
  retry: ({ desk }) => {
    const count = desk.actor.retry();
    desk.say(count === 0 ? 'nothing waits to be sent again' : `sending ${count} again`);
  },
  drop: ({ desk }) => {
    const count = desk.actor.drop();
    desk.say(
      count === 0 ? 'nothing is unsent' : `forgot ${count}; one that was under way may have been stored all the same`,
    );
  },
  signin: ({ desk }) => desk.actor.signInAgain(),
  bell: ({ desk }, [how = '']) => {
    const bell = ({ on: 'bell', bell: 'bell', notice: 'notice', off: 'off' } as const)[how.toLowerCase()];
    if (bell === undefined) throw new HubError('bad_request', 'usage: /bell <on, notice or off>');
    desk.dispatch({ type: 'bell', bell });
    desk.options.remember({ bell });
    desk.say(`the bell is ${bell === 'off' ? 'off' : bell === 'bell' ? 'on' : 'on, with a notice on the desktop'}`);
  },
  leave: ({ desk }) => desk.options.leave(),
};

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

/** Runs a command; what it throws is for whoever typed it. */
export async function runSlash(hands: Hands, name: SlashName, args: readonly string[]): Promise<void> {
  await RUN[name](hands, args);
}
