/** What the slash commands do. */

import { printable } from '../../base/terminal-text.js';
import { HubError, MESSAGE_KINDS } from '../../protocol/index.js';
import type { SlashName } from '../input/slash.js';
import { ALL, channelView, directView, type Filter, hasFilter, INBOX, threadView } from '../state/view.js';
import { feedMessages } from '../view/feed.js';
import { capabilitiesText, holdings } from '../view/people.js';
import type { App } from './app.js';
import { attachFile } from './attach.js';
import { postOf } from './posting.js';

type Run = (app: App, args: readonly string[]) => void | Promise<void>;

const bare = (name: string, mark: string): string => (name.startsWith(mark) ? name.slice(1) : name);

function wholeNumber(text: string | undefined, what: string): number {
  const digits = bare(text ?? '', '#').trim();
  if (!/^\d+$/.test(digits)) throw new HubError('bad_request', `${what} must be a number, not “${text ?? ''}”`);
  return Number(digits);
}

const RUN: Record<SlashName, Run> = {
  help: (app) => app.openHelp(),
  channels: (app) => app.say(`channels: ${app.state.channels.join(', ')}`),
  channel: (app, [name = '']) => {
    const channel = bare(name, '#');
    if (!app.state.channels.includes(channel)) {
      throw new HubError('not_found', `there is no channel “${channel}”; /create-channel ${channel} makes it`);
    }
    app.openView(channelView(channel));
  },
  'create-channel': async (app, [name = '']) => {
    const channel = await app.actor.call('channels.create', { name: bare(name, '#') });
    app.dispatch({ type: 'change', change: { topic: 'channel', change: 'created', value: channel, seq: 0 } });
    app.openView(channelView(channel.name));
  },
  thread: (app, [id = '']) => app.openView(threadView(bare(id, '~'))),
  all: (app) => app.openView(ALL),
  inbox: (app) => app.openView(INBOX),
  dm: (app, [agent = '', text]) => {
    const to_agent = bare(agent, '@');
    if (text === undefined) app.openView(directView(to_agent, app.state.self));
    else app.post({ to_agent, body: text });
  },
  reply: async (app, [id, text = '']) => {
    const reply_to = await app.findMessage(wholeNumber(id, 'the message'));
    const params = postOf({ ...app.state, composing: { reply_to } }, text);
    if (params !== undefined) app.post(params);
  },
  request: (app, [agent = '', text = '']) => app.post({ to_agent: bare(agent, '@'), kind: 'task_request', body: text }),
  answer: async (app, [id, text = '']) => {
    const reply_to = await app.findMessage(wholeNumber(id, 'the request'));
    if (reply_to.kind !== 'task_request') throw new HubError('bad_request', `message ${reply_to.id} is no request`);
    const params = postOf({ ...app.state, composing: { reply_to, kind: 'task_result' } }, text);
    if (params !== undefined) app.post(params);
  },
  task: (app, [text = '']) => app.postHere(text, { kind: 'task' }),
  post: (app, [kind = '', text = '']) => {
    const wanted = kind.toLowerCase();
    if (!(MESSAGE_KINDS as readonly string[]).includes(wanted)) {
      throw new HubError('bad_request', `unknown kind “${kind}”; there are ${MESSAGE_KINDS.join(', ')}`);
    }
    app.postHere(text, { kind: wanted });
  },
  attach: async (app, [file = '', text = '']) => {
    app.postHere(text, { attachments: await attachFile(file) });
  },
  nudge: (app, [agent = '']) => {
    const to_agent = bare(agent, '@');
    app.post({
      to_agent,
      body: `@${to_agent} where do you stand? Please say what you are doing and what holds you up.`,
    });
  },
  complete: (app, [id]) => app.completeTask(wholeNumber(id, 'the task')),
  release: (app, [key = '']) => app.askRelease({ kind: 'claim', name: key }),
  unlock: (app, [path = '']) => app.askRelease({ kind: 'lock', name: path }),
  jump: (app, [id]) => app.jumpTo(wholeNumber(id, 'the message')),
  filter: (app, [what]) => app.setFilter(what === undefined || what === 'off' ? {} : filterOf(what)),
  search: (app, [text = '']) => {
    app.setFilter({ text });
    const found = feedMessages(app.state).length;
    app.say(
      `${found} loaded ${found === 1 ? 'message holds' : 'messages hold'} “${text}” here; /filter off shows all again`,
    );
  },
  mute: (app, [agent = '']) => app.mute(bare(agent, '@'), true),
  unmute: (app, [agent = '']) => app.mute(bare(agent, '@'), false),
  read: (app) => app.dispatch({ type: 'seen-all' }),
  nick: async (app, [name = '']) => {
    const { display_name } = await app.actor.call('sessions.rename', { display_name: name });
    app.dispatch({ type: 'identity', self: app.state.self, display_name });
    app.remember({ display_name });
    app.say(`you are called ${printable(display_name)} now`, 'good');
  },
  agents: (app) => {
    const rows = [...app.state.agents.values()].map((session) => {
      const can = capabilitiesText(session);
      const held = holdings(app.state, session.agent_id);
      const facts = [can && `can ${can}`, held.length > 0 && `holds ${held.join(', ')}`].filter(Boolean);
      return [session.agent_id, ...facts].join('; ');
    });
    app.say(rows.length === 0 ? 'no agents yet' : rows.join('\n'));
  },
  network: async (app, [how]) => {
    const wanted = how?.toLowerCase();
    if (wanted !== undefined && wanted !== 'on' && wanted !== 'off') {
      throw new HubError('bad_request', 'usage: /network [on or off]');
    }
    const answer = await app.actor.call('hub.network', wanted === undefined ? {} : { allow_remote: wanted === 'on' });
    app.dispatch({ type: 'network', allow_remote: answer.allow_remote });
    app.say(`remote access is ${answer.allow_remote ? 'ON' : 'off'}; the hub listens on ${answer.listen_host}`);
  },
  quit: (app, [sec]) => app.askShutdown(sec === undefined ? 60 : wholeNumber(sec, 'the delay in seconds')),
  cancel: (app) => app.askCancelShutdown(),
  retry: (app) => {
    const count = app.actor.retry();
    app.say(count === 0 ? 'nothing waits to be sent again' : `sending ${count} again`);
  },
  drop: (app) => {
    const count = app.actor.drop();
    app.say(
      count === 0 ? 'nothing is unsent' : `forgot ${count}; one that was under way may have been stored all the same`,
    );
  },
  signin: (app) => app.actor.signInAgain(),
  bell: (app, [how = '']) => {
    const bell = ({ on: 'bell', bell: 'bell', notice: 'notice', off: 'off' } as const)[how.toLowerCase()];
    if (bell === undefined) throw new HubError('bad_request', 'usage: /bell <on, notice or off>');
    app.dispatch({ type: 'bell', bell });
    app.remember({ bell });
    app.say(`the bell is ${bell === 'off' ? 'off' : bell === 'bell' ? 'on' : 'on, with a notice on the desktop'}`);
  },
  leave: (app) => app.leave(),
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
export async function runSlash(app: App, name: SlashName, args: readonly string[]): Promise<void> {
  await RUN[name](app, args);
}
