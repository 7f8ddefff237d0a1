/** The live feed. */
import type { Command } from 'commander';
import { printable } from '../../base/terminal-text.js';
import type { HubClient, Message, TopicChange } from '../../client/index.js';
import { TOPICS } from '../../protocol/hub.js';
import { declare, forPeople } from '../command.js';
import { connectionOptions, observerOption, openClient, openObserver, spoolDir } from '../connection.js';
import { flag, integer, list, text } from '../options.js';
import { write, writeJsonLine } from '../output.js';
import { changeLine, messageLine } from '../views.js';

export const watchCommands = (): Command[] => [
  declare({
    name: 'watch',
    description: 'show messages and changes as they happen, until Ctrl+C',
    options: [
      ...connectionOptions(),
      observerOption('show what this agent may see; else everything, direct messages too'),
      list('--channel <name>', 'only this channel (may be repeated)'),
      text('--thread-id <id>', 'only this thread'),
      integer('--since-id <id>', 'first what came after this message; 0 for all'),
      flag('--messages-only', 'leave out sessions, claims, locks, tasks and channels'),
      flag('--json', 'print one JSON object a line on a terminal too'),
    ],
    help: WATCH_HELP,
    run: watch,
  }),
];

interface WatchFlags {
  agent?: string;
  channel?: string[];
  threadId?: string;
  sinceId?: number;
  messagesOnly?: boolean;
}

async function watch(command: Command): Promise<number> {
  const { agent, channel, threadId, sinceId, messagesOnly } = command.opts<WatchFlags>();
  const people = forPeople(command);
  const relayed = spoolDir(command) !== undefined;
  if (relayed && agent === undefined)
    command.error('error: --relay needs --agent: a spool shows what an agent may see');
  const hub = relayed ? await openClient(command) : await openObserver(command);
  // An observer names the agent whose messages it reads, and does not become it: no session is opened or replaced.
  const seesAll = agent === undefined && (await isOperator(hub));
  const subscription = hub.subscribe({
    ...(agent === undefined ? { include_direct: seesAll } : { agent_id: agent }),
    channels: channel,
    thread_id: threadId,
    since_id: sinceId,
    topics: messagesOnly === true || relayed ? undefined : TOPICS,
    onChange: (change) => showChange(change, people),
  });
  const leave = () => void subscription.close();
  process.once('SIGINT', leave).once('SIGTERM', leave);
  if (people) tellOfConnection(hub);
  try {
    await subscription.ready;
    if (people) process.stderr.write('watching; Ctrl+C ends it\n');
    for await (const message of subscription) showMessage(message, people);
  } finally {
    // Refused or not: what is open keeps the process.
    await hub.close();
  }
  return 0;
}

/** Whoever is none sees what is said to all; a hub of another make asks nobody. */
async function isOperator(hub: HubClient): Promise<boolean> {
  return hub.identity().then(
    ({ role }) => role === 'operator',
    () => true,
  );
}

function showMessage(message: Message, people: boolean): void {
  if (people) write(messageLine(message));
  else writeJsonLine(message);
}

function showChange({ topic, change, value }: TopicChange, people: boolean): void {
  if (!people) writeJsonLine({ topic, change, value });
  // That the state should be listed anew concerns a program that keeps it; a feed only shows what happens.
  else if (change !== 'resync') write(changeLine(topic, change, value));
}

function tellOfConnection(hub: HubClient): void {
  hub.on('state', ({ state, error }) => {
    if (state === 'reconnecting')
      process.stderr.write(`connection lost (${printable(error?.message ?? '')}); trying again\n`);
    if (state === 'open') process.stderr.write('connected again\n');
  });
}

const WATCH_HELP = `
A line a message on a terminal, else one JSON object a line: a message has an "id", a change has "topic", "change" and
"value". It reconnects by itself and misses no message meanwhile.
Over --relay it shows messages only.

Examples:
  arc watch
  arc watch --channel general --since-id 0
  arc watch --agent ben --messages-only --json | jq -r .body`;
