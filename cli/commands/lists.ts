/** What there is: agents, channels, threads, claims, locks, tasks. */
import type { Command, Option } from 'commander';
import type { HubClient } from '../../client/index.js';
import { declare, show } from '../command.js';
import { connectionOptions, openClient } from '../connection.js';
import { flag, integer, text } from '../options.js';
import { agentsView, channelsView, claimsView, locksView, tasksView, threadsView } from '../views.js';

interface Listing<Flags, Row> {
  name: string;
  description: string;
  options?: Option[];
  examples: string;
  list(hub: HubClient, flags: Flags): Promise<Row[]>;
  view(rows: readonly Row[]): string;
}

function listing<Flags extends object, Row>(it: Listing<Flags, Row>): Command {
  const { name, description, options = [], examples, list, view } = it;
  return declare({
    name,
    description,
    options: [...options, ...connectionOptions()],
    help: `A table on a terminal, else a JSON array.\n\nExamples:\n${examples}`,
    async run(command) {
      show(command, await list(await openClient(command), command.opts<Flags>()), view);
      return 0;
    },
  });
}

const activeOnly = () => flag('--active-only', 'leave out what was released or has expired');

export const listCommands = (): Command[] => [
  listing({
    name: 'agents',
    description: 'list the live agents',
    options: [text('--capability <name>', 'only those that have it')],
    examples: '  arc agents\n  arc agents --capability review --json',
    list: (hub, { capability }: { capability?: string }) => hub.agents({ capability }),
    view: agentsView,
  }),
  listing({
    name: 'channels',
    description: 'list the channels',
    examples: '  arc channels',
    list: (hub) => hub.channels(),
    view: channelsView,
  }),
  listing({
    name: 'threads',
    description: 'list the threads, the latest first',
    examples: '  arc threads',
    list: (hub) => hub.threads(),
    view: threadsView,
  }),
  listing({
    name: 'claims',
    description: 'list the claims',
    options: [text('--thread-id <id>', 'only those of this thread'), activeOnly()],
    examples: '  arc claims --active-only',
    list: (hub, { threadId, activeOnly }: { threadId?: string; activeOnly?: boolean }) =>
      hub.claims({ thread_id: threadId, active_only: activeOnly }),
    view: claimsView,
  }),
  listing({
    name: 'locks',
    description: 'list the file locks',
    options: [text('--owner <agent>', 'only those of this agent'), activeOnly()],
    examples: '  arc locks --owner ana',
    list: (hub, { owner, activeOnly }: { owner?: string; activeOnly?: boolean }) =>
      hub.locks({ agent_id: owner, active_only: activeOnly }),
    view: locksView,
  }),
  listing({
    name: 'tasks',
    description: 'list the tasks',
    options: [
      text('--status <status>', 'only these').choices(['open', 'done']),
      text('--channel <name>', 'only those of this channel'),
      text('--thread-id <id>', 'only those of this thread'),
      integer('--parent-id <id>', 'only the children of this task'),
    ],
    examples: '  arc tasks --status open\n  arc tasks --thread-id parser',
    list: (hub, { status, channel, threadId, parentId }: TaskFlags) =>
      hub.tasks({ status, channel, thread_id: threadId, parent_id: parentId }),
    view: tasksView,
  }),
];

interface TaskFlags {
  status?: string;
  channel?: string;
  threadId?: string;
  parentId?: number;
}
