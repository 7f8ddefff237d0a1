/** The folder of the dispatcher: what lies where, and that nobody else can read it (dispatch §0). */
import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { homePath } from '../../base/home-path.js';
import { ensurePrivateFolder, PrivateFileError } from '../../base/private-file.js';
import { share } from '../../base/sharing.js';
import { DispatchError } from '../errors.js';

export interface Home {
  /** Absolute. */
  readonly path: string;
  readonly config: string;
  readonly env: string;
  readonly agents: string;
  readonly cronFolder: string;
  readonly jobs: string;
  readonly logs: string;
  readonly routingLog: string;
  readonly cronLog: string;
  readonly daemonLog: string;
  /** Which system prompt each named session was made with. */
  readonly sessions: string;
  /** Process groups that a daemon has started, so that the next one ends what a crash has left. */
  readonly groups: string;
}

/** @param configDir what the person named; else `ARC_HOME`, else `~/.arc` */
export function homeAt(configDir?: string, env: NodeJS.ProcessEnv = process.env): Home {
  const path = homePath(configDir ?? (env.ARC_HOME || '~/.arc'));
  const at = (...parts: string[]) => join(path, ...parts);
  return {
    path,
    config: at('config.yaml'),
    env: at('.env'),
    agents: at('agents'),
    cronFolder: at('cron'),
    jobs: at('cron', 'jobs.yaml'),
    logs: at('logs'),
    routingLog: at('logs', 'routing.jsonl'),
    cronLog: at('logs', 'cron.jsonl'),
    daemonLog: at('logs', 'daemon.log'),
    sessions: at('sessions.json'),
    groups: at('groups.json'),
  };
}

/**
 * Makes the folders for this account alone, and closes to others what was open.
 * @throws {DispatchError} `config`: the folder is a link, another account's, or cannot be made
 */
export function ensureHome(home: Home): void {
  try {
    for (const folder of [home.path, home.agents, home.cronFolder, home.logs]) {
      share(folder, 'owner');
      ensurePrivateFolder(folder);
    }
  } catch (cause) {
    if (cause instanceof PrivateFileError) throw new DispatchError('config', cause.message);
    throw new DispatchError('config', `${home.path} cannot be used: ${(cause as Error).message}`);
  }
}

/**
 * Refuses folders in which a tool-running agent would sit on everything else that its owner has (dispatch §14).
 * @throws {DispatchError} `bad_request`
 */
export function checkWorkspace(workspace: string, home: Home): void {
  const real = realOrWritten(workspace);
  const forbidden: [string, string][] = [
    [resolve('/'), 'the root folder'],
    [realOrWritten(homedir()), 'your home folder'],
    [realOrWritten(home.path), "the dispatcher's own folder"],
  ];
  const found = forbidden.find(([path]) => path === real);
  if (found !== undefined) {
    throw new DispatchError('bad_request', `workspace ${workspace} is ${found[1]}: choose a folder of its own`);
  }
}

export function realOrWritten(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
