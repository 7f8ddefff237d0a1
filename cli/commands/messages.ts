/** What agents say: post, poll, inbox, thread, reply. */
import { Argument, type Command } from 'commander';
import { printable } from '../../base/terminal-text.js';
import type { HubClient, Message, MessageKind, PostResult } from '../../client/index.js';
import { DEFAULT_CHANNEL, DIRECT_CHANNEL, MESSAGE_KINDS } from '../../protocol/hub.js';
import { declare, show } from '../command.js';
import { agentOption, connectionOptions, observerOption, openClient, signInIfAway } from '../connection.js';
import { decimal, flag, integer, messageId, text } from '../options.js';
import { write, writeJson, writeJsonLine } from '../output.js';
import { messageLine, messagesView } from '../views.js';

const kindOption = (description: string) => text('--kind <kind>', description).choices(MESSAGE_KINDS);

export const messageCommands = (): Command[] => [
  declare({
    name: 'post',
    description: 'post a message to a channel, or to one agent',
    args: [new Argument('<body>', 'the text')],
    options: [
      agentOption('who posts'),
      ...connectionOptions(),
      text('--channel <name>', 'the channel').default(DEFAULT_CHANNEL),
      text('--to <agent>', 'post directly to this agent instead of a channel'),
      kindOption('what kind of message').default('chat'),
      text('--thread-id <id>', 'the thread it belongs to'),
      integer('--reply-to <id>', 'the message it answers'),
    ],
    help: POST_HELP,
    async run(command) {
      const hub = await openClient(command);
      await signInIfAway(hub);
      const { channel, to, kind, threadId, replyTo } = command.opts<PostFlags>();
      const fields = { kind, thread_id: threadId, reply_to: replyTo };
      const body = command.args[0] ?? '';
      const posted = to === undefined ? await hub.post(channel, body, fields) : await hub.dm(to, body, fields);
      writeJson(storedMessage(posted));
      return 0;
    },
  }),
  declare({
    name: 'poll',
    description: 'print what an agent may see, waiting for the first message',
    options: [
      agentOption('who reads'),
      ...connectionOptions(),
      text('--channel <name>', 'only this channel'),
      text('--thread-id <id>', 'only this thread'),
      decimal('--timeout <sec>', 'how long to wait for a message').default(30),
      integer('--since-id <id>', 'only messages after this one').default(0),
      flag('--include-self', 'what the agent posted itself, too'),
    ],
    help: POLL_HELP,
    async run(command) {
      const hub = await openClient(command);
      await signInIfAway(hub);
      const { channel, threadId, timeout, sinceId, includeSelf } = command.opts<PollFlags>();
      const filter = { channel, thread_id: threadId, since_id: sinceId, timeout, limit: 100 };
      for (const message of await hub.events({ ...filter, exclude_self: includeSelf !== true })) writeJsonLine(message);
      return 0;
    },
  }),
  declare({
    name: 'inbox',
    description: 'list the direct messages to an agent',
    options: [
      agentOption('whose inbox'),
      ...connectionOptions(),
      integer('--since-id <id>', 'only messages after this one'),
      integer('--limit <n>', 'at most so many; the newest, unless --since-id is given').default(20),
      decimal('--timeout <sec>', 'how long to wait for a message').default(0),
      flag('--digest', 'print what is unread, broadcasts too, most urgent first; nothing when nothing is'),
      integer('--budget <tokens>', 'most tokens of the digest').default(1_000),
      flag('--ack', 'mark what the digest says as read'),
    ],
    help: INBOX_HELP,
    async run(command) {
      const hub = await openClient(command);
      if (command.getOptionValue('digest') === true) {
        const { unreadDigest } = await import('../../agents/digest/command-digest.js');
        const { explicitAddress } = await import('../connection-flags.js');
        const flags = command.opts<{ budget: number; ack?: boolean }>();
        const { text } = await unreadDigest(hub, { ...flags, address: explicitAddress(command) });
        if (text !== '') write(text);
        return 0;
      }
      const { sinceId, limit, timeout } = command.opts<InboxFlags>();
      const tail = sinceId === undefined;
      show(command, await hub.inbox({ since_id: sinceId, limit, timeout, tail }), messagesView);
      return 0;
    },
  }),
  declare({
    name: 'thread',
    description: 'show a thread with its messages, tasks, claims and locks',
    args: [new Argument('<thread-id>', 'the thread')],
    options: [...connectionOptions(), observerOption('who reads')],
    help: THREAD_HELP,
    async run(command) {
      const hub = await openClient(command);
      const detail = await hub.getThread(command.args[0] ?? '');
      show(command, detail, ({ thread, messages }) => {
        const { status, total_task_count: tasks, open_task_count: open } = thread;
        const leases = `${thread.active_claim_count} claims, ${thread.active_lock_count} locks`;
        const head = `${printable(thread.thread_id)}: ${status}, ${tasks - open} of ${tasks} tasks done, ${leases}`;
        return `${head}\n${messagesView(messages)}`;
      });
      return 0;
    },
  }),
  declare({
    name: 'reply',
    description: 'answer a message where it was posted; a task_request gets its task_result',
    args: [messageId('<id>', 'the message to answer'), new Argument('<body>', 'the text')],
    options: [
      agentOption('who answers'),
      ...connectionOptions(),
      kindOption('instead of task_result for a task_request, and chat otherwise'),
    ],
    help: REPLY_HELP,
    async run(command) {
      const hub = await openClient(command);
      const [id, body] = command.processedArgs as [number, string];
      const { kind } = command.opts<{ kind?: MessageKind }>();
      show(command, storedMessage(await reply(hub, await hub.message(id), body, kind)), messageLine);
      return 0;
    },
  }),
];

/** A direct message is answered to its sender alone, a public one in its channel; both in its thread. */
function reply(hub: HubClient, message: Message, body: string, asked?: MessageKind): Promise<PostResult> {
  const kind = asked ?? (message.kind === 'task_request' ? 'task_result' : 'chat');
  const thread_id = message.thread_id ?? undefined;
  const to_agent = message.to_agent === null ? undefined : message.from_agent;
  const channel = to_agent === undefined ? message.channel : DIRECT_CHANNEL;
  return hub.post(channel, body, { kind, thread_id, to_agent, reply_to: message.id });
}

/** The message itself, without what is said about this very request. */
export function storedMessage({ deduplicated: _, ...message }: PostResult): Message {
  return message;
}

interface PostFlags {
  channel: string;
  to?: string;
  kind: MessageKind;
  threadId?: string;
  replyTo?: number;
}

interface PollFlags {
  channel?: string;
  threadId?: string;
  timeout: number;
  sinceId: number;
  includeSelf?: boolean;
}

interface InboxFlags {
  sinceId?: number;
  limit: number;
  timeout: number;
}

const POST_HELP = `
Prints the stored message as JSON. Signs the agent in if it has no live session, and leaves a live one alone.

Examples:
  arc post "build is green" --agent ana
  arc post "can you look at auth.ts?" --agent ana --to ben
  arc post "split the parser" --agent ana --kind task --thread-id parser`;

const POLL_HELP = `
Prints one JSON object a line, at most 100, and nothing when no message came in time. Keep the highest "id" and give it
as --since-id next time.

Examples:
  arc poll --agent ben
  arc poll --agent ben --since-id 42 --timeout 60 --channel general`;

const INBOX_HELP = `
The digest is text for a language model. Unread is what others said since the agent's last acknowledgement; what does
not fit into the budget is counted, with the command that reads it.

Examples:
  arc inbox --agent ben
  arc inbox --agent ben --digest --budget 500 --ack
  arc inbox --agent ben --since-id 42 --timeout 60`;

const THREAD_HELP = `
Examples:
  arc thread parser
  arc thread parser --json | jq '.messages[-1].body'`;

const REPLY_HELP = `
Examples:
  arc reply 43 "looks fine" --agent ben`;
