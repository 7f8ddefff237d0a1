/** `arc guard check`: what the pre-commit hook runs. */
import { realpathSync } from 'node:fs';
import type { Command } from 'commander';
import { openClient } from '../../cli/connection.js';
import { printable } from '../../cli/output.js';
import { age } from '../../cli/views.js';
import { collisions } from './collisions.js';
import { git, setting } from './git.js';

/** A commit waits no longer than this for a hub. */
const PATIENCE_MS = 2_000;

export type WhenDown = 'allow' | 'warn' | 'refuse';

/** The exit code: 0 lets the commit pass. */
export async function checkCommit(command: Command): Promise<number> {
  const { agent, whenDown } = command.opts<{ agent?: string; whenDown: WhenDown }>();
  // Both ends of a rename are touched.
  const files = git('diff', '--cached', '--name-only', '--no-renames', '-z')
    .split('\0')
    .filter((file) => file !== '');
  if (files.length === 0) return 0;
  const hub = await openClient(command, { timeoutMs: PATIENCE_MS });
  const locks = await hub.locks({ active_only: true }).catch((cause: Error) => {
    if (whenDown !== 'allow') say(`no hub answers: ${cause.message}`);
    return undefined;
  });
  if (locks === undefined) return whenDown === 'refuse' ? 1 : 0;
  const top = realpathSync(git('rev-parse', '--show-toplevel').replace(/\n$/, ''));
  const ignoreCase = setting('core.ignorecase') === 'true';
  const found = collisions(files, locks, agent === '' ? undefined : agent, { top, ignoreCase });
  for (const { file, lock } of found) say(`${file} is locked by ${lock.agent_id}, for another ${age(lock.expires_at)}`);
  if (found.length === 0) return 0;
  say('wait or ask for the lock to be given back; to commit all the same: ARC_GUARD=off git commit …');
  return 1;
}

const say = (text: string) => process.stderr.write(`arc guard: ${printable(text)}\n`);
