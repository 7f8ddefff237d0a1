/** The person at the dashboard. */
import { printable } from '../../base/terminal-text.js';
import { HubError } from '../../protocol/index.js';
import { arg, type Command } from './command.js';

export const OPERATOR: readonly Command[] = [
  {
    name: 'help',
    aliases: ['?'],
    summary: 'show keys and commands',
    run: ({ desk }) => desk.open({ kind: 'help', scroll: 0 }),
  },
  {
    name: 'nick',
    aliases: ['name'],
    args: [arg('name', 'text')],
    summary: 'change your display name',
    run: async ({ desk }, [name = '']) => {
      const { display_name } = await desk.actor.call('sessions.rename', { display_name: name });
      desk.dispatch({ type: 'identity', self: desk.state.self, display_name });
      desk.options.remember({ display_name });
      desk.say(`you are called ${printable(display_name)} now`, 'good');
    },
  },
  {
    name: 'signin',
    summary: 'sign in again, after another program took your name',
    run: ({ desk }) => desk.actor.signInAgain(),
  },
  {
    name: 'bell',
    args: [arg('how', 'bell')],
    summary: 'on: ring for what is for you; notice: show it on the desktop; off',
    run: ({ desk }, [how = '']) => {
      const bell = ({ on: 'bell', bell: 'bell', notice: 'notice', off: 'off' } as const)[how.toLowerCase()];
      if (bell === undefined) throw new HubError('bad_request', 'usage: /bell <on, notice or off>');
      desk.dispatch({ type: 'bell', bell });
      desk.options.remember({ bell });
      desk.say(`the bell is ${bell === 'off' ? 'off' : bell === 'bell' ? 'on' : 'on, with a notice on the desktop'}`);
    },
  },
  {
    name: 'leave',
    aliases: ['bye'],
    summary: 'leave the dashboard; the hub goes on',
    run: ({ desk }) => desk.options.leave(),
  },
];
