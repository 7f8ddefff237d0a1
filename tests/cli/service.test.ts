import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { json, newFolder } from './arc.js';

describe.skipIf(process.platform !== 'linux')('service', () => {
  it('--dry-run shows the unit and the commands, and writes nothing', async () => {
    await using home = await newFolder();
    const env = { HOME: home.path, XDG_CONFIG_HOME: '' };
    const outcome = await home.arc(['service', 'install', '--dry-run', '--port', '7000'], { env });
    expect(outcome.code).toBe(0);
    expect(json(outcome)).toMatchObject({
      file: home.at('.config/systemd/user/arc-hub.service'),
      content: expect.stringContaining(`"serve" "--storage=${home.storage}"`),
      commands: [{ command: 'systemctl --user daemon-reload' }, {}],
    });
    expect(existsSync(home.at('.config'))).toBe(false);
  });

  it('knows the files that were named here by their whole path, since a service starts elsewhere', async () => {
    await using home = await newFolder();
    const words = ['--socket', 'hub.sock', '--tls-cert', '~/cert.pem', '--tls-key', './key.pem'];
    const outcome = await home.arc(['service', 'install', '--dry-run', ...words], { env: { HOME: home.path } });
    const { content } = json(outcome) as { content: string };
    for (const [flag, file] of Object.entries({ socket: 'hub.sock', 'tls-cert': 'cert.pem', 'tls-key': 'key.pem' })) {
      expect(content).toContain(`"--${flag}=${home.at(file)}"`);
    }
  });

  it('writes the unit, and says which command failed', async () => {
    await using home = await newFolder();
    // Without a systemctl to be found, none of this machine's services can be touched.
    const env = { HOME: home.path, XDG_CONFIG_HOME: '', PATH: home.path };
    const outcome = await home.arc(['service', 'install'], { env });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/^arc error: systemctl --user daemon-reload failed: /);
    expect(readFileSync(home.at('.config/systemd/user/arc-hub.service'), 'utf8')).toContain('ExecStart=');
    await home.arc(['service', 'uninstall'], { env });
    expect(existsSync(home.at('.config/systemd/user/arc-hub.service'))).toBe(false);
    expect((await home.arc(['service', 'uninstall'], { env })).stderr).toContain('not installed');
  });

  it('refuses settings that the hub would refuse', async () => {
    await using home = await newFolder();
    const outcome = await home.arc(['service', 'install', '--port', '70000', '--dry-run']);
    expect(outcome).toMatchObject({ code: 1, stderr: 'arc error: port out of range\n' });
    expect((await home.arc(['service', 'polish'])).code).toBe(2);
  });
});
