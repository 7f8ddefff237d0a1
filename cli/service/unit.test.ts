import { describe, expect, it } from 'vitest';
import { serviceFor } from './unit.js';

const ARGV = ['/usr/bin/node', '/opt/a b/main.js', 'serve', '--storage=/data/100%/$x "y".sqlite3'];
const STORAGE = '/data/100%/$x "y".sqlite3';
const place = (platform: NodeJS.Platform, env = {}) => ({ platform, env: { HOME: '/home/ana', ...env }, uid: 501 });

describe('serviceFor', () => {
  it('writes a systemd user unit, with what means something to systemd quoted', () => {
    const service = serviceFor(place('linux'), ARGV, STORAGE);
    expect(service?.file).toBe('/home/ana/.config/systemd/user/arc-hub.service');
    expect(service?.content).toContain(
      'ExecStart="/usr/bin/node" "/opt/a b/main.js" "serve" "--storage=/data/100%%/$$x \\"y\\".sqlite3"\n',
    );
    expect(service?.content).toContain('WorkingDirectory=/data/100%%\n');
    expect(service?.install.at(-1)).toEqual(['systemctl', '--user', 'enable', '--now', 'arc-hub.service']);
  });

  it('obeys XDG_CONFIG_HOME', () => {
    const service = serviceFor(place('linux', { XDG_CONFIG_HOME: '/cfg' }), ARGV, STORAGE);
    expect(service?.file).toBe('/cfg/systemd/user/arc-hub.service');
  });

  it('writes a launchd agent, with what means something to XML escaped', () => {
    const service = serviceFor(place('darwin'), ['/n', '--storage=/a&<b>'], '/a&<b>');
    expect(service?.file).toBe('/home/ana/Library/LaunchAgents/hub.arc.serve.plist');
    expect(service?.content).toContain('<string>--storage=/a&amp;&lt;b&gt;</string>');
    expect(service?.install).toEqual([['launchctl', 'bootstrap', 'gui/501', service?.file]]);
  });

  it('knows no other', () => expect(serviceFor(place('win32'), ARGV, STORAGE)).toBeUndefined());
});
