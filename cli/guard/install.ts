/** `arc guard install` and `uninstall`: a pre-commit hook before the one that is there. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { CommandError } from '../command.js';
import { explicitAddress } from '../connection-flags.js';
import { quoted } from '../digest.js';
import { ownCommand } from '../own-command.js';
import type { WhenDown } from './check.js';
import { git } from './git.js';

const MARK = '# Written by `arc guard install`';
/** Where the hook that was there before lies meanwhile. */
const EARLIER = '.before-arc-guard';

/** @returns what was done, for people */
export function installGuard(command: Command): string {
  const { agent, whenDown } = command.opts<{ agent?: string; whenDown: WhenDown }>();
  const path = hookPath();
  const earlier = path + EARLIER;
  if (existsSync(path) && !isOurs(path)) {
    if (existsSync(earlier)) throw new CommandError(`${earlier} is in the way: move it, then try again`);
    renameSync(path, earlier);
  }
  // The name in the environment of the commit wins, since several agents may share a repository.
  const who = `--agent "\${ARC_AGENT:-${agent === undefined ? '' : quotedInside(agent)}}"`;
  const down = whenDown === 'allow' ? '' : ` --when-down ${whenDown}`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    `#!/bin/sh
${MARK}. It refuses files that another agent has locked.
# ARC_GUARD=off lets a commit pass, as --no-verify does.
if [ "\${ARC_GUARD:-}" != off ]; then
  ${ownCommand()} guard check ${who}${down}${explicitAddress(command)} || exit 1
fi
earlier="$0${EARLIER}"
if [ -x "$earlier" ]; then exec "$earlier" "$@"; fi
exit 0
`,
  );
  chmodSync(path, 0o755);
  return `${path} guards every commit${existsSync(earlier) ? ', and runs the earlier hook after it' : ''}`;
}

/** @returns what was done, for people */
export function uninstallGuard(): string {
  const path = hookPath();
  if (!existsSync(path) || !isOurs(path)) return `${path} is not a guard; nothing was changed`;
  const earlier = path + EARLIER;
  if (existsSync(earlier)) renameSync(earlier, path);
  else rmSync(path);
  return `${path} guards no longer`;
}

/** All worktrees share it; `core.hooksPath` is respected. */
const hookPath = () => resolve(git('rev-parse', '--git-path', 'hooks/pre-commit').replace(/\n$/, ''));

const isOurs = (path: string) => readFileSync(path, 'utf8').includes(MARK);

/** Inside double quotes and `${…:-…}`. */
const quotedInside = (text: string) => (quoted(text) === text ? text : text.replace(/["$`\\}]/g, '\\$&'));
