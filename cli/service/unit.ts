/** The file that makes a hub start with the user's session, for the service managers that are known. */
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Service {
  manager: 'systemd' | 'launchd';
  /** Where the file goes. */
  file: string;
  content: string;
  install: string[][];
  uninstall: string[][];
  /** Once the file is gone. */
  forget: string[][];
}

export interface ServicePlace {
  platform: NodeJS.Platform;
  env: NodeJS.ProcessEnv;
  uid: number;
}

const UNIT = 'arc-hub.service';
const LABEL = 'hub.arc.serve';

/**
 * @param argv the whole command of the hub, its program first, every path absolute
 * @returns undefined where neither systemd nor launchd is to be expected
 */
export function serviceFor(place: ServicePlace, argv: readonly string[], storage: string): Service | undefined {
  if (place.platform === 'linux') return systemdUnit(place.env, argv, storage);
  return place.platform === 'darwin' ? launchdAgent(place, argv, storage) : undefined;
}

function systemdUnit(env: NodeJS.ProcessEnv, argv: readonly string[], storage: string): Service {
  const file = join(env.XDG_CONFIG_HOME || join(home(env), '.config'), 'systemd', 'user', UNIT);
  const content = `[Unit]
Description=Arc Hub

[Service]
ExecStart=${argv.map(systemdWord).join(' ')}
WorkingDirectory=${dirname(storage).replaceAll('%', '%%')}
Restart=on-failure

[Install]
WantedBy=default.target
`;
  const systemctl = (...words: string[]) => ['systemctl', '--user', ...words];
  return {
    manager: 'systemd',
    file,
    content,
    install: [systemctl('daemon-reload'), systemctl('enable', '--now', UNIT)],
    uninstall: [systemctl('disable', '--now', UNIT)],
    forget: [systemctl('daemon-reload')],
  };
}

/** Quoted for a unit file, where `%` and `$` have a meaning of their own. */
function systemdWord(word: string): string {
  const plain = word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$');
  return `"${plain}"`;
}

function launchdAgent({ env, uid }: ServicePlace, argv: readonly string[], storage: string): Service {
  const file = join(home(env), 'Library', 'LaunchAgents', `${LABEL}.plist`);
  const string = (text: string) => `<string>${xml(text)}</string>`;
  const content = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>${string(LABEL)}
  <key>ProgramArguments</key>
  <array>
${argv.map((word) => `    ${string(word)}`).join('\n')}
  </array>
  <key>WorkingDirectory</key>${string(dirname(storage))}
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
  <key>StandardErrorPath</key>${string(join(dirname(storage), 'arc.log'))}
</dict>
</plist>
`;
  return {
    manager: 'launchd',
    file,
    content,
    install: [['launchctl', 'bootstrap', `gui/${uid}`, file]],
    uninstall: [['launchctl', 'bootout', `gui/${uid}/${LABEL}`]],
    forget: [],
  };
}

const home = (env: NodeJS.ProcessEnv) => env.HOME || homedir();

const xml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
