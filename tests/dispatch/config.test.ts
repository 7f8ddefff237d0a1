import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Config, DEFAULT_CONFIG, parseConfig, setConfig } from '../../dispatch/config/config.js';
import { mergeEnvFile, parseEnv, readEnvFile, withEnvFile } from '../../dispatch/config/env-file.js';
import { TestHome } from './support/home.js';

describe('config.yaml (dispatch §4.1)', () => {
  it('is made once with the defaults, in folders for this account alone', () => {
    using home = new TestHome();
    expect(home.config()).toEqual(Config.parse({}));
    expect(home.read(home.home.config)).toBe(DEFAULT_CONFIG);
    expect(['path', 'agents', 'logs'].map((key) => home.mode(home.home[key as 'path']))).toEqual(['700', '700', '700']);
    expect(home.mode(home.home.config)).toBe('600');
    writeFileSync(home.home.config, '# mine\n');
    expect(home.config()).toEqual(Config.parse({}));
    expect(home.read(home.home.config)).toBe('# mine\n');
  });

  it('closes a home that was open', () => {
    using home = new TestHome();
    mkdirSync(home.home.path);
    chmodSync(home.home.path, 0o755);
    home.config();
    expect(home.mode(home.home.path)).toBe('700');
  });

  it('takes endpoints, without slashes at the end', () => {
    using home = new TestHome();
    const { ollama } = home.config('ollama:\n  endpoints:\n    gpu:\n      url: http://gpu:11434/v1//\n');
    expect(ollama.endpoints).toEqual({ gpu: { url: 'http://gpu:11434/v1' } });
  });

  it.each([
    ['timeouts:\n  acpx_request: 0\n', ':2: timeouts.acpx_request: expected a number of seconds above 0'],
    ['timeouts:\n  acpx_request: soon\n', ':2: timeouts.acpx_request: expected a number of seconds above 0'],
    ['daemon:\n  auto_start: maybe\n', ':2: daemon.auto_start: expected true or false'],
    ['daemon: 3\n', ':1: daemon: expected keys with values'],
    [
      'git: {}\ndaemon:\n  log_level: loud\n',
      ':3: daemon.log_level: expected one of debug, info, warning, error, critical',
    ],
    ['a: 1\nb: [\n', ':3: not valid YAML'],
    ['- a\n', ':1: expected keys with values'],
    ['discord:\n  enabled: true\n', ': discord.guild_id: required when discord.enabled is true'],
    ['discord:\n  api_url: http://example.org\n', ':2: discord.api_url: expected a https URL, or http on this machine'],
  ])('says file, line and what was expected: %j', (text, expected) => {
    using home = new TestHome();
    expect(() => home.config(text)).toThrowError(`${home.home.config}${expected}`);
  });

  it('warns of unknown keys with the nearest one, and is silent about dropped ones', () => {
    using home = new TestHome();
    home.config('timeouts:\n  acpx_requests: 3\nacpx:\n  output_format: text\ngit:\n  auto_commit: true\n');
    expect(home.warnings).toEqual([
      `${home.home.config}:2: unknown key timeouts.acpx_requests is ignored; did you mean acpx_request?`,
    ]);
  });

  it('keeps ids that are too large for a number', () => {
    using home = new TestHome();
    expect(home.config('discord:\n  guild_id: 1234567890123456789\n').discord.guild_id).toBe('1234567890123456789');
  });

  it('sets booleans, whole numbers, texts and nested keys, and keeps comments', () => {
    using home = new TestHome();
    home.config('# top\ndaemon:\n  auto_start: true # beside\n');
    const set = (key: string, value: string) => setConfig(home.home, key, value, home.warn);
    set('daemon.auto_start', 'false');
    set('timeouts.acpx_request', '42');
    set('acpx.command', '/opt/acpx');
    set('discord.guild_id', '1234567890123456789');
    const text = home.read(home.home.config);
    expect(text).toContain('# top\n');
    expect(text).toContain('auto_start: false # beside');
    expect(parseConfig('f', text, home.warn)).toMatchObject({
      daemon: { auto_start: false },
      timeouts: { acpx_request: 42, ollama_request: 120 },
      acpx: { command: '/opt/acpx' },
      discord: { guild_id: '1234567890123456789' },
    });
    expect(() => set('timeouts.acpx_request', '-1')).toThrowError(
      'timeouts.acpx_request: expected a number of seconds',
    );
    expect(() => set('a..b', '1')).toThrowError("not a key: 'a..b'");
    expect(home.read(home.home.config)).toBe(text);
  });

  it('writes through a link', () => {
    using home = new TestHome();
    home.config();
    const real = join(home.folder, 'real.yaml');
    writeFileSync(real, 'git: {}\n');
    writeFileSync(home.home.config, '');
    const linked = { ...home.home, config: join(home.folder, 'link.yaml') };
    symlinkSync(real, linked.config);
    setConfig(linked, 'git.auto_pull', 'true', home.warn);
    expect(home.read(real)).toContain('auto_pull: true');
  });
});

describe('.env', () => {
  it('understands quotes, export and comments', () => {
    expect(parseEnv(`A=1\nexport B = "two \\"2\\"\\nx" # c\n# C=3\nD='a#b'\nE=x # y\nnonsense\nF=\n`)).toEqual({
      A: '1',
      B: 'two "2"\nx',
      D: 'a#b',
      E: 'x',
      F: '',
    });
  });

  it('is merged, closed to others, and gives way to the environment', () => {
    using home = new TestHome();
    home.config();
    mergeEnvFile(home.home, { TOKEN: 'a b' });
    expect(home.mode(home.home.env)).toBe('600');
    writeFileSync(home.home.env, '# keep\nTOKEN=old\nOTHER=1\n');
    mergeEnvFile(home.home, { TOKEN: 'new"', MORE: 'x' });
    expect(home.read(home.home.env)).toBe('# keep\nTOKEN="new\\""\nOTHER=1\nMORE=x\n');
    expect(withEnvFile(home.home, { OTHER: '2' })).toEqual({ TOKEN: 'new"', OTHER: '2', MORE: 'x' });
    chmodSync(home.home.env, 0o644);
    expect(() => readEnvFile(home.home)).toThrowError('is open to others');
  });
});
