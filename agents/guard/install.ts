/** `arc guard install` and `uninstall`: a pre-commit hook before the one that is there, wherever git looks for one. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CommandError } from '../../base/command-error.js';
import { quoted } from '../../base/shell.js';
import type { WhenDown } from './check.js';
import { EARLIER, type GuardState, guardState, holdsGuard, MARK, worktrees } from './worktrees.js';

const END = '# End of arc guard';

/** What the hook does when this program has gone, and nobody can be asked. */
const WITHOUT_PROGRAM: Readonly<Record<WhenDown, string>> = {
  allow: ':',
  warn: "echo 'arc guard: arc is not installed any more' >&2",
  refuse: "echo 'arc guard: arc is not installed any more' >&2; exit 1",
};

export interface GuardOptions {
  readonly agent: string | undefined;
  readonly whenDown: WhenDown;
  /** How a shell runs this program, and a test that it is there. */
  readonly program: { readonly command: string; readonly test: string };
  /** Flags that lead it to the hub. */
  readonly address: string;
}

/** Guards every worktree that it can reach, and says which those are. */
export function installGuard(options: GuardOptions): GuardState[] {
  const all = worktrees();
  const done = new Set<string>();
  for (const [index, { hook, husky }] of all.entries()) {
    const path = husky ?? hook;
    // The tracked file comes to the other worktrees as every file does: committed, and checked out.
    if (done.has(path) || (husky !== undefined && index > 0)) continue;
    done.add(path);
    if (husky === undefined) installHook(path, options);
    else installBlock(path, options);
  }
  return all.map(guardState);
}

/** Takes the guard out of every worktree. */
export function uninstallGuard(): string[] {
  const files = [...new Set(worktrees().map(({ hook, husky }) => husky ?? hook))].filter(holdsGuard);
  for (const path of files) {
    const text = readFileSync(path, 'utf8');
    const block = new RegExp(`${escaped(MARK)}[\\s\\S]*?${escaped(END)}\\n`);
    if (block.test(text) && !text.startsWith(`#!/bin/sh\n${MARK}`)) {
      const rest = text.replace(block, '');
      if (rest.trim() === '') rmSync(path);
      else writeFileSync(path, rest);
    } else if (existsSync(path + EARLIER)) renameSync(path + EARLIER, path);
    else rmSync(path);
  }
  return files;
}

export const guardStatus = (): GuardState[] => worktrees().map(guardState);

function installHook(path: string, options: GuardOptions): void {
  const earlier = path + EARLIER;
  if (existsSync(path) && !holdsGuard(path)) {
    // Tools that write hooks put theirs back in our place.
    const isBack = existsSync(earlier) && readFileSync(path).equals(readFileSync(earlier));
    if (existsSync(earlier) && !isBack) throw new CommandError(`${earlier} is in the way: move it, then try again`);
    renameSync(path, earlier);
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    `#!/bin/sh
${block(options)}earlier="$0${EARLIER}"
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
}

/** In front of what a tracked hook does. */
function installBlock(path: string, options: GuardOptions): void {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const rest = text.replace(new RegExp(`${escaped(MARK)}[\\s\\S]*?${escaped(END)}\\n`), '');
  const [, first = '', others = ''] = /^(#!.*\n)?([\s\S]*)$/.exec(rest) ?? [];
  writeFileSync(path, first + block(options) + others);
  if (text === '') chmodSync(path, 0o755);
}

function block({ agent, whenDown, program, address }: GuardOptions): string {
  // The name in the environment of the commit wins, since several agents may share a repository.
  const who = `--agent "\${ARC_AGENT:-${agent === undefined ? '' : quotedInside(agent)}}"`;
  const down = whenDown === 'allow' ? '' : ` --when-down ${whenDown}`;
  return `${MARK}. It refuses files that another agent has locked.
# ARC_GUARD=off lets a commit pass, as --no-verify does.
if [ "\${ARC_GUARD:-}" != off ]; then
  if ${program.test}; then
    ${program.command} guard check ${who}${down}${address} || exit 1
  else
    ${WITHOUT_PROGRAM[whenDown]}
  fi
fi
${END}
`;
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Inside double quotes and `${…:-…}`. */
const quotedInside = (text: string) => (quoted(text) === text ? text : text.replace(/["$`\\}]/g, '\\$&'));
