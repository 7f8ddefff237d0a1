/** The hub itself, and who is at it. */
import { HubError } from '../../protocol/index.js';
import { capabilitiesText, holdings } from '../view/people.js';
import { type Command, optional, wholeNumber } from './command.js';

const SHUTDOWN_SEC = 60;

export const HUB: readonly Command[] = [
  {
    name: 'agents',
    summary: 'list the agents with what they can and hold',
    run: ({ desk }) => {
      const rows = [...desk.state.agents.values()].map((session) => {
        const can = capabilitiesText(session);
        const held = holdings(desk.state, session.agent_id);
        const facts = [can && `can ${can}`, held.length > 0 && `holds ${held.join(', ')}`].filter(Boolean);
        return [session.agent_id, ...facts].join('; ');
      });
      desk.say(rows.length === 0 ? 'no agents yet' : rows.join('\n'));
    },
  },
  {
    name: 'network',
    args: [optional('on or off', 'on-off')],
    summary: 'serve peers off this machine, or no longer; alone: say which',
    run: async ({ desk }, [how]) => {
      const wanted = how?.toLowerCase();
      if (wanted !== undefined && wanted !== 'on' && wanted !== 'off') {
        throw new HubError('bad_request', 'usage: /network [on or off]');
      }
      const answer = await desk.actor.call(
        'hub.network',
        wanted === undefined ? {} : { allow_remote: wanted === 'on' },
      );
      desk.dispatch({ type: 'network', allow_remote: answer.allow_remote });
      desk.say(`remote access is ${answer.allow_remote ? 'ON' : 'off'}; the hub listens on ${answer.listen_host}`);
    },
  },
  {
    name: 'quit',
    aliases: ['exit'],
    args: [optional('seconds', 'seconds')],
    summary: `shut the hub down (default in ${SHUTDOWN_SEC} s); asks first. Ctrl+C leaves the dashboard only`,
    run: ({ questions }, [sec]) =>
      questions.askShutdown(sec === undefined ? SHUTDOWN_SEC : wholeNumber(sec, 'the delay in seconds')),
  },
  {
    name: 'cancel',
    aliases: ['cancel-shutdown'],
    summary: 'cancel the shutdown; asks first',
    run: ({ questions }) => questions.askCancelShutdown(),
  },
];
