/** Proof that agents meet: smoke-agent, smoke. */
import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { printable } from '../../base/terminal-text.js';
import type { HubClient } from '../../client/index.js';
import { DEFAULT_BASE_URL, DEFAULT_SPOOL_DIR } from '../../protocol/hub.js';
import { declare } from '../command.js';
import { decimal, text } from '../options.js';
import { write } from '../output.js';
import type { Role } from '../smoke/roles.js';

const TRANSPORTS = ['http', 'ws', 'relay'] as const;
type TransportName = (typeof TRANSPORTS)[number];
const ROLE_NAMES = ['smoke-a', 'smoke-b', 'smoke-c'] as const satisfies readonly Role[];

const common = () => [
  text('--base-url <url>', 'where the hub is').default(DEFAULT_BASE_URL),
  text('--relay-dir <dir>', 'the spool of the hub').default(DEFAULT_SPOOL_DIR),
  text('--channel <name>', 'where they meet').default('smoke-room'),
  decimal('--timeout-sec <sec>', 'how long all of it may take').default(120),
];

export const smokeCommands = (): Command[] => [
  declare({
    name: 'smoke',
    description: 'let three agents work together, over WebSocket, HTTP and the relay',
    options: [...common(), decimal('--poll-interval-sec <sec>', 'between two looks').default(0.1)],
    help: SMOKE_HELP,
    async run(command) {
      const flags = command.opts<SmokeFlags>();
      const run = randomBytes(4).toString('hex');
      const ways = { 'smoke-a': 'ws', 'smoke-b': 'http', 'smoke-c': 'relay' } as const;
      const outcomes = await Promise.allSettled(
        ROLE_NAMES.map((role) =>
          play(role, ways[role], { ...flags, threadId: `smoke-${run}`, claimKey: `smoke-${run}` }, (step) =>
            write(`${role} over ${ways[role]}: ${step}`),
          ),
        ),
      );
      const failures = outcomes.flatMap((outcome, index) =>
        outcome.status === 'rejected' ? [`${ROLE_NAMES[index]}: ${textOf(outcome.reason)}`] : [],
      );
      for (const failure of failures) write(`Smoke test failed: ${failure}`);
      if (failures.length === 0) write('Smoke test passed.');
      return failures.length === 0 ? 0 : 1;
    },
  }),
  declare({
    name: 'smoke-agent',
    description: 'play one of the three agents of the smoke test',
    options: [
      text('--role <role>', 'which').choices(ROLE_NAMES).makeOptionMandatory(),
      text('--transport <how>', 'how it reaches the hub').choices(TRANSPORTS).makeOptionMandatory(),
      ...common(),
      text('--thread-id <id>', 'the thread they share').default('smoke-relay-001'),
      text('--claim-key <key>', 'the claim of smoke-b').default('smoke-claim-001'),
      decimal('--poll-interval-sec <sec>', 'between two looks').default(1),
    ],
    help: SMOKE_AGENT_HELP,
    async run(command) {
      const flags = command.opts<SmokeFlags & { role: Role; transport: TransportName }>();
      try {
        await play(flags.role, flags.transport, flags, () => undefined);
        return 0;
      } catch (cause) {
        write(`Smoke test failed: ${textOf(cause)}`);
        return 1;
      }
    },
  }),
];

interface SmokeFlags {
  baseUrl: string;
  relayDir: string;
  channel: string;
  threadId: string;
  claimKey: string;
  timeoutSec: number;
  pollIntervalSec: number;
}

async function play(role: Role, transport: TransportName, flags: SmokeFlags, say: (step: string) => void) {
  const { playRole } = await import('../smoke/roles.js');
  const hub = await open(role, transport, flags);
  try {
    await playRole(role, hub, { ...flags, say });
  } finally {
    await hub.close();
  }
}

async function open(role: Role, transport: TransportName, flags: SmokeFlags): Promise<HubClient> {
  const { HubClient } = await import('../../client/index.js');
  const timeoutMs = Math.min(30, Math.max(5, flags.timeoutSec)) * 1_000;
  if (transport === 'relay') return HubClient.overRelay(role, { spoolDir: flags.relayDir, timeoutMs });
  if (transport === 'http') return HubClient.overHttp(role, { baseUrl: flags.baseUrl, timeoutMs });
  return HubClient.connect(role, { baseUrl: flags.baseUrl, timeoutMs });
}

const textOf = (cause: unknown) => printable(cause instanceof Error ? cause.message : String(cause));

const SMOKE_HELP = `
One posts a task over WebSocket, one claims it and delivers over HTTP, one verifies over the relay. Says what each has done
as it goes; exit 1 if anything failed.

Examples:
  arc smoke
  arc smoke --base-url http://127.0.0.1:7000 --relay-dir ~/project/.arc-relay`;

const SMOKE_AGENT_HELP = `
Prints nothing when it succeeds. The three find each other by channel, thread and claim; other hubs' smoke agents may play.

Examples:
  arc smoke-agent --role smoke-a --transport http
  arc smoke-agent --role smoke-c --transport relay --relay-dir ~/project/.arc-relay`;
