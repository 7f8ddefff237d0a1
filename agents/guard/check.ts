/** What the pre-commit hook runs: which files of the commit another agent has locked. */
import { realpathSync } from 'node:fs';
import type { HubClient } from '../../client/index.js';
import { HubError } from '../../protocol/errors.js';
import { type Collision, collisions } from './collisions.js';
import { git, setting } from './git.js';

export type WhenDown = 'allow' | 'warn' | 'refuse';

export interface Checked {
  readonly collisions: readonly Collision[];
  /** Why the hub did not say. */
  readonly problem?: {
    readonly text: string /** It is there, and does not take whoever asks. */;
    readonly refused: boolean;
  };
}

/**
 * @param agent whose own locks are no obstacle; undefined when nobody said who commits
 * @throws {CommandError} with what git said
 */
export async function checkCommit(hub: HubClient, agent: string | undefined): Promise<Checked> {
  // Both ends of a rename are touched.
  const files = git('diff', '--cached', '--name-only', '--no-renames', '-z')
    .split('\0')
    .filter((file) => file !== '');
  if (files.length === 0) return { collisions: [] };
  try {
    const locks = await hub.locks({ active_only: true });
    const top = realpathSync(git('rev-parse', '--show-toplevel').replace(/\n$/, ''));
    return { collisions: collisions(files, locks, agent, { top, ignoreCase: setting('core.ignorecase') === 'true' }) };
  } catch (cause) {
    if (!(cause instanceof HubError)) throw cause;
    const refused = cause.code !== 'unavailable' && cause.code !== 'timeout';
    return { collisions: [], problem: { text: cause.message, refused } };
  }
}
