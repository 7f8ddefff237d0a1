/** The process that answers the socket (dispatch §2). */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { rest } from '../../base/clock.js';
import { deferred } from '../../base/deferred.js';
import { writePrivateFile } from '../../base/private-file.js';
import { makeFile } from '../../base/sharing.js';
import type { Ground } from '../backends/backend.js';
import { loadConfig, pidPath, socketPath } from '../config/config.js';
import type { Home } from '../config/home.js';
import { DispatchError } from '../errors.js';
import { openSocket } from '../ipc/server.js';
import { Dispatcher } from '../run/dispatcher.js';
import { answer } from './requests.js';

const PATIENCE_MS = 10_000;
const LOOK_MS = 50;

/** A second daemon of a home. */
export class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning';
}

export interface RunningDaemon {
  /** Lets what is under way finish for 10 s, then ends it; resolves when the files are gone. */
  stop(): Promise<void>;
  readonly stopped: Promise<void>;
}

/**
 * @throws {AlreadyRunning} another one serves this home, whatever its files say
 * @throws {DispatchError} `config`: the socket cannot be bound
 */
export async function startDaemon(ground: Ground): Promise<RunningDaemon> {
  const { home, config, clock, warn } = ground;
  const lock = takeLock(home);
  const dispatcher = new Dispatcher(ground);
  const [socket, pid] = [socketPath(home, config), pidPath(home, config)];
  const reload = () => dispatcher.configure(loadConfig(home, warn));
  let stopping: Promise<void> | undefined;
  const ended = deferred<void>();
  const stop = () => {
    stopping ??= close();
    return stopping;
  };
  const server = await openSocket(socket, clock, (request) =>
    answer({ dispatcher, reload, stop: () => void stop() }, request),
  ).catch((cause) => {
    lock.close();
    throw cause;
  });
  writePrivateFile(pid, `${process.pid}\n`);
  async function close(): Promise<void> {
    server.close();
    const until = clock.monotonicMs() + PATIENCE_MS;
    const { signal } = new AbortController();
    while (dispatcher.running.length > 0) {
      if (clock.monotonicMs() >= until) dispatcher.cancelAll();
      await rest(clock, LOOK_MS, signal);
    }
    rmSync(pid, { force: true });
    lock.close();
    ended.resolve();
  }
  return { stop, stopped: ended.promise };
}

/** One of the system's, taken by SQLite on an empty file: whoever holds it and dies gives it back. */
function takeLock(home: Home): InstanceType<typeof Sqlite> {
  const path = join(home.path, 'daemon.lock');
  makeFile(path, 'owner');
  const lock = new Sqlite(path, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock.close();
    if ((cause as { code?: string }).code === 'SQLITE_BUSY') throw new AlreadyRunning('Daemon is already running.');
    throw new DispatchError('config', `${path} cannot be locked: ${(cause as Error).message}`);
  }
}
