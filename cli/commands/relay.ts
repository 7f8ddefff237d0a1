/** The file relay by itself: relay, relay status, relay clean. */
import { Argument, type Command } from 'commander';
import { printable } from '../../base/terminal-text.js';
import { DEFAULT_BASE_URL, DEFAULT_SPOOL_DIR } from '../../protocol/hub.js';
import type { SpoolStatus } from '../../relay/retention.js';
import { declare, show } from '../command.js';
import { checkedUrl, tokenGiven, tokenOptions } from '../connection.js';
import { decimal, text } from '../options.js';
import { table } from '../output.js';
import { duration, relayOptions, relaySettings } from '../relay/options.js';

export const relayCommands = (): Command[] => [
  declare({
    name: 'relay',
    description: 'serve a spool folder for a hub elsewhere, or look after one (status, clean)',
    args: [new Argument('[action]', 'what to do').choices(['run', 'status', 'clean']).default('run')],
    options: [
      text('--base-url <url>', 'the hub that requests go to').default(DEFAULT_BASE_URL),
      ...tokenOptions(),
      text('--spool-dir <dir>', 'the spool').default(DEFAULT_SPOOL_DIR),
      decimal('--request-timeout-sec <sec>', 'how long the hub may take to answer a request').default(30),
      // The relay paces itself; scripts made for Arc may say it all the same.
      decimal('--poll-interval-sec <sec>', 'taken and not needed').hideHelp(),
      text('--older-than <age>', 'what `clean` removes').argParser(duration).default(604_800, '7d'),
      ...relayOptions(),
    ],
    help: RELAY_HELP,
    async run(command) {
      const [action] = command.processedArgs as ['run' | 'status' | 'clean'];
      const { spoolDir, olderThan, ...flags } = command.opts<RelayFlags>();
      if (action === 'run') {
        const access = { baseUrl: checkedUrl(command, flags.baseUrl), token: tokenGiven(command) };
        const { relayAlone } = await import('../relay/alone.js');
        await relayAlone({ ...relaySettings(command), ...flags, ...access, spoolDir, json: flags.json === true });
        process.exit(0);
      }
      const { clean, spoolStatus } = await import('../../relay/retention.js');
      if (action === 'clean') {
        show(command, await clean(spoolDir, olderThan), ({ removed }) => `${removed} files removed`);
        return 0;
      }
      const status = await spoolStatus(spoolDir);
      show(command, status, statusView);
      return status.served ? 0 : 1;
    },
  }),
];

interface RelayFlags {
  baseUrl: string;
  spoolDir: string;
  requestTimeoutSec: number;
  olderThan: number;
  json?: boolean;
}

function statusView({ spool, exists, served, hub, in_flight, agents }: SpoolStatus): string {
  if (!exists) return `There is no spool at ${spool}.`;
  const by =
    hub === null ? '' : ` by ${printable(`${hub.implementation} ${hub.version}`)}, ${printable(hub.instance_id)}`;
  const rows = agents.map(({ folder, waiting, taken, answers }) =>
    [printable(folder), waiting, taken, answers].map(String),
  );
  const head = `${spool} is ${served ? 'served' : 'not served'}${by}; ${in_flight} requests in flight`;
  return rows.length === 0 ? head : `${head}\n${table(['FOLDER', 'WAITING', 'TAKEN', 'ANSWERS'], rows)}`;
}

const RELAY_HELP = `
A hub serves its own spool by itself; this is for a spool on another machine than the hub. Runs until Ctrl+C.
\`status\` prints who serves the spool and what lies in it; exit 1 when nobody does. \`clean\` removes answered requests and
their answers when they are older than --older-than, and never a request that nobody has taken.

Examples:
  arc relay --base-url http://192.168.1.5:6969 --spool-dir ~/project/.arc-relay
  arc relay status
  arc relay clean --older-than 2d`;
