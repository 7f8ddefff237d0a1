/** Installs and removes the service, and tells what was done. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { CommandError } from '../../base/command-error.js';
import { homePath } from '../../base/home-path.js';
import { makeFolder } from '../../base/sharing.js';
import { printable } from '../../base/terminal-text.js';
import { loadConfig } from '../../server/config.js';
import { targetOf } from '../hub/locate.js';
import { hubFlagsGiven, hubOptionsGiven } from '../hub/options.js';
import { type Service, serviceFor } from './unit.js';

export interface ServiceReport {
  action: 'install' | 'uninstall';
  manager: Service['manager'];
  file: string;
  content?: string;
  dry_run: boolean;
  /** `exit_code` is absent on those that were not run. */
  commands: { command: string; exit_code?: number; output?: string }[];
}

export function changeService(command: Command, action: 'install' | 'uninstall', dryRun: boolean): ServiceReport {
  const service = serviceFor(
    { platform: process.platform, env: process.env, uid: process.getuid?.() ?? 0 },
    serveArguments(command),
    targetOf(command).storage,
  );
  if (service === undefined) {
    throw new CommandError(
      `services need systemd or launchd; on ${process.platform}, start \`arc serve\` by other means`,
    );
  }
  const { manager, file, content } = service;
  const report = { action, manager, file, dry_run: dryRun };
  if (action === 'install') {
    if (!dryRun) {
      mkdirSync(dirname(file), { recursive: true });
      makeFolder(dirname(targetOf(command).storage), 'owner');
      writeFileSync(file, content);
    }
    return { ...report, content, commands: runAll(service.install, dryRun) };
  }
  if (!existsSync(file) && !dryRun) throw new CommandError(`not installed: there is no ${file}`);
  const commands = runAll(service.uninstall, dryRun);
  if (!dryRun) rmSync(file, { force: true });
  return { ...report, commands: [...commands, ...runAll(service.forget, dryRun)] };
}

/** The hub's command with absolute paths, since a service starts elsewhere. Wrong settings show now, not at its start. */
function serveArguments(command: Command): string[] {
  const { spool_dir, socket, tls_cert, tls_key } = loadConfig(hubOptionsGiven(command));
  const flags = hubFlagsGiven(command).filter((each) => !/^--(storage|spool-dir|socket|tls-cert|tls-key)=/.test(each));
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  const given = {
    storage: targetOf(command).storage,
    'spool-dir': spool_dir,
    socket,
    'tls-cert': tls_cert,
    'tls-key': tls_key,
  };
  const paths = Object.entries(given)
    .filter(([, path]) => path !== '')
    .map(([name, path]) => `--${name}=${homePath(path)}`);
  return [process.execPath, main, 'serve', ...paths, ...flags];
}

/** Runs one after the other, until one fails. */
function runAll(commands: readonly (readonly string[])[], dryRun: boolean): ServiceReport['commands'] {
  const report: ServiceReport['commands'] = [];
  let stopped = dryRun;
  for (const words of commands) {
    const command = words.join(' ');
    if (stopped) {
      report.push({ command });
      continue;
    }
    const { status, error, stdout, stderr } = spawnSync(words[0] ?? '', words.slice(1), { encoding: 'utf8' });
    const output = error === undefined ? `${stdout}${stderr}`.trim() : error.message;
    report.push({ command, exit_code: status ?? 1, ...(output !== '' && { output }) });
    stopped = status !== 0;
  }
  return report;
}

export function reportView({ action, file, content, dry_run, commands }: ServiceReport): string {
  const verb = action === 'install' ? 'write' : 'remove';
  const done = dry_run ? `would ${verb}` : action === 'install' ? 'wrote' : 'removed';
  const ran = commands.map(({ command, exit_code }) =>
    exit_code === undefined
      ? `to run: ${command}`
      : `ran:    ${command}${exit_code === 0 ? '' : ` (exit ${exit_code})`}`,
  );
  return printable([`${done} ${file}`, ...(content === undefined ? [] : ['', content]), ...ran].join('\n'), {
    lines: true,
  });
}
