/** Where git looks for the pre-commit hook of each worktree, and who has put it there. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { git, text } from './git.js';

export const MARK = '# Written by `arc guard install`';

/** Where the hook that was there before lies meanwhile; no dot, since a language may judge a file by its extension. */
export const EARLIER = '-before-arc-guard';

export interface Worktree {
  readonly path: string;
  /** The file that git runs before a commit here, whether it is there or not. */
  readonly hook: string;
  /** The file that husky runs from it: tracked, so that every worktree has it once it is committed. */
  readonly husky?: string;
}

/** The worktrees of the repository that is here, this one first, then as git lists them. */
export function worktrees(): Worktree[] {
  const listed = git('worktree', 'list', '--porcelain', '-z')
    .split('\0\0')
    .flatMap((entry) => {
      const lines = entry.split('\0');
      const bare = lines.includes('bare') || lines.some((line) => line.startsWith('prunable'));
      const path = lines.find((line) => line.startsWith('worktree '))?.slice('worktree '.length);
      return path === undefined || bare ? [] : [path];
    });
  const here = git('rev-parse', '--show-toplevel').replace(/\n$/, '');
  return [here, ...listed.filter((path) => path !== here)].map(worktree);
}

function worktree(path: string): Worktree {
  const configured = text('core.hooksPath');
  // Git takes a relative path from the top of the worktree that commits.
  const folder =
    configured === undefined
      ? resolve(path, git('-C', path, 'rev-parse', '--git-path', 'hooks').replace(/\n$/, ''))
      : resolve(path, configured);
  const hook = join(folder, 'pre-commit');
  return isHusky(folder) ? { path, hook, husky: join(dirname(folder), 'pre-commit') } : { path, hook };
}

/** Husky has git run what lies in a folder `_`, which is ignored, and runs the tracked file beside that folder. */
const isHusky = (folder: string) => basename(folder) === '_' && basename(dirname(folder)).startsWith('.husky');

export interface GuardState {
  readonly path: string;
  readonly guarded: boolean;
  /** The file that guards, or that would have to. */
  readonly file: string;
  /** Who has put the hook there, where it was not `arc guard install`. */
  readonly manager?: 'husky' | 'lefthook' | 'pre-commit';
  /** The hook that was there before runs after it. */
  readonly earlier?: true;
  /** What to do where it is not guarded. */
  readonly remedy?: string;
}

export function guardState({ path, hook, husky }: Worktree): GuardState {
  const manager = managerOf(path, hook, husky);
  const state = { path, file: husky ?? hook, ...(manager !== undefined && { manager }) };
  if (husky !== undefined) {
    if (!holdsGuard(husky)) {
      return {
        ...state,
        guarded: false,
        remedy: `commit ${relative(path, husky)} of the guarded worktree, and bring it here`,
      };
    }
    if (isRun(hook)) return { ...state, guarded: true };
    return { ...state, guarded: false, remedy: `run husky here (npx husky), which makes ${relative(path, hook)}` };
  }
  if (holdsGuard(hook) && isRun(hook)) {
    return { ...state, guarded: true, ...(existsSync(hook + EARLIER) && { earlier: true }) };
  }
  const again = { lefthook: 'lefthook install', 'pre-commit': 'pre-commit install', husky: 'husky' } as const;
  const remedy =
    manager === undefined
      ? 'arc guard install'
      : `arc guard install, and again after each \`${again[manager]}\`, which writes this hook anew`;
  return { ...state, guarded: false, remedy };
}

export const holdsGuard = (path: string) => existsSync(path) && readFileSync(path, 'utf8').includes(MARK);

/** Git passes over a hook that may not be executed. */
function isRun(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true && (process.platform === 'win32' || (stat.mode & 0o111) !== 0);
}

function managerOf(path: string, hook: string, husky: string | undefined): GuardState['manager'] {
  if (husky !== undefined) return 'husky';
  const written = existsSync(hook) ? readFileSync(hook, 'utf8') : '';
  const has = (...names: string[]) => names.some((name) => existsSync(join(path, name)));
  if (/lefthook/i.test(written) || has('lefthook.yml', 'lefthook.yaml', '.lefthook.yml', 'lefthook.toml'))
    return 'lefthook';
  if (/pre-commit\.com|pre_commit/.test(written) || has('.pre-commit-config.yaml')) return 'pre-commit';
  return undefined;
}
