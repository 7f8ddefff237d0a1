/** A client of any ARCP runtime: arcp send. */
import { Argument, type Command } from 'commander';
import { CommandError } from '../../base/command-error.js';
import { isJsonObject, type JsonObject } from '../../protocol/json.js';
import { declare } from '../command.js';
import { baseUrl, connectionOptions, tokenGiven } from '../connection.js';
import { decimal, flag, text } from '../options.js';
import { write } from '../output.js';

const DEFAULT_TIMEOUT_SEC = 30;

interface Flags {
  uri?: string;
  type: string;
  payload: string;
  arcp?: '1.0' | '1.1';
  wait?: boolean;
  timeout: number;
}

export const arcpCommands = (): Command[] => [
  declare({
    name: 'arcp',
    description: 'send a message to an ARCP runtime, and print what it answers',
    args: [new Argument('<verb>', 'what to do').choices(['send'])],
    options: [
      text('--uri <uri>', 'the runtime (default: the hub, at /arcp)'),
      text('--type <type>', 'type of the message').makeOptionMandatory(),
      text('--payload <json>', 'its payload').default('{}'),
      text('--arcp <version>', 'generation to speak (default: the one that has the type)').choices(['1.0', '1.1']),
      flag('--wait', 'print all that comes of the job, until it ends'),
      decimal('--timeout <sec>', 'how long to wait').default(DEFAULT_TIMEOUT_SEC),
      ...connectionOptions(),
    ],
    help: ARCP_HELP,
    async run(command) {
      const { ArcpClient, answers, isFailure, isTerminal, versionFor } = await import(
        '../../client/arcp/arcp-client.js'
      );
      const { type, payload, arcp, wait, timeout, uri } = command.opts<Flags>();
      const target = uri ?? `${baseUrl(command).replace(/^http/, 'ws')}/arcp`;
      const body = jsonObject(payload);
      const signal = AbortSignal.timeout(timeout * 1_000);
      const client = await ArcpClient.connect(target, {
        token: tokenGiven(command),
        version: arcp ?? versionFor(type),
        signal,
      });
      try {
        const id = client.send(type, body);
        let job: unknown;
        for await (const frame of client.frames(signal)) {
          const isAnswer = answers(frame, id);
          if (!isAnswer && (job === undefined || frame.job_id !== job)) continue;
          write(JSON.stringify(frame));
          job ??= frame.job_id;
          if (!wait || job === undefined || isTerminal(frame)) return isFailure(frame) ? 1 : 0;
        }
      } finally {
        client.close();
      }
      throw new CommandError(`no answer within ${timeout} s`);
    },
  }),
];

function jsonObject(given: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(given);
  } catch {
    value = undefined;
  }
  if (isJsonObject(value)) return value;
  throw new CommandError('--payload must be a JSON object');
}

const ARCP_HELP = `
Prints one JSON object a line: the first answer, or with --wait all that is told of the job. Exit 1 when it was refused or
has failed.

Examples:
  arc arcp send --type ping --payload '{"nonce":"x"}'
  arc arcp send --type tool.invoke --payload '{"tool":"ben","arguments":{"path":"a.ts"}}' --wait
  arc arcp send --type job.submit --payload '{"agent":"ben","input":{"path":"a.ts"}}' --wait
  arc arcp send --uri wss://other.example/arcp --token-file t --type ping`;
