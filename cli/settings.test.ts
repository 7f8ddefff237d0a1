import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flag, integer, list, text } from './options.js';
import { applySettings } from './settings.js';

let folder: string;
let program: Command;
let command: Command;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'arc-settings-'));
  program = new Command('arc').exitOverride().configureOutput({ writeErr: () => undefined });
  command = new Command('serve')
    .addOption(integer('--port <n>', '').default(6969))
    .addOption(flag('--allow-remote', ''))
    .addOption(list('--allowed-host <name>', ''))
    .addOption(text('--durability <value>', '').choices(['full', 'normal']).default('full'))
    .addOption(text('--no-relay', ''))
    .addOption(text('--config <file>', ''));
  const other = new Command('post').addOption(text('--agent <id>', ''));
  for (const each of [command, other]) program.addCommand(each.copyInheritedSettings(program));
});

afterEach(() => rmSync(folder, { recursive: true }));

function settings(words: string[], env: NodeJS.ProcessEnv, file?: unknown): Record<string, unknown> {
  const path = join(folder, 'settings.json');
  writeFileSync(path, file === undefined ? '{}' : typeof file === 'string' ? file : JSON.stringify(file));
  applySettings(command, words, { ARC_CONFIG: path, ...env });
  command.action(() => undefined);
  program.parse(['serve', ...words], { from: 'user' });
  return command.opts();
}

describe('applySettings', () => {
  it('takes a flag before the environment before the file before the default', () => {
    const file = { port: 1 };
    expect(settings(['--port', '3'], { ARC_PORT: '2' }, file)).toMatchObject({ port: 3 });
  });

  it.each([
    [{ ARC_PORT: '2' }, { port: 1 }, 2],
    [{}, { port: 1 }, 1],
    [{ ARC_PORT: '' }, {}, 6969],
  ])('with %o and the file %o the port is %d', (env, file, port) => {
    expect(settings([], env, file).port).toBe(port);
  });

  it('reads switches, lists and choices from both', () => {
    const env = { ARC_ALLOW_REMOTE: 'yes', ARC_ALLOWED_HOST: 'a, b', ARC_NO_RELAY: '1' };
    expect(settings([], env)).toMatchObject({ allowRemote: true, allowedHost: ['a', 'b'], relay: false });
  });

  it('reads them from the file', () => {
    const file = { allow_remote: true, allowed_host: ['a', 'b'], durability: 'normal', no_relay: false };
    expect(settings([], {}, file)).toMatchObject({
      allowRemote: true,
      allowedHost: ['a', 'b'],
      durability: 'normal',
      relay: true,
    });
  });

  it('does not add a repeatable flag to what the environment says', () => {
    expect(settings(['--allowed-host', 'c', '--allowed-host', 'd'], { ARC_ALLOWED_HOST: 'a' })).toMatchObject({
      allowedHost: ['c', 'd'],
    });
  });

  it('accepts settings of other commands in the file', () => {
    expect(() => settings([], {}, { agent: 'ana' })).not.toThrow();
  });

  it.each([
    [{}, { prot: 1 }, 'unknown setting: prot'],
    [{}, { config: 'x' }, 'unknown setting: config'],
    [{}, { port: 'many' }, 'port: It must be an integer'],
    [{}, { port: [1] }, 'port: It must be a text or a number'],
    [{}, { allow_remote: 'maybe' }, 'allow_remote: It must be true or false'],
    [{}, [], 'must be a JSON object'],
    [{}, '{', 'config file'],
    [{ ARC_PORT: 'many' }, {}, 'ARC_PORT: It must be an integer'],
    [{ ARC_DURABILITY: 'some' }, {}, 'ARC_DURABILITY: Allowed choices'],
    [{ ARC_CONFIG: '/nowhere/arc.json' }, {}, 'no such file'],
  ])('with %o and the file %o it stops and says: %s', (env, file, message) => {
    expect(() => settings([], env, file)).toThrow(message);
  });

  it('is silent when help is asked for', () => {
    expect(() => applySettings(command, ['--help'], { ARC_PORT: 'many' })).not.toThrow();
  });
});
