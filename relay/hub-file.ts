/** `hub.json` at the root of a spool: who serves it, and since when nobody does. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDead, type Machine } from './machine.js';

export const HUB_FILE = 'hub.json';
export const BEAT_SEC = 2;
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
const MAX_BYTES = 65_536;
/** Clocks of a machine and its guests differ, so a beat this old may still be a live one. */
const STALE_BEATS = 10;

/** The hub that the spool leads to. */
export interface HubIdentity {
  instance_id: string;
  implementation: string;
  version: string;
  /** Where the hub is for those that can reach it. */
  url: string | undefined;
}

export interface HubFile extends HubIdentity {
  started_at: string;
  beat_at: string;
  beat_sec: number;
  /** The process that serves the spool, which is the hub or a relay of its own. */
  relay_id: string;
  pid: number;
  machine: Machine;
}

/** Undefined for a file that is missing, half written or of another make. */
export async function readHubFile(spool: string): Promise<HubFile | undefined> {
  try {
    const file = JSON.parse(await readPlain(join(spool, HUB_FILE))) as HubFile;
    return typeof file.beat_at === 'string' && typeof file.instance_id === 'string' ? file : undefined;
  } catch {
    return undefined;
  }
}

/** Everybody may write to a spool: neither a FIFO nor a link nor a flood in the place of the file is followed. */
async function readPlain(path: string): Promise<string> {
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > MAX_BYTES) throw new Error('not a file of ours');
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/**
 * Whether somebody serves the spool. A beat is recent, or is seen to advance; a process of this machine is asked for.
 * Takes a few seconds only where the beat looks old, as it does across machines whose clocks differ.
 */
export async function isServed(spool: string): Promise<boolean> {
  const first = await readHubFile(spool);
  if (first === undefined || isDead(first.machine, first.pid)) return false;
  const beatSec = Math.min(Math.max(Number(first.beat_sec) || BEAT_SEC, 1), 30);
  const ageMs = Math.abs(Date.now() - Date.parse(first.beat_at));
  if (ageMs < beatSec * 1_000 * 2) return true;
  // A clock that is far off says nothing; a process known to live, and a beat not long missed, say enough.
  if (ageMs < beatSec * 1_000 * STALE_BEATS && isDead(first.machine, first.pid) === false) return true;
  await sleep(beatSec * 1_500);
  const second = await readHubFile(spool);
  return second !== undefined && second.beat_at !== first.beat_at;
}
