/** `arc invite`: a token for an agent elsewhere, and the line that carries it there (identity §6). */
import { networkInterfaces } from 'node:os';
import type { Command } from 'commander';
import { CommandError } from '../../base/command-error.js';
import { homePath } from '../../base/home-path.js';
import { quoted } from '../../base/shell.js';
import { printable } from '../../base/terminal-text.js';
import { inviteUrl, joinCommand } from '../../client/credentials/invite-link.js';
import { DEFAULT_STORAGE } from '../../protocol/hub.js';
import type { ParsedOf } from '../../protocol/operation.js';
import type { tokensIssue } from '../../protocol/operations/tokens.js';
import { isLoopback } from '../../server/config.js';
import { openClient } from '../connection.js';
import { namedUrl, openKeeper } from './keeper.js';
import type { FoundHub } from './locate.js';

export interface Invited {
  /** The command to paste on the other machine. */
  join: string;
  url: string;
  token_id: string;
  expires_at: string | null;
  /** What a host of MCP on that machine is told, once it has joined. */
  mcp: object;
}

/**
 * @param address how the other machine reaches this one; undefined: by an address that the hub listens on
 * @throws {CommandError} the hub listens on this machine only: the text is the command that opens it
 */
export async function inviteToHub(
  command: Command,
  wanted: Partial<ParsedOf<typeof tokensIssue>> & { names: string[] },
  address: string | undefined,
): Promise<Invited> {
  await using keeper = await openKeeper(command);
  const { hub, running } = keeper;
  if (running === undefined) {
    const named = namedUrl(command);
    throw new CommandError(
      named === undefined
        ? 'no hub of this folder runs: start it first, with arc ensure'
        : `${named} is not a hub of this folder: run arc invite where it runs, without naming its address`,
    );
  }
  const listen = await listenHostOf(command, running);
  if (address === undefined && isLoopback(listen)) {
    throw new CommandError(`the hub listens on this machine only; open it: ${openingOf(running)}`);
  }
  if (address !== undefined && !/^[\w.:-]+$/.test(address)) {
    throw new CommandError(`--address takes a host name or an address, not ${address}`);
  }
  const { fingerprint } = running.access;
  const isSecure = running.url.startsWith('https:');
  if (isSecure && fingerprint === undefined) {
    throw new CommandError(
      'the key of the hub is not known here: run arc invite on the machine and account of the hub',
    );
  }
  const { token, id, expires_at } = await hub.issueToken(wanted);
  const invite = {
    host: address ?? reachable(listen),
    port: Number(new URL(running.url).port || (isSecure ? 443 : 80)),
    fingerprint: isSecure ? fingerprint : undefined,
    token,
  };
  const url = inviteUrl(invite);
  const [agent = ''] = wanted.names;
  const mcp = { mcpServers: { arc: { command: 'arc', args: ['mcp', '--agent', agent, '--base-url', url] } } };
  return { join: joinCommand(invite), url, token_id: id, expires_at, mcp };
}

async function listenHostOf(command: Command, { access }: FoundHub): Promise<string> {
  await using hub = await openClient(command, access);
  return (await hub.network()).listen_host;
}

/** The hub as it is, on the network: stopped first, since it cannot be bound anew. */
function openingOf({ url, storage_path }: FoundHub): string {
  const port = url.startsWith('unix:') ? '' : new URL(url).port;
  const at = port === '' || port === '6969' ? '' : ` --port ${port}`;
  const of = storage_path === homePath(DEFAULT_STORAGE) ? '' : ` --storage ${quoted(storage_path)}`;
  return `arc stop${of} && arc ensure --host 0.0.0.0${at}${of} --allow-remote --tls auto`;
}

/** An address of this machine that others can use, where the hub listens on all of them. */
function reachable(listen: string): string {
  if (listen !== '0.0.0.0' && listen !== '::') return listen;
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outward = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  const found = outward.find(({ family }) => family === 'IPv4') ?? outward[0];
  if (found === undefined) {
    throw new CommandError('this machine has no address that others can reach: name one with --address');
  }
  return found.address;
}

export const inviteView = ({ join, mcp, token_id, expires_at }: Invited): string =>
  printable(
    [
      join,
      '',
      `Run it on the other machine. It holds token ${token_id}${expires_at === null ? '' : `, good until ${expires_at}`}: pass it on by a`,
      'way that others do not read. After that a host of MCP there is set up with:',
      JSON.stringify(mcp, undefined, 2),
    ].join('\n'),
    { lines: true },
  );
