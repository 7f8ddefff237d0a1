/** Two agents in a real git repository. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { collisions } from '../../agents/guard/collisions.js';
import { HubClient } from '../../client/index.js';
import { type Folder, newFolder } from '../cli/arc.js';
import { type HubProcess, startHub } from '../support/hub-process.js';
import { run } from './run.js';

let hub: HubProcess;
let ben: HubClient;
beforeAll(async () => {
  hub = await startHub();
  ben = HubClient.overHttp('ben', { baseUrl: hub.url });
});
afterAll(async () => {
  await ben.close();
  await hub[Symbol.asyncDispose]();
});

const ENV = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };

interface Done {
  code: number;
  stderr: string;
}

function git(cwd: string, words: readonly string[], env: Record<string, string> = {}): Done {
  try {
    execFileSync('git', words, { cwd, env: { ...ENV, ...env }, stdio: 'pipe' });
    return { code: 0, stderr: '' };
  } catch (cause) {
    const { status, stderr } = cause as { status: number; stderr: Buffer };
    return { code: status, stderr: stderr.toString() };
  }
}

function repository(folder: Folder): (file: string, env?: Record<string, string>, ...words: string[]) => Done {
  for (const words of [
    ['init', '-q'],
    ['config', 'user.name', 'x'],
    ['config', 'user.email', 'x@example.org'],
  ]) {
    git(folder.path, words);
  }
  let count = 0;
  return (file, env = {}, ...words) => {
    count += 1;
    mkdirSync(folder.at('src'), { recursive: true });
    writeFileSync(folder.at(file), String(count));
    git(folder.path, ['add', file]);
    return git(folder.path, ['commit', '-q', '-m', `commit ${count}`, ...words], env);
  };
}

const install = (folder: Folder, ...words: string[]) =>
  run(['guard', 'install', '--agent', 'ana', '--base-url', hub.url, ...words], { cwd: folder.path });

it('refuses files that another agent has locked, and says who holds them for how long', async () => {
  await using folder = await newFolder();
  const commit = repository(folder);
  expect((await install(folder)).stdout).toContain('guards every commit');
  await ben.lock('src/a.ts', { ttl_sec: 600 });
  expect(commit('src/b.ts')).toEqual({ code: 0, stderr: '' });
  const refused = commit('src/a.ts');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/src\/a\.ts is locked by ben, for another 10m\n/);
  expect(refused.stderr).toContain('ARC_GUARD=off');
  expect(commit('src/a.ts', { ARC_AGENT: 'ben' }).code).toBe(0);
  expect(commit('src/a.ts', { ARC_GUARD: 'off' }).code).toBe(0);
  expect(commit('src/a.ts', {}, '--no-verify').code).toBe(0);
  await ben.unlock('src/a.ts');
  expect(commit('src/a.ts').code).toBe(0);
});

it('guards worktrees too, keeps the hook that was there, and gives it back', async () => {
  await using folder = await newFolder();
  const commit = repository(folder);
  commit('first');
  const hook = folder.at('.git/hooks/pre-commit');
  const before = '#!/bin/sh\necho ran >> hook-ran\n';
  mkdirSync(folder.at('.git/hooks'), { recursive: true });
  writeFileSync(hook, before);
  chmodSync(hook, 0o755);
  git(folder.path, ['worktree', 'add', '-q', 'tree']);
  expect((await run(['guard', 'install', '--base-url', hub.url], { cwd: folder.at('tree') })).code).toBe(0);
  expect((await install(folder)).stdout).toContain('runs the earlier hook after it');
  await ben.lock('./docs/');
  mkdirSync(folder.at('tree/docs'));
  writeFileSync(folder.at('tree/docs/x.md'), 'x');
  git(folder.at('tree'), ['add', '.']);
  expect(git(folder.at('tree'), ['commit', '-m', 'x']).stderr).toContain('docs/x.md is locked by ben');
  expect(commit('src/c.ts').code).toBe(0);
  expect(readFileSync(folder.at('hook-ran'), 'utf8')).toBe('ran\n');
  await run(['guard', 'uninstall'], { cwd: folder.path });
  expect(readFileSync(hook, 'utf8')).toBe(before);
  expect(existsSync(`${hook}-before-arc-guard`)).toBe(false);
});

it('says nothing when the hub is down, unless it is told to', async () => {
  await using folder = await newFolder();
  const commit = repository(folder);
  const down = ['guard', 'install', '--base-url', 'http://127.0.0.1:9'];
  await run(down, { cwd: folder.path });
  expect(commit('a')).toEqual({ code: 0, stderr: '' });
  await run([...down, '--when-down', 'refuse'], { cwd: folder.path });
  expect(commit('b')).toMatchObject({ code: 1, stderr: expect.stringContaining('no hub answers') });
});

it.each([
  ['a.ts', ['a.ts'], true],
  ['./a.ts', ['a.ts'], true],
  ['src', ['src/deep/a.ts'], true],
  ['src/', ['src/a.ts'], true],
  ['src/a', ['src/ab'], false],
  ['/repo/src/a.ts', ['src/a.ts'], true],
  ['/other/src/a.ts', ['src/a.ts'], false],
  ['../a.ts', ['a.ts'], false],
  ['.', ['a.ts'], true],
  ['src/../a.ts', ['a.ts'], true],
])('a lock on %s and a commit of %j: %s', (file_path, files, collides) => {
  const times = { locked_at: '', expires_at: '', released_at: null, metadata: {} };
  const lock = { file_path, agent_id: 'ben', ...times };
  const tree = { top: '/repo', ignoreCase: false };
  expect(collisions(files, [lock], 'ana', tree).length > 0).toBe(collides);
  expect(collisions(files, [lock], 'ben', tree)).toEqual([]);
});

it('takes A for a where git does', async () => {
  await using folder = await newFolder();
  const commit = repository(folder);
  await install(folder);
  await ben.lock('SRC/Case.ts');
  git(folder.path, ['config', 'core.ignorecase', 'false']);
  expect(commit('src/case.ts').code).toBe(0);
  git(folder.path, ['config', 'core.ignorecase', 'true']);
  expect(commit('src/case.ts').stderr).toContain('src/case.ts is locked by ben');
});

it('guards what is removed and both ends of what is renamed, and knows a path by way of a linked folder', async () => {
  await using folder = await newFolder();
  const commit = repository(folder);
  for (const file of ['src/gone.ts', 'src/old.ts', 'src/linked.ts']) commit(file);
  await install(folder);
  const attempt = (...words: string[]) => {
    git(folder.path, words);
    const { stderr } = git(folder.path, ['commit', '-q', '-m', 'x']);
    git(folder.path, ['reset', '-q', '--hard']);
    return stderr;
  };
  for (const file of ['src/gone.ts', 'src/old.ts', 'src/new.ts']) await ben.lock(file);
  expect(attempt('rm', '-q', 'src/gone.ts')).toContain('src/gone.ts is locked by ben');
  expect(attempt('mv', 'src/old.ts', 'src/other.ts')).toContain('src/old.ts is locked by ben');
  expect(attempt('mv', 'src/linked.ts', 'src/new.ts')).toContain('src/new.ts is locked by ben');
  await using elsewhere = await newFolder();
  symlinkSync(folder.path, elsewhere.at('link'));
  await ben.lock(elsewhere.at('link/src/linked.ts'));
  await ben.lock(elsewhere.at('link/no such folder/yet.ts'));
  expect(attempt('rm', '-q', 'src/linked.ts')).toContain('src/linked.ts is locked by ben');
  expect(commit('src/free.ts')).toEqual({ code: 0, stderr: '' });
});

it('goes into the tracked hook of husky, and says which worktrees are guarded', async () => {
  await using folder = await newFolder();
  const commit = repository(folder);
  commit('first');
  // As husky lays its folder out: git runs what lies in an ignored one, and that runs the tracked file beside it.
  const script = (path: string, text: string) => {
    mkdirSync(dirname(folder.at(path)), { recursive: true });
    writeFileSync(folder.at(path), text);
    chmodSync(folder.at(path), 0o755);
  };
  const layOut = (tree: string) => {
    script(`${tree}.husky/_/pre-commit`, '#!/usr/bin/env sh\n. "$(dirname "$0")/h"\n');
    script(`${tree}.husky/_/h`, '#!/usr/bin/env sh\nsh -e "$(dirname "$(dirname "$0")")/$(basename "$0")" "$@"\n');
    script(`${tree}.husky/_/.gitignore`, '*');
  };
  const theirs = '#!/usr/bin/env sh\necho ran >> hook-ran\n';
  layOut('');
  script('.husky/pre-commit', theirs);
  git(folder.path, ['config', 'core.hooksPath', '.husky/_']);
  git(folder.path, ['worktree', 'add', '-q', 'tree']);
  const guard = (...words: string[]) => run(['guard', ...words, '--base-url', hub.url], { cwd: folder.at('src') });

  const { stdout } = await guard('install', '--agent', 'ana');
  expect(stdout).toContain(`${folder.at('.husky/pre-commit')} guards every commit in ${folder.path} (husky)`);
  expect(stdout).toContain(`NOT guarded: ${folder.at('tree')} (husky)`);
  await ben.lock('src/tool.ts');
  expect(commit('src/tool.ts').stderr).toContain('src/tool.ts is locked by ben');
  git(folder.path, ['reset', '-q']);
  git(folder.path, ['add', '.husky']);
  expect(commit('src/d.ts').code).toBe(0);
  expect(readFileSync(folder.at('hook-ran'), 'utf8')).toBe('ran\n');

  // The tracked file comes to the other worktree with its branch, and husky has to be run there.
  git(folder.at('tree'), ['merge', '-q', 'master']);
  git(folder.at('tree'), ['merge', '-q', 'main']);
  const unrun = await guard('status', '--json');
  expect(unrun.code).toBe(1);
  expect(JSON.parse(unrun.stdout)).toMatchObject([
    { path: folder.path, guarded: true, manager: 'husky' },
    { path: folder.at('tree'), guarded: false, remedy: expect.stringContaining('husky') },
  ]);
  layOut('tree/');
  expect((await guard('status')).code).toBe(0);
  mkdirSync(folder.at('tree/src'), { recursive: true });
  writeFileSync(folder.at('tree/src/tool.ts'), 'x');
  git(folder.at('tree'), ['add', 'src/tool.ts']);
  expect(git(folder.at('tree'), ['commit', '-m', 'x']).stderr).toContain('src/tool.ts is locked by ben');
  await guard('install', '--agent', 'ana');
  expect(readFileSync(folder.at('.husky/pre-commit'), 'utf8').match(/guard check/g)).toHaveLength(1);
  await guard('uninstall');
  expect(readFileSync(folder.at('.husky/pre-commit'), 'utf8')).toBe(theirs);
  await ben.unlock('src/tool.ts');
});

it('guards every worktree where each has its own folder of hooks', async () => {
  await using folder = await newFolder();
  const commit = repository(folder);
  commit('first');
  git(folder.path, ['config', 'core.hooksPath', '.hooks']);
  git(folder.path, ['worktree', 'add', '-q', 'tree']);
  await install(folder);
  await ben.lock('src/each.ts');
  for (const tree of [folder.path, folder.at('tree')]) {
    mkdirSync(`${tree}/src`, { recursive: true });
    writeFileSync(`${tree}/src/each.ts`, 'x');
    git(tree, ['add', 'src/each.ts']);
    expect(git(tree, ['commit', '-m', 'x']).stderr).toContain('src/each.ts is locked by ben');
  }
  git(folder.path, ['worktree', 'add', '-q', 'later']);
  const { code, stdout } = await run(['guard', 'status'], { cwd: folder.path });
  expect(code).toBe(1);
  expect(stdout).toContain(`NOT guarded: ${folder.at('later')}; arc guard install`);
  await ben.unlock('src/each.ts');
});

it('names the tool that writes the hook anew', async () => {
  await using folder = await newFolder();
  repository(folder)('first');
  writeFileSync(folder.at('lefthook.yml'), 'pre-commit:\n');
  const { stdout } = await run(['guard', 'status'], { cwd: folder.path });
  expect(stdout).toContain('(lefthook); arc guard install, and again after each `lefthook install`');
});

it('runs an earlier hook in any language, and lets it refuse', async () => {
  await using folder = await newFolder();
  const commit = repository(folder);
  const hook = folder.at('.git/hooks/pre-commit');
  mkdirSync(dirname(hook), { recursive: true });
  writeFileSync(hook, `#!${process.execPath}\nconsole.error('not like this');\nprocess.exit(3);\n`);
  chmodSync(hook, 0o755);
  await install(folder);
  expect(commit('a')).toMatchObject({ code: 1, stderr: expect.stringContaining('not like this') });
});

it('does not stop anybody when arc itself has gone', async () => {
  await using folder = await newFolder();
  const commit = repository(folder);
  const hook = folder.at('.git/hooks/pre-commit');
  const removed = () => writeFileSync(hook, readFileSync(hook, 'utf8').replaceAll('cli/main.js', 'cli/gone.js'));
  await install(folder);
  removed();
  expect(commit('a')).toEqual({ code: 0, stderr: '' });
  await install(folder, '--when-down', 'refuse');
  removed();
  expect(commit('b')).toMatchObject({ code: 1, stderr: expect.stringContaining('not installed any more') });
});
