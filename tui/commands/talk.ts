/** What is said to others, and what became of it. */
import { HubError, MESSAGE_KINDS } from '../../protocol/index.js';
import { attachFile } from '../app/attach.js';
import { postOf } from '../app/posting.js';
import { directView } from '../state/view.js';
import { arg, bare, type Command, optional, wholeNumber } from './command.js';

export const TALK: readonly Command[] = [
  {
    name: 'dm',
    aliases: ['msg'],
    args: [arg('agent', 'agent'), optional('text', 'text')],
    summary: 'write directly to an agent; without text, open the conversation',
    run: ({ desk, nav, composer }, [agent = '', text]) => {
      const to_agent = bare(agent, '@');
      if (text === undefined) nav.openView(directView(to_agent, desk.state.self));
      else composer.post({ to_agent, body: text });
    },
  },
  {
    name: 'reply',
    aliases: ['r'],
    args: [arg('message', 'message'), arg('text', 'text')],
    summary: 'reply to a message by its number',
    run: async ({ desk, nav, composer }, [id, text = '']) => {
      const reply_to = await nav.findMessage(wholeNumber(id, 'the message'));
      const params = postOf({ ...desk.state, composing: { reply_to } }, text);
      if (params !== undefined) composer.post(params);
    },
  },
  {
    name: 'request',
    aliases: ['ask'],
    args: [arg('agent', 'agent'), arg('text', 'text')],
    summary: 'ask an agent for something: a task_request to it',
    run: ({ composer }, [agent = '', text = '']) =>
      composer.post({ to_agent: bare(agent, '@'), kind: 'task_request', body: text }),
  },
  {
    name: 'answer',
    args: [arg('request', 'request'), arg('text', 'text')],
    summary: 'answer a request: its task is done',
    run: async ({ desk, nav, composer }, [id, text = '']) => {
      const reply_to = await nav.findMessage(wholeNumber(id, 'the request'));
      if (reply_to.kind !== 'task_request') throw new HubError('bad_request', `message ${reply_to.id} is no request`);
      const params = postOf({ ...desk.state, composing: { reply_to, kind: 'task_result' } }, text);
      if (params !== undefined) composer.post(params);
    },
  },
  {
    name: 'task',
    args: [arg('text', 'text')],
    summary: 'post a task for whoever takes it',
    run: ({ composer }, [text = '']) => composer.postHere(text, { kind: 'task' }),
  },
  {
    name: 'post',
    args: [arg('kind', 'kind'), arg('text', 'text')],
    summary: 'post a message of any kind',
    run: ({ composer }, [kind = '', text = '']) => {
      const wanted = kind.toLowerCase();
      if (!(MESSAGE_KINDS as readonly string[]).includes(wanted)) {
        throw new HubError('bad_request', `unknown kind “${kind}”; there are ${MESSAGE_KINDS.join(', ')}`);
      }
      composer.postHere(text, { kind: wanted });
    },
  },
  {
    name: 'attach',
    args: [arg('file', 'file'), optional('text', 'text')],
    summary: 'post a file, or lines of it as file:10-20, with what it says',
    run: async ({ composer }, [file = '', text = '']) =>
      composer.postHere(text, { attachments: await attachFile(file) }),
  },
  {
    name: 'nudge',
    args: [arg('agent', 'agent')],
    summary: 'ask an agent, directly, where it stands',
    run: ({ composer }, [agent = '']) => {
      const to_agent = bare(agent, '@');
      const body = `@${to_agent} where do you stand? Please say what you are doing and what holds you up.`;
      composer.post({ to_agent, body });
    },
  },
  {
    name: 'retry',
    summary: 'send again what was not sent',
    run: ({ desk }) => {
      const count = desk.actor.retry();
      desk.say(count === 0 ? 'nothing waits to be sent again' : `sending ${count} again`);
    },
  },
  {
    name: 'drop',
    summary: 'forget what was not sent',
    run: ({ desk }) => {
      const count = desk.actor.drop();
      desk.say(
        count === 0 ? 'nothing is unsent' : `forgot ${count}; one that was under way may have been stored all the same`,
      );
    },
  },
];
