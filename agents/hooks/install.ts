/** `arc hook install` and `uninstall`: our entries in a harness's configuration, and nobody else's touched. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { CommandError } from '../../base/command-error.js';
import { isJsonObject } from '../../protocol/json.js';
import { HARNESSES, type HarnessName } from './harness.js';
import { addMember, append, parseSettings, remove } from './json-text.js';
import { lineDiff } from './line-diff.js';

export interface HookChange {
  what: 'install' | 'uninstall';
  harness: HarnessName;
  /** The folder that the harness's files lie below: the project, or the user's home. */
  folder: string;
  scope: 'project' | 'user';
  /** What the harness is to run. */
  command: string;
  maxHolds: number;
  dryRun: boolean;
}

/** Makes the change, unless it is a dry run, and says in lines what was changed. */
export function changeHooks({ what, harness: name, folder, scope, command, maxHolds, dryRun }: HookChange): string {
  const harness = HARNESSES[name];
  const path = join(folder, scope === 'user' ? harness.userFile : harness.projectFile);
  const file = existsSync(path) ? readFileSync(path, 'utf8') : '';
  // Editors of some systems put a mark in front, which harnesses pass over and JSON does not know.
  const mark = file.startsWith(BOM) ? BOM : '';
  const before = file.slice(mark.length);
  const settings = parse(path, before);
  const without = withoutOurs(before.trim() === '' ? '{}\n' : before, name);
  const wanted = what === 'uninstall' ? without : withOurs(without, name, command, maxHolds);
  const rest = parse(path, wanted);
  // What somebody has noted there is not ours to remove.
  const isBare =
    Object.keys(rest).every((key) => key in harness.frame) && wanted.replace(/\s/g, '') === JSON.stringify(rest);
  const after = isBare && what === 'uninstall' ? '' : wanted;
  const notes = what === 'install' && harness.note !== undefined ? `\n${harness.note}` : '';
  if (isDeepStrictEqual(settings, parse(path, after))) return `${path} is as it should be.${notes}`;
  if (!dryRun) write(path, after === '' ? '' : mark + after);
  return `${dryRun ? 'would change' : 'changed'} ${path}:\n${lineDiff(before, after)}${notes}`;
}

const BOM = '\ufeff';

type Settings = Record<string, unknown>;

function parse(path: string, text: string): Settings {
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = parseSettings(text);
  } catch (cause) {
    throw new CommandError(`${path} cannot be read and was left alone: ${(cause as Error).message}`);
  }
  if (!isJsonObject(value) || (value.hooks !== undefined && !isJsonObject(value.hooks))) {
    throw new CommandError(`${path} has another form than expected and was left alone`);
  }
  return value;
}

/** An entry is ours by its command, whoever the agent was and wherever `arc` lay when it was written. */
function isOurs(entry: unknown, name: HarnessName): boolean {
  if (!isJsonObject(entry)) return false;
  if (Array.isArray(entry.hooks)) return entry.hooks.length > 0 && entry.hooks.every((each) => isOurs(each, name));
  return typeof entry.command === 'string' && entry.command.includes(` hook ${name} --agent `);
}

function withoutOurs(text: string, name: HarnessName): string {
  const { hooks } = parseSettings(text) as Settings;
  if (!isJsonObject(hooks)) return text;
  for (const [event, entries] of Object.entries(hooks)) {
    const index = Array.isArray(entries) ? entries.findIndex((entry) => isOurs(entry, name)) : -1;
    if (index !== -1) return withoutOurs(remove(text, ['hooks', event, index]), name);
  }
  return text;
}

function withOurs(text: string, name: HarnessName, command: string, maxHolds: number): string {
  const { frame, events, entry } = HARNESSES[name];
  const { hooks = {}, ...settings } = parseSettings(text) as Settings;
  let changed = text;
  for (const [key, value] of Object.entries(frame)) if (!(key in settings)) changed = addMember(changed, key, value);
  for (const event of Object.keys(events)) {
    const isList = Array.isArray((hooks as Settings)[event] ?? []);
    if (!isList) throw new CommandError(`the hooks of ${event} have another form than expected`);
    changed = append(changed, ['hooks', event], entry(event, command, maxHolds));
  }
  return changed;
}

function write(path: string, text: string): void {
  if (text === '') {
    rmSync(path, { force: true });
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
