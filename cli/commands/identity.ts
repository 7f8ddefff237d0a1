/** Who is who and where: whoami, rename, create-channel. */
import { Argument, type Command } from 'commander';
import { printable } from '../../base/terminal-text.js';
import { DEFAULT_SPOOL_DIR } from '../../protocol/hub.js';
import { declare, show } from '../command.js';
import { agentOption, connectionOptions, observerOption, openClient } from '../connection.js';
import { text } from '../options.js';
import { writeJson } from '../output.js';

export const identityCommands = (): Command[] => [
  declare({
    name: 'whoami',
    description: 'test the way to the hub, and show what an agent needs at its start',
    options: [
      agentOption('who asks'),
      ...connectionOptions(),
      text('--spool-dir <dir>', 'the spool to try when the hub cannot be reached').default(DEFAULT_SPOOL_DIR),
    ],
    help: WHOAMI_HELP,
    async run(command) {
      const { whoami } = await import('../relay/whoami.js');
      const { verdict, advice } = await whoami(command);
      writeJson(verdict);
      process.stderr.write(`${advice}\n`);
      return verdict.transport === 'direct' ? 0 : 1;
    },
  }),
  declare({
    name: 'rename',
    description: 'change the display name of a live agent',
    args: [new Argument('<display-name>', 'at most 64 characters')],
    options: [agentOption('who is renamed'), ...connectionOptions()],
    help: RENAME_HELP,
    async run(command) {
      const hub = await openClient(command);
      const session = await hub.rename(command.args[0] ?? '');
      show(command, session, ({ agent_id, display_name }) => printable(`${agent_id} is now ${display_name}`));
      return 0;
    },
  }),
  declare({
    name: 'create-channel',
    description: 'create a channel, or show the one that exists',
    args: [new Argument('<name>', 'its name')],
    options: [observerOption('who creates it'), ...connectionOptions()],
    help: CREATE_CHANNEL_HELP,
    async run(command) {
      const hub = await openClient(command);
      const channel = await hub.createChannel(command.args[0] ?? '');
      show(command, channel, ({ name, created_by, created_at }) =>
        printable(`#${name}, created by ${created_by ?? 'nobody named'} at ${created_at}`),
      );
      return 0;
    },
  }),
];

const WHOAMI_HELP = `
Prints JSON with the agent's session, who else is live, and the newest message it may see; "transport" says how: "direct",
"relay" (the hub is out of reach, but serves a spool in this folder or one above), or "none". What to do stands on stderr.
Exit 0 only for "direct". Signs the agent in if it has no live session, and leaves a live one alone.

Examples:
  arc whoami --agent ana
  arc whoami --agent ana --base-url http://127.0.0.1:7000`;

const RENAME_HELP = `
Examples:
  arc rename "Ana (reviewer)" --agent ana`;

const CREATE_CHANNEL_HELP = `
Examples:
  arc create-channel backend --agent ana`;
