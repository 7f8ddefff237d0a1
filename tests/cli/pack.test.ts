/** What `npm pack` makes, installed into an empty folder, is a working command under both of its names. */
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { arc, type Folder, json, newFolder } from './arc.js';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
/** better-sqlite3 may have to be compiled. */
const PATIENCE_MS = 600_000;

function npm(words: string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync('npm', words, { cwd, encoding: 'utf8', timeout: PATIENCE_MS });
  if (status !== 0) throw new Error(`npm ${words.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}

/** Takes minutes, and the same source was compiled for the project: then that is taken. */
function compileSqlite(folder: Folder): void {
  const [ours, theirs] = [join(PROJECT, 'node_modules', SQLITE), folder.at('node_modules', SQLITE)];
  const versionIn = (path: string) => JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')).version;
  if (versionIn(ours) === versionIn(theirs)) cpSync(join(ours, 'build'), join(theirs, 'build'), { recursive: true });
  else npm(['rebuild', SQLITE, '--prefix', folder.path], folder.path);
}

const SQLITE = 'better-sqlite3';

describe.skipIf(process.platform === 'win32')('the package', () => {
  it('installs into an empty folder, and serves', { timeout: PATIENCE_MS }, async () => {
    await using folder = await newFolder();
    // The build that is tested is the one that is packed: `prepare` must not make another meanwhile.
    const packed = JSON.parse(npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder.path], PROJECT));
    const [{ filename, files }] = packed as [{ filename: string; files: { path: string }[] }];
    expect(files.map(({ path }) => path)).toContain('dist/cli/main.js');
    expect(files.filter(({ path }) => /\.test\.|\/testing\/|tsbuildinfo/.test(path))).toEqual([]);
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund'];
    npm(['install', '--ignore-scripts', '--prefix', folder.path, ...quiet, folder.at(filename)], folder.path);
    compileSqlite(folder);
    for (const name of ['arc', 'arc-hub']) {
      const command = [folder.at('node_modules', '.bin', name)];
      expect(await folder.arc(['--version'], { command })).toEqual({ code: 0, stdout: `arc ${version}\n`, stderr: '' });
      const ensured = await folder.arc(['ensure', '--port', '0'], { command });
      expect(json(ensured)).toMatchObject({ running: true });
      expect(await folder.arc(['status'], { command })).toMatchObject({ code: 0 });
      expect(await folder.arc(['stop'], { command })).toMatchObject({ code: 0 });
    }
    const client = "import { HubClient } from 'arc-hub'; console.log(typeof HubClient.connect)";
    const imported = await arc(['--input-type=module', '-e', client], {
      cwd: folder.path,
      command: [process.execPath],
    });
    expect(imported).toMatchObject({ code: 0, stdout: 'function\n' });
  });
});
