/** `arc hook status`: each harness, and whether the hub that its hooks lead to answers. */
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type InstalledHook, installedHooks } from '../agents/hooks/status.js';
import { HubClient } from '../client/index.js';
import { addressOf } from './connection.js';
import { table } from './output.js';

const PATIENCE_MS = 2_000;

export interface HookState extends InstalledHook {
  /** Where the hook looks for a hub, and what answers there; the text of the failure when nothing does. */
  readonly hub?: { readonly at: string; readonly instance_id?: string; readonly error?: string };
}

export async function hookStatus(command: Command): Promise<HookState[]> {
  return Promise.all(
    installedHooks(process.cwd(), homedir()).map(async (hook) => {
      if (hook.agent === undefined) return hook;
      const at = hook.relay ?? hook.base_url ?? addressOf(command);
      const open = () =>
        hook.relay === undefined
          ? HubClient.overHttp(undefined, { baseUrl: at, timeoutMs: PATIENCE_MS })
          : HubClient.overRelay(hook.agent, { spoolDir: resolve(at), timeoutMs: PATIENCE_MS });
      try {
        await using hub = open();
        return { ...hook, hub: { at, instance_id: (await hub.hubInfo({ timeoutMs: PATIENCE_MS })).instance_id } };
      } catch (cause) {
        return { ...hook, hub: { at, error: cause instanceof Error ? cause.message : String(cause) } };
      }
    }),
  );
}

export function hookStatusView(states: readonly HookState[]): string {
  return table(
    ['HARNESS', 'SCOPE', 'AGENT', 'HUB', 'FILE'],
    states.map(({ harness, scope, path, agent, hub, problem, missing }) => [
      harness,
      scope,
      problem !== undefined ? `unreadable: ${problem}` : (agent ?? 'not installed'),
      [
        hub && `${hub.at} ${hub.error === undefined ? 'answers' : `does not answer: ${hub.error}`}`,
        missing && `no hook for ${missing.join(', ')}: install again`,
      ]
        .filter(Boolean)
        .join('; '),
      path,
    ]),
  );
}
