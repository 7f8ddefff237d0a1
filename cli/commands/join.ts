/** Another machine's hub: join. */
import { text as readText } from 'node:stream/consumers';
import { Argument, type Command } from 'commander';
import { declare, show } from '../command.js';
import { flag } from '../options.js';

export const joinCommands = (): Command[] => [
  declare({
    name: 'join',
    description: 'take up an invite to a hub on another machine',
    args: [new Argument('<link>', 'the invite, arc://HOST:PORT?fp=…#TOKEN in quotes; - reads it from stdin')],
    options: [flag('--again', 'accept that the hub has another key than before')],
    help: JOIN_HELP,
    async run(command) {
      const { joinHub, joinedView } = await import('../hub/join.js');
      const [link] = command.processedArgs as [string];
      const { again } = command.opts<{ again?: boolean }>();
      show(command, await joinHub(link === '-' ? await readText(process.stdin) : link, again === true), joinedView);
      return 0;
    },
  }),
];

const JOIN_HELP = `
Checks that the hub shows the key that the invite names, asks it whether the token is good, and notes address, key and token
in arc-hub/credentials.json of the configuration folder, for this account only. From then on --base-url of that hub (or
ARC_BASE_URL) is enough, for every command, arc tui, arc mcp and the client.

Examples:
  arc join 'arc://192.168.1.5:6969?fp=…#arct_…'
  arc join - < invite.txt
  arc join --again 'arc://192.168.1.5:6969?fp=…#arct_…'     the hub was made anew`;
