/** Where the hooks of the harnesses are installed, for whom, and which hub they lead to. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject } from '../../protocol/json.js';
import { HARNESSES, type HarnessName } from './harness.js';
import { parseSettings } from './json-text.js';

export interface InstalledHook {
  readonly harness: HarnessName;
  readonly scope: 'project' | 'user';
  readonly path: string;
  /** Undefined where no hook of ours is in the file. */
  readonly agent?: string;
  /** Where it finds the hub, if it says: a URL, or a folder of the relay. */
  readonly base_url?: string;
  readonly relay?: string;
  /** Moments that have no hook of ours, where others have: the file was written by an older version, or by hand. */
  readonly missing?: readonly string[];
  /** Why the file tells nothing. */
  readonly problem?: string;
}

/** Every harness in every place, installed or not; the user's file once where both are the same. */
export function installedHooks(project: string, home: string): InstalledHook[] {
  return (Object.keys(HARNESSES) as HarnessName[]).flatMap((harness) => {
    const { projectFile, userFile } = HARNESSES[harness];
    const places = [
      ['project', join(project, projectFile)],
      ['user', join(home, userFile)],
    ] as const;
    const [inProject, ofUser] = places;
    return (inProject[1] === ofUser[1] ? [ofUser] : places).map(([scope, path]) => look(harness, scope, path));
  });
}

function look(harness: HarnessName, scope: 'project' | 'user', path: string): InstalledHook {
  const place = { harness, scope, path };
  if (!existsSync(path)) return place;
  let settings: unknown;
  try {
    settings = parseSettings(readFileSync(path, 'utf8').replace(/^\ufeff/, ''));
  } catch (cause) {
    return { ...place, problem: (cause as Error).message };
  }
  const hooks = isJsonObject(settings) && isJsonObject(settings.hooks) ? settings.hooks : {};
  const events = Object.keys(HARNESSES[harness].events);
  const commands = events.map((event) => commandIn(hooks[event], harness));
  const command = commands.find((each) => each !== undefined);
  if (command === undefined) return place;
  const missing = events.filter((_, index) => commands[index] === undefined);
  const flags = wordsOf(command);
  const after = (flag: string) => flags[flags.indexOf(flag) + 1];
  const has = (flag: string) => flags.includes(flag);
  return {
    ...place,
    agent: after('--agent') ?? '',
    ...(has('--base-url') && { base_url: after('--base-url') ?? '' }),
    ...(has('--relay') && { relay: after('--relay') ?? '' }),
    ...(missing.length > 0 && { missing }),
  };
}

/** The command of our entry among those of one moment. */
function commandIn(entries: unknown, harness: HarnessName): string | undefined {
  if (Array.isArray(entries)) {
    for (const entry of entries) {
      const found = commandIn(entry, harness);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isJsonObject(entries)) return undefined;
  if (Array.isArray(entries.hooks)) return commandIn(entries.hooks, harness);
  const { command } = entries;
  return typeof command === 'string' && command.includes(` hook ${harness} --agent `) ? command : undefined;
}

/** Words of a line that `quoted` has written. */
const wordsOf = (line: string) =>
  [...line.matchAll(/(?:'[^']*'|\\.|[^\s'\\])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|\\(.)/g, (_, inside?: string, escaped?: string) => inside ?? escaped ?? ''),
  );
