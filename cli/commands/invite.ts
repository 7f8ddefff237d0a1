/** Another machine in two commands: invite, and on the other one join. */
import type { Command } from 'commander';
import { declare, show } from '../command.js';
import { connectionOptions } from '../connection.js';
import { list, text } from '../options.js';
import { lasting } from '../relay/options.js';
import { toIssue } from './token.js';

export const inviteCommands = (): Command[] => [
  declare({
    name: 'invite',
    description: 'make the line that brings an agent on another machine to this hub',
    options: [
      list('--agent <id>', 'whom it is for (may be repeated)').makeOptionMandatory(),
      list('--channels <name>', 'only these channels exist for it (may be repeated)'),
      text('--expires <time>', 'when its token ends, such as 12h or 30d').argParser(lasting),
      text('--label <text>', 'what it is for, for people'),
      text('--address <host>', 'how the other machine reaches this one, where the hub cannot know it'),
      text('--storage <path>', 'the hub of this storage'),
      ...connectionOptions(),
    ],
    help: INVITE_HELP,
    async run(command) {
      const { address, ...flags } = command.opts<Parameters<typeof toIssue>[0] & { address?: string }>();
      const { inviteToHub, inviteView } = await import('../hub/invite.js');
      show(command, await inviteToHub(command, toIssue({ ...flags, role: 'agent' }), address), inviteView);
      return 0;
    },
  }),
];

const INVITE_HELP = `
Prints one line to paste on the other machine; it holds a token, so pass it on by a way that others do not read. The hub must
listen on the network; if it does not, the answer is the command that makes it so.

Examples:
  arc invite --agent ben
  arc invite --agent ben --expires 7d --channels build
  arc invite --agent ben --address hub.example.org`;
