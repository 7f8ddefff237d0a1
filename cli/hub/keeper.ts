/**
 * Who may keep tokens and read the audit (identity §5): whoever has an operator's token for the hub that runs, and the account
 * that the store belongs to, by the store itself.
 */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { CommandError } from '../../base/command-error.js';
import { HubClient } from '../../client/index.js';
import { HubError } from '../../protocol/errors.js';
import { addressOf, openClient, tokenGiven } from '../connection.js';
import { type FoundHub, findHub, targetOf } from './locate.js';

export interface Keeper extends AsyncDisposable {
  readonly hub: HubClient;
  /** The hub that runs on this machine; undefined when it was named by its address, or does not run. */
  readonly running: FoundHub | undefined;
}

export async function openKeeper(command: Command): Promise<Keeper> {
  const url = namedUrl(command);
  const here = await findHub(targetOf(command));
  // The hub of this folder is known better than by its address alone.
  const running = url === undefined || here?.url === url ? here : undefined;
  const named = running === undefined && url !== undefined;
  if (named || running !== undefined) {
    const token = tokenGiven(command) ?? running?.access.token;
    const hub = await openClient(command, { ...running?.access, ...(token !== undefined && { token }) });
    if (named || (await mayKeep(hub))) {
      return { hub, running, [Symbol.asyncDispose]: () => hub.close() };
    }
    await hub.close();
  }
  const storage = running?.storage_path ?? targetOf(command).storage;
  if (!existsSync(storage)) {
    throw new CommandError(`no hub runs here, and there is no store at ${storage}: start one (arc ensure), or name it`);
  }
  return offline(storage, running);
}

async function offline(storage: string, running: FoundHub | undefined): Promise<Keeper> {
  const { openOffline } = await import('../../server/offline.js');
  const { LocalTransport } = await import('../../client/local/local-transport.js');
  const store = await openOffline(storage);
  const hub = new HubClient(new LocalTransport(store), undefined);
  const close = async () => {
    await hub.close();
    await store.close();
  };
  return { hub, running, [Symbol.asyncDispose]: close };
}

/** Where a hub is that was named otherwise than by its storage. */
export const namedUrl = (command: Command): string | undefined =>
  ['baseUrl', 'relay'].some((name) => command.getOptionValueSource(name) !== undefined)
    ? addressOf(command)
    : undefined;

/** Whether the hub that runs takes this caller for an operator who has said so. */
async function mayKeep(hub: HubClient): Promise<boolean> {
  try {
    const { role, verified } = await hub.identity();
    return role === 'operator' && verified;
  } catch (cause) {
    if (cause instanceof HubError && cause.code === 'unauthorized') return false;
    throw cause;
  }
}
