/** `arc daemon …`: whether one runs is asked of its socket, so that no stale file and no stranger's process counts. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Command } from 'commander';
import { rest } from '../../base/clock.js';
import { CommandError } from '../../base/command-error.js';
import type { Ground } from '../../dispatch/backends/backend.js';
import { socketPath } from '../../dispatch/config/config.js';
import { callDaemon, type Reply } from '../../dispatch/ipc/client.js';
import { write, writeJson } from '../output.js';
import { groundOf, wantsJson, wordsFor } from './command.js';

const LOOK_MS = 50;
const START_MS = 5_000;
/** Longer than a daemon lets its prompts finish, and its backends end. */
const STOP_MS = 20_000;

export async function daemon(command: Command): Promise<number> {
  const ground = await groundOf(command);
  const action = command.args[0] as 'start' | 'stop' | 'status';
  wordsFor(command, action, []);
  if (action === 'start') return command.opts<{ foreground?: boolean }>().foreground ? serve(ground) : start(ground);
  return action === 'stop' ? stop(ground) : status(command, ground);
}

async function serve(ground: Ground): Promise<number> {
  const { startDaemon } = await import('../../dispatch/daemon/daemon.js');
  const running = await startDaemon(ground);
  const end = () => void running.stop();
  process.on('SIGTERM', end).on('SIGINT', end);
  process.on('SIGHUP', () => void call(ground, { op: 'reload' }));
  process.stderr.write(`${new Date().toISOString()} INFO daemon: listening on ${socketOf(ground)}\n`);
  await running.stopped;
  // Ends by itself once the last replies are written.
  return 0;
}

async function start(ground: Ground): Promise<number> {
  if ((await call(ground, { op: 'ping' })) !== null) {
    write('Daemon is already running.');
    return 0;
  }
  if (!(await begin(ground))) throw new CommandError(`the daemon has not started: see ${ground.home.daemonLog}`);
  write('Daemon started.');
  return 0;
}

/** Starts one that outlives this process. @returns whether it answers; of several that start at once, one does */
export async function begin(ground: Ground): Promise<boolean> {
  const log = openSync(ground.home.daemonLog, 'a', 0o600);
  const words = [process.argv[1] ?? '', 'daemon', 'start', '--foreground', '--config-dir', ground.home.path];
  spawn(process.execPath, words, { detached: true, stdio: ['ignore', 'ignore', log], cwd: ground.home.path }).unref();
  closeSync(log);
  return within(ground, START_MS, async () => (await call(ground, { op: 'ping' })) !== null);
}

async function stop(ground: Ground): Promise<number> {
  const found = await call(ground, { op: 'status' });
  if (found === null) {
    write('Daemon is not running.');
    return 0;
  }
  await call(ground, { op: 'shutdown' });
  const { isAlive } = await import('../../base/process.js');
  const pid = pidOf(found);
  if (!(await within(ground, STOP_MS, async () => !isAlive(pid)))) throw new CommandError(`daemon ${pid} does not end`);
  write(`Daemon stopped (pid=${pid}).`);
  return 0;
}

async function status(command: Command, ground: Ground): Promise<number> {
  const found = await call(ground, { op: 'status' });
  if (wantsJson(command)) writeJson(found ?? { status: 'error', error: 'Daemon not running.' });
  else if (found === null) write('Daemon not running.');
  else write(`Daemon running (pid=${pidOf(found)}, socket=${socketOf(ground)})`);
  return found === null ? 1 : 0;
}

const socketOf = ({ home, config }: Ground) => socketPath(home, config);
const pidOf = (reply: Reply) => Number((reply.daemon as { pid?: unknown } | undefined)?.pid);

const call = (ground: Ground, request: object) =>
  callDaemon(socketOf(ground), request, {
    clock: ground.clock,
    connectSec: ground.config.timeouts.ipc_connect,
    replySec: STOP_MS / 1_000,
  });

async function within({ clock }: Ground, ms: number, holds: () => Promise<boolean>): Promise<boolean> {
  const end = clock.monotonicMs() + ms;
  const { signal } = new AbortController();
  while (clock.monotonicMs() < end) {
    if (await holds()) return true;
    await rest(clock, LOOK_MS, signal);
  }
  return false;
}
