/** Work between agents: task, complete, call. */
import { Argument, type Command } from 'commander';
import { DEFAULT_CHANNEL, DIRECT_CHANNEL } from '../../protocol/hub.js';
import { declare, show } from '../command.js';
import { agentOption, connectionOptions, observerOption, openClient } from '../connection.js';
import { decimal, integer, messageId, text } from '../options.js';
import { messageLine } from '../views.js';
import { storedMessage } from './messages.js';

export const workCommands = (): Command[] => [
  declare({
    name: 'task',
    description: 'post a task; its id is the id of the message',
    args: [new Argument('<body>', 'what is to be done')],
    options: [
      agentOption('who posts it'),
      text('--to <agent>', 'a request to this agent alone; its task_result completes it'),
      text('--channel <name>', 'where it is posted').default(DEFAULT_CHANNEL),
      text('--thread-id <id>', 'the thread it belongs to'),
      integer('--parent-id <id>', 'the task that is done when all its children are'),
      ...connectionOptions(),
    ],
    help: TASK_HELP,
    async run(command) {
      const { to, channel, threadId, parentId } = command.opts<TaskFlags>();
      const hub = await openClient(command);
      const fields = { thread_id: threadId, parent_task_id: parentId };
      const body = command.args[0] ?? '';
      const posted =
        to === undefined
          ? await hub.post(channel, body, { ...fields, kind: 'task' })
          : await hub.dm(to, body, { ...fields, kind: 'task_request' });
      show(command, storedMessage(posted), messageLine);
      return 0;
    },
  }),
  declare({
    name: 'complete',
    description: 'mark a task done',
    args: [messageId('<task-id>', 'the task')],
    options: [observerOption('who completes it'), ...connectionOptions()],
    help: COMPLETE_HELP,
    async run(command) {
      const [id] = command.processedArgs as [number];
      const hub = await openClient(command);
      show(command, await hub.completeTask(id), ({ task, parent_completed }) => {
        const parent = parent_completed === true ? `, and with it its parent ${task.parent_task_id}` : '';
        return `task ${task.task_id} is ${task.status}${parent}`;
      });
      return 0;
    },
  }),
  declare({
    name: 'call',
    description: 'ask another agent and wait for its answer',
    args: [new Argument('<body>', 'the question')],
    options: [
      agentOption('who asks'),
      text('--to <agent>', 'the agent that is asked'),
      text('--capability <name>', 'or: any live agent that has it'),
      text('--channel <name>', 'the channel that the request is labelled with').default(DIRECT_CHANNEL),
      text('--thread-id <id>', 'the thread it belongs to'),
      decimal('--timeout <sec>', 'how long to wait for the answer').default(30),
      ...connectionOptions(),
    ],
    help: CALL_HELP,
    async run(command) {
      const { to, capability, channel, threadId, timeout } = command.opts<CallFlags>();
      const whom = to ?? (capability === undefined ? undefined : { capability });
      if (whom === undefined || (to !== undefined && capability !== undefined)) {
        return command.error('error: exactly one of --to and --capability is needed');
      }
      const hub = await openClient(command);
      const fields = { channel, thread_id: threadId, timeout_sec: timeout };
      show(command, await hub.call(whom, command.args[0] ?? '', fields), messageLine);
      return 0;
    },
  }),
];

interface TaskFlags {
  to?: string;
  channel: string;
  threadId?: string;
  parentId?: number;
}

interface CallFlags {
  to?: string;
  capability?: string;
  channel: string;
  threadId?: string;
  timeout: number;
}

const TASK_HELP = `
Examples:
  arc task "port the parser" --agent ana --thread-id parser
  arc task "port the lexer" --agent ana --thread-id parser --parent-id 43
  arc task "review auth.ts" --agent ana --to ben`;

const COMPLETE_HELP = `
Examples:
  arc complete 43 --agent ben`;

const CALL_HELP = `
The request is a task_request; the answer is the task_result that replies to it (\`arc reply\`). Exit 1 without one.

Examples:
  arc call "is main green?" --agent ana --to ben
  arc call "review auth.ts" --agent ana --capability review --timeout 300`;
