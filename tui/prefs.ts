/** What the dashboard remembers from one run to the next: what was seen of each hub, and how it rings. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isJsonObject } from '../protocol/index.js';
import { BASE } from './state/reduce.js';
import type { State } from './state/state.js';

const HUBS = 20;
const MARKS = 500;

export interface Prefs {
  readonly display_name?: string | undefined;
  readonly bell?: State['bell'] | undefined;
  /** By instance id, the newest message seen in each view. The hub used last comes last. */
  readonly seen: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

export const NO_PREFS: Prefs = { seen: new Map() };

export const prefsPath = (env: NodeJS.ProcessEnv): string =>
  join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'arc-hub', 'tui.json');

/** A file that is missing or damaged is as good as none. */
export function readPrefs(path: string): Prefs {
  let stored: unknown;
  try {
    stored = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return NO_PREFS;
  }
  if (!isJsonObject(stored)) return NO_PREFS;
  const { display_name, bell, seen } = stored;
  return {
    display_name: typeof display_name === 'string' ? display_name : undefined,
    bell: bell === 'off' || bell === 'bell' || bell === 'notice' ? bell : undefined,
    seen: new Map(Object.entries(isJsonObject(seen) ? seen : {}).map(([id, marks]) => [id, marksOf(marks)])),
  };
}

function marksOf(marks: unknown): ReadonlyMap<string, number> {
  const entries = Object.entries(isJsonObject(marks) ? marks : {});
  return new Map(entries.flatMap(([key, id]) => (typeof id === 'number' ? [[key, id] as const] : [])));
}

export function withSeen(prefs: Prefs, instance_id: string, marks: ReadonlyMap<string, number>): Prefs {
  const seen = new Map(prefs.seen);
  seen.delete(instance_id);
  const base = marks.get(BASE) ?? 0;
  const above = [...marks].filter(([key, id]) => key === BASE || id > base).sort(([, a], [, b]) => b - a);
  seen.set(instance_id, new Map(above.slice(0, MARKS)));
  return { ...prefs, seen: new Map([...seen].slice(-HUBS)) };
}

/** Best effort: a dashboard that cannot remember still works. */
export function writePrefs(path: string, { seen, ...others }: Prefs): void {
  const marks = Object.fromEntries([...seen].map(([id, each]) => [id, Object.fromEntries(each)]));
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const next = `${path}.${process.pid}`;
    writeFileSync(next, `${JSON.stringify({ ...others, seen: marks })}\n`, { mode: 0o600 });
    renameSync(next, path);
  } catch {
    // Read-only home, full disk: nothing to be done about it here.
  }
}
