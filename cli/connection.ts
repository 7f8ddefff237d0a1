/** How a command reaches a hub, and as whom. */
import type { Command, Option } from 'commander';
import { PrivateFileError, readPrivateFile } from '../base/private-file.js';
import type { AccessOptions } from '../client/access.js';
import { defaultBaseUrl, joinedAs, secureIfKnown } from '../client/credentials/resolve.js';
import type { ConnectOptions, HubClient } from '../client/index.js';
import { HubError } from '../protocol/errors.js';
import { DEFAULT_HOST, DEFAULT_PORT } from '../protocol/hub.js';
import { withoutSecrets } from '../protocol/token.js';
import { urlOf } from './hub/probe.js';
import { integer, text } from './options.js';

export const connectionOptions = (): Option[] => [
  text(
    '--base-url <url>',
    `where the hub is (default: that of this folder, else "${urlOf(DEFAULT_HOST, DEFAULT_PORT)}")`,
  ),
  text('--host <host>', 'the same by host and port'),
  integer('--port <n>', 'the same by port alone, on this machine'),
  text('--relay <dir>', 'reach the hub through the files of this spool folder instead'),
  ...tokenOptions(),
];

/** Who one is, where the credentials file and the hub's own account do not say it (identity §5). */
export const tokenOptions = (): Option[] => [
  text('--token-file <file>', 'file that holds the token, readable for this account only'),
  text('--token <token>', 'the token itself; better by ARC_TOKEN or --token-file, where no other program sees it'),
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
  if (byUrl) return checkedUrl(command, baseUrl);
  return rankOf(command, 'host', 'port') === -1 ? defaultBaseUrl() : secureIfKnown(urlOf(host, port));
}

/** Without a slash at the end. */
export function checkedUrl(command: Command, baseUrl: string): string {
  const url = baseUrl.replace(/\/+$/, '');
  const scheme = URL.canParse(url) ? new URL(url).protocol : '';
  if (!['http:', 'https:', 'unix:'].includes(scheme))
    command.error(`error: not the URL of a hub: ${withoutSecrets(url)}`);
  return url;
}

let warned = false;

/** The token that the command was given; undefined leaves it to the client to look for one. */
export function tokenGiven(command: Command): string | undefined {
  const { token, tokenFile } = command.opts<{ token?: string; tokenFile?: string }>();
  if (token !== undefined && command.getOptionValueSource('token') === 'cli') {
    if (!warned) process.stderr.write('arc: other programs can see --token: use ARC_TOKEN or --token-file\n');
    warned = true;
    return token;
  }
  if (tokenFile === undefined) return token;
  try {
    const held = readPrivateFile(tokenFile)?.trim();
    if (held) return held;
    command.error(`error: --token-file ${tokenFile}: ${held === undefined ? 'there is no such file' : 'it is empty'}`);
  } catch (cause) {
    if (cause instanceof PrivateFileError) command.error(`error: --token-file: ${cause.message}`);
    throw cause;
  }
}

/** How the hub is reached and as whom, for a client that finds out the rest. */
export const accessGiven = (command: Command) => ({ baseUrl: baseUrl(command), token: tokenGiven(command) });

/** The agent that was named; else the one that this account has joined the hub as, else the default. */
export function agentOf(command: Command): string {
  const { agent } = command.opts<{ agent: string }>();
  const named = command.getOptionValueSource('agent') !== 'default';
  return named || spoolDir(command) !== undefined ? agent : (joinedAs(baseUrl(command)) ?? agent);
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

interface ClientOptions extends AccessOptions {
  timeoutMs?: number;
  agent?: string | undefined;
}

/** A client that makes a request for each call, as the agent of `--agent` if there is one: by HTTP or by the spool. */
export async function openClient(
  command: Command,
  { agent = command.opts<{ agent?: string }>().agent, ...options }: ClientOptions = {},
): Promise<HubClient> {
  const { HubClient } = await import('../client/index.js');
  const spool = spoolDir(command);
  if (spool !== undefined) return HubClient.overRelay(agent, { spoolDir: spool, ...options });
  return HubClient.overHttp(agent, { ...accessGiven(command), ...options });
}

/** An observer over WebSocket: it signs in as nobody, so nobody's session is touched. */
export async function openObserver(command: Command, options: ConnectOptions = {}): Promise<HubClient> {
  const { HubClient } = await import('../client/index.js');
  return HubClient.connect(undefined, { ...accessGiven(command), ...options });
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
