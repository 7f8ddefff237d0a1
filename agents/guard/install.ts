/** `arc guard install` and `uninstall`: a pre-commit hook before the one that is there. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { CommandError } from '../../cli/command.js';
import { explicitAddress } from '../../cli/connection-flags.js';
import { quoted } from '../../cli/digest.js';
import { ownProgram } from '../../cli/own-command.js';
import type { WhenDown } from './check.js';
import { git } from './git.js';

const MARK = '# Written by `arc guard install`';
/** Where the hook that was there before lies meanwhile; no dot, since a language may judge a file by its extension. */
const EARLIER = '-before-arc-guard';

/** What the hook does when this program has gone, and nobody can be asked. */
const WITHOUT_PROGRAM: Readonly<Record<WhenDown, string>> = {
  allow: ':',
  warn: "echo 'arc guard: arc is not installed any more' >&2",
  refuse: "echo 'arc guard: arc is not installed any more' >&2; exit 1",
};

/** @returns what was done, for people */
export function installGuard(command: Command): string {
  const { agent, whenDown } = command.opts<{ agent?: string; whenDown: WhenDown }>();
  const path = hookPath();
  const earlier = path + EARLIER;
  if (existsSync(path) && !isOurs(path)) {
    // Tools that write hooks, such as husky, put theirs back in our place.
    const isBack = existsSync(earlier) && readFileSync(path).equals(readFileSync(earlier));
    if (existsSync(earlier) && !isBack) throw new CommandError(`${earlier} is in the way: move it, then try again`);
    renameSync(path, earlier);
  }
  // The name in the environment of the commit wins, since several agents may share a repository.
  const who = `--agent "\${ARC_AGENT:-${agent === undefined ? '' : quotedInside(agent)}}"`;
  const down = whenDown === 'allow' ? '' : ` --when-down ${whenDown}`;
  const program = ownProgram();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    `#!/bin/sh
${MARK}. It refuses files that another agent has locked.
# ARC_GUARD=off lets a commit pass, as --no-verify does.
if [ "\${ARC_GUARD:-}" != off ]; then
  if ${program.test}; then
    ${program.command} guard check ${who}${down}${explicitAddress(command)} || exit 1
  else
    ${WITHOUT_PROGRAM[whenDown]}
  fi
fi
earlier="$0${EARLIER}"
[ -x "$earlier" ] || exit 0
# A hook may look for its files by its own name, as husky's does: a shell runs it under the name that it had.
interpreter=$(sed -n '1s/^#! *//p' "$earlier")
case "$interpreter " in
  *[/\\ ]sh\\ * | *[/\\ ]bash\\ * | *[/\\ ]dash\\ *)
    exec $interpreter -c 'earlier=$1; shift; . "$earlier"' "$0" "$earlier" "$@" ;;
esac
exec "$earlier" "$@"
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
