/** Looking after a running hub: status, shutdown, op. */
import { Argument, type Command, InvalidArgumentError } from 'commander';
import { CommandError } from '../../base/command-error.js';
import type { Access } from '../../client/access.js';
import { declare, show } from '../command.js';
import { baseUrl, connectionOptions, observerOption, openClient, spoolDir, tokenGiven } from '../connection.js';
import { flag, integer, text } from '../options.js';
import { table, writeJson } from '../output.js';

export const controlCommands = (): Command[] => [
  declare({
    name: 'status',
    description: 'show whether a hub runs, and how it does',
    options: [...connectionOptions(), text('--storage <path>', 'the hub of this storage, wherever it listens')],
    help: STATUS_HELP,
    async run(command) {
      const spool = spoolDir(command);
      const access = spool === undefined ? await hubHere(command) : undefined;
      const url = spool ?? access?.baseUrl ?? baseUrl(command);
      const { statusOf, statusView, notRunning } = await import('../status.js');
      const found = access === undefined ? {} : { ...access, token: tokenGiven(command) ?? access.token };
      const status = await statusOf(url, await openClient(command, { timeoutMs: 5_000, ...found }));
      show(command, status ?? notRunning(url), statusView);
      return status === undefined ? 1 : 0;
    },
  }),
  declare({
    name: 'shutdown',
    description: 'shut the hub down after a delay, with a public notice',
    options: [
      integer('--delay-sec <sec>', 'how long agents have to finish, at most 3600').default(60),
      flag('--cancel', 'cancel the shutdown that is pending'),
      ...connectionOptions(),
    ],
    help: SHUTDOWN_HELP,
    async run(command) {
      const { delaySec, cancel } = command.opts<{ delaySec: number; cancel?: boolean }>();
      const hub = await openClient(command);
      const result = cancel === true ? await hub.cancelShutdown() : await hub.startShutdown(delaySec);
      show(command, result, (answer) => {
        const when = 'delay_sec' in answer && answer.delay_sec !== undefined ? `, in ${answer.delay_sec} s` : '';
        return `${answer.status.replaceAll('_', ' ')}${when}`;
      });
      return 0;
    },
  }),
  declare({
    name: 'op',
    description: 'run any operation of the hub by its name',
    args: [
      new Argument('[name]', 'such as messages.post; without it, all operations are listed'),
      new Argument('[params]', 'its parameters, a JSON object').argParser(jsonObject).default({}),
    ],
    options: [observerOption('who acts, where a parameter does not say'), ...connectionOptions()],
    help: OP_HELP,
    async run(command) {
      const [name, params] = command.processedArgs as [string | undefined, Record<string, unknown>];
      const { OPERATIONS } = await import('../../protocol/operations.js');
      if (name === undefined) {
        const rows = Object.values(OPERATIONS).map(({ name, kind, summary }) => ({ name, kind, summary }));
        show(command, rows, operationsView);
        return 0;
      }
      if (!Object.hasOwn(OPERATIONS, name)) throw new CommandError(`unknown operation: ${name} (arc op lists them)`);
      if (name.startsWith('events.') && name.endsWith('subscribe')) {
        throw new CommandError(`${name} needs a connection that stays: use arc watch`);
      }
      const hub = await openClient(command);
      writeJson(await hub.request(name, params));
      return 0;
    },
  }),
];

const operationsView = (rows: readonly { name: string; kind: string; summary: string }[]) =>
  table(
    ['OPERATION', 'KIND', 'WHAT IT DOES'],
    rows.map(({ name, kind, summary }) => [name, kind, summary]),
  );

/** The hub of this folder, unless another was named. */
async function hubHere(command: Command): Promise<Access | undefined> {
  const named = (name: string) => command.getOptionValueSource(name) !== undefined;
  if (!named('storage') && ['baseUrl', 'host', 'port'].some(named)) return undefined;
  const { findHub, targetOf } = await import('../hub/locate.js');
  return (await findHub(targetOf(command)))?.access;
}

function jsonObject(value: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch (cause) {
    throw new InvalidArgumentError((cause as Error).message);
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  throw new InvalidArgumentError('It must be a JSON object.');
}

const STATUS_HELP = `
Without an address: the hub of this folder or of one above, else the one at the default address. Exit 1 if none answers.

Examples:
  arc status
  arc status --port 7000 --json`;

const SHUTDOWN_HELP = `
Examples:
  arc shutdown
  arc shutdown --delay-sec 0
  arc shutdown --cancel`;

const OP_HELP = `
Prints the result as JSON. Parameters are those of the protocol (docs/protocol/websocket.md).

Examples:
  arc op
  arc op hub.info
  arc op messages.list '{"channel": "general", "tail": true, "limit": 5}'
  arc op events.ack '{"since_id": 42}' --agent ben`;
