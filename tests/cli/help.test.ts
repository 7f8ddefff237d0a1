import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../cli/program.js';
import { HubConfig } from '../../server/config.js';
import { arc } from './arc.js';

const commands = buildProgram().commands;
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

describe('help', () => {
  it('prints the version', async () => {
    expect(await arc(['--version'])).toEqual({ code: 0, stdout: `arc ${version}\n`, stderr: '' });
  });

  it('lists every command', async () => {
    const { code, stdout } = await arc(['--help']);
    expect(code).toBe(0);
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command.name()}\\b`, 'm'));
  });

  it.each(commands.map((command) => [command.name(), command] as const))(
    '%s has examples and --json',
    (_name, command) => {
      let text = '';
      command.configureOutput({ writeOut: (piece) => (text += piece) }).outputHelp();
      expect(text).toMatch(/^(Examples|In the configuration of a host):$/m);
      expect(text).toContain('--json');
      expect(text).toContain('--config');
    },
  );

  it('serve has a flag for every setting of the hub', () => {
    const flags = commands.find((command) => command.name() === 'serve')?.options.map(({ long }) => long);
    for (const name of Object.keys(HubConfig.shape)) expect(flags).toContain(`--${name.replaceAll('_', '-')}`);
  });
});
