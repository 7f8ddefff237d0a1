/** `credentials.json`: the hubs that this account has joined, and as whom (identity §6). */
import { randomBytes } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createPrivateFile,
  ensurePrivateFolder,
  PrivateFileError,
  readPrivateFile,
  writePrivateFile,
} from '../../base/private-file.js';
import { HubError } from '../../protocol/errors.js';
import { canonicalUrl } from '../base-url.js';

export interface Credentials {
  /** In its canonical spelling. */
  readonly url: string;
  /** The hub's key; absent for a hub without TLS. */
  readonly fingerprint?: string | undefined;
  readonly token: string;
  /** Whom the token names, if it is one agent. */
  readonly agent?: string | undefined;
}

const LOCK_MS = 5_000;

/** `$XDG_CONFIG_HOME/arc-hub/credentials.json`, in the home folder if that is not set. */
export function credentialsPath(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'arc-hub', 'credentials.json');
}

/**
 * All entries; none where there is no file.
 * @throws {HubError} `unauthorized`: the file is open to others, not this account's, a link, or no such file
 */
export function readCredentials(path = credentialsPath()): Credentials[] {
  const text = trusted(() => readPrivateFile(path));
  if (text === undefined) return [];
  const damaged = new HubError('unauthorized', `${path} is damaged: restore it, or remove it and join the hubs again`);
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    throw damaged;
  }
  const hubs = typeof file === 'object' && file !== null && 'hubs' in file ? file.hubs : undefined;
  if (!Array.isArray(hubs) || !hubs.every(isCredentials)) throw damaged;
  return hubs;
}

/** The entry for a hub; of several, the one of this agent (of no single one, where none is named), else the first. */
export function findCredentials(all: readonly Credentials[], url: string, agentId?: string): Credentials | undefined {
  const there = all.filter((entry) => entry.url === canonicalUrl(url));
  return there.find(({ agent }) => agent === agentId) ?? there[0];
}

/**
 * Stores an entry in the place of the one for the same hub and agent; the others of that hub take over its key.
 * @throws {HubError} `unauthorized`: as `readCredentials`; the folder too must be this account's alone
 */
export async function storeCredentials(entry: Credentials, path = credentialsPath()): Promise<void> {
  trusted(() => ensurePrivateFolder(dirname(path)));
  const lock = `${path}.lock`;
  await take(lock);
  try {
    const others = readCredentials(path)
      .filter(({ url, agent }) => url !== entry.url || agent !== entry.agent)
      .map((other) => (other.url === entry.url ? { ...other, fingerprint: entry.fingerprint } : other));
    writePrivateFile(path, `${JSON.stringify({ hubs: [...others, entry] }, undefined, 2)}\n`);
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Of two that join at once, neither loses its entry. A lock that is old was left behind. */
async function take(lock: string): Promise<void> {
  while (!createPrivateFile(lock, randomBytes(8).toString('hex'))) {
    const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (Date.now() - made > LOCK_MS) rmSync(lock, { force: true });
    else await sleep(10);
  }
}

function trusted<T>(look: () => T): T {
  try {
    return look();
  } catch (cause) {
    if (cause instanceof PrivateFileError)
      throw new HubError('unauthorized', `credentials are not used: ${cause.message}`);
    throw cause;
  }
}

function isCredentials(entry: unknown): entry is Credentials {
  if (typeof entry !== 'object' || entry === null) return false;
  const { url, token, fingerprint, agent } = entry as Record<string, unknown>;
  const isText = (value: unknown) => value === undefined || typeof value === 'string';
  return typeof url === 'string' && typeof token === 'string' && isText(fingerprint) && isText(agent);
}
