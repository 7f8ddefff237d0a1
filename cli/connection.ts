/** How a command reaches a hub, and as whom. */
import type { Command, Option } from 'commander';
import type { ConnectOptions, HubClient } from '../client/index.js';
import { HubError } from '../protocol/errors.js';
import { DEFAULT_HOST, DEFAULT_PORT } from '../protocol/hub.js';
import { urlOf } from './hub/probe.js';
import { integer, text } from './options.js';

export const connectionOptions = (): Option[] => [
  text('--base-url <url>', `where the hub is (default: "${urlOf(DEFAULT_HOST, DEFAULT_PORT)}")`),
  text('--host <host>', 'the same by host and port'),
  integer('--port <n>', 'the same by port alone, on this machine'),
];

export const agentOption = (description = 'the agent that acts'): Option =>
  text('--agent <id>', description).makeOptionMandatory();

export const observerOption = (description: string): Option => text('--agent <id>', description);

interface Address {
  baseUrl?: string;
  host?: string;
  port?: number;
}

/** A flag beats the environment, which beats the file, whichever of the two ways it chooses. */
const RANK = ['config', 'env', 'cli'];

export function baseUrl(command: Command): string {
  const { baseUrl, host = DEFAULT_HOST, port = DEFAULT_PORT } = command.opts<Address>();
  const rank = (name: string) => RANK.indexOf(command.getOptionValueSource(name) ?? '');
  const byUrl = baseUrl !== undefined && rank('baseUrl') >= Math.max(rank('host'), rank('port'));
  const url = byUrl ? baseUrl.replace(/\/+$/, '') : urlOf(host, port);
  const scheme = URL.canParse(url) ? new URL(url).protocol : undefined;
  if (scheme !== 'http:' && scheme !== 'https:') command.error(`error: not the URL of a hub: ${url}`);
  return url;
}

/** A client that makes HTTP requests, as the agent of `--agent` if there is one. */
export async function openClient(command: Command): Promise<HubClient> {
  const { HubClient } = await import('../client/index.js');
  return HubClient.overHttp(command.opts<{ agent?: string }>().agent, { baseUrl: baseUrl(command) });
}

/** An observer over WebSocket: it signs in as nobody, so nobody's session is touched. */
export async function openObserver(command: Command, options: ConnectOptions = {}): Promise<HubClient> {
  const { HubClient } = await import('../client/index.js');
  return HubClient.connect(undefined, { baseUrl: baseUrl(command), ...options });
}

/**
 * Signs the agent in only if it has no live session: a session that another program opened stays as it is, its name and
 * capabilities too (arc-v1 §12 F7).
 */
export async function signInIfAway(hub: HubClient): Promise<void> {
  const { session } = await hub.bootstrap();
  if (session !== null) return;
  try {
    await hub.register({ replace: false });
  } catch (cause) {
    // Somebody else signed it in meanwhile, which is as good.
    if (!(cause instanceof HubError && cause.code === 'conflict')) throw cause;
  }
}
