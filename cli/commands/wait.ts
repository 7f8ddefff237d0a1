/** Waiting for news: wait. */
import type { Command } from 'commander';
import { declare } from '../command.js';
import { agentOption, connectionOptions, openClient, signInIfAway } from '../connection.js';
import { decimal, flag, integer } from '../options.js';
import { write } from '../output.js';

export const waitCommands = (): Command[] => [
  declare({
    name: 'wait',
    description: 'wait until something is unread, and print its digest',
    options: [
      agentOption('who waits'),
      ...connectionOptions(),
      decimal('--timeout <sec>', 'how long (default: until something comes)'),
      integer('--budget <tokens>', 'most tokens of the digest').default(1_000),
      flag('--ack', 'mark what is printed as read'),
    ],
    help: WAIT_HELP,
    async run(command) {
      const { unreadDigest, waitForUnread } = await import('../../agents/digest/command-digest.js');
      const { timeout, ...flags } = command.opts<{ timeout?: number; budget: number; ack?: boolean }>();
      const hub = await openClient(command);
      await signInIfAway(hub);
      if (!(await waitForUnread(hub, timeout))) return 1;
      const { explicitAddress } = await import('../connection-flags.js');
      write((await unreadDigest(hub, { ...flags, address: explicitAddress(command) })).text);
      return 0;
    },
  }),
];

const WAIT_HELP = `
Unread is what others said since the agent's last acknowledgement, or from now on if it never made one. Exit 1 when
nothing came in time.

Examples:
  arc wait --agent ben
  arc wait --agent ben --timeout 300 --ack`;
