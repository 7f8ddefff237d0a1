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
  text('--relay <dir>', 'reach the hub through the files of this spool folder instead'),
];

export const agentOption = (description = 'the agent that acts'): Option =>
  text('--agent <id>', description).makeOptionMandatory();

export const observerOption = (description: string): Option => text('--agent <id>', description);

interface Address {
  baseUrl?: string;
  host?: string;
  port?: number;
  relay?: string;
}

/** A flag beats the environment, which beats the file, whichever of the ways it chooses. */
const RANK = ['config', 'env', 'cli'];

/** The address of the hub, for what needs a connection to it. */
export function baseUrl(command: Command): string {
  if (spoolDir(command) !== undefined) command.error('error: --relay cannot be used with this command');
  const { baseUrl, host = DEFAULT_HOST, port = DEFAULT_PORT } = command.opts<Address>();
  const byUrl = baseUrl !== undefined && rankOf(command, 'baseUrl') >= rankOf(command, 'host', 'port');
  const url = byUrl ? baseUrl.replace(/\/+$/, '') : urlOf(host, port);
  const scheme = URL.canParse(url) ? new URL(url).protocol : undefined;
  if (scheme !== 'http:' && scheme !== 'https:') command.error(`error: not the URL of a hub: ${url}`);
  return url;
}

/** The spool to use instead of a connection, unless an address was given in a stronger place. */
export function spoolDir(command: Command): string | undefined {
  const { relay } = command.opts<Address>();
  if (relay === undefined) return undefined;
  return rankOf(command, 'relay') >= rankOf(command, 'baseUrl', 'host', 'port') ? relay : undefined;
}

const rankOf = (command: Command, ...names: string[]) =>
  Math.max(...names.map((name) => RANK.indexOf(command.getOptionValueSource(name) ?? '')));

/** How the hub is reached, for people. */
export const addressOf = (command: Command): string => spoolDir(command) ?? baseUrl(command);

/** A client that makes a request for each call, as the agent of `--agent` if there is one: by HTTP or by the spool. */
export async function openClient(command: Command, options: { timeoutMs?: number } = {}): Promise<HubClient> {
  const { HubClient } = await import('../client/index.js');
  const { agent } = command.opts<{ agent?: string }>();
  const spool = spoolDir(command);
  if (spool !== undefined) return HubClient.overRelay(agent, { spoolDir: spool, ...options });
  return HubClient.overHttp(agent, { baseUrl: baseUrl(command), ...options });
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
