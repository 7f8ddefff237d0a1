/** `arc hook install` and `uninstall`: our entries in a harness's configuration, and nobody else's touched. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import { CommandError } from '../../cli/command.js';
import { explicitAddress } from '../../cli/connection-flags.js';
import { quoted } from '../../cli/digest.js';
import { ownCommand } from '../../cli/own-command.js';
import { isJsonObject } from '../../protocol/json.js';
import { HARNESSES, type HarnessName } from './harness.js';
import { addMember, append, remove } from './json-text.js';
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

interface InstallFlags {
  agent: string;
  maxHolds: number;
  scope: 'project' | 'user';
  dryRun?: boolean;
}

/** What the command line asks for. */
export function changeAsked(command: Command, what: 'install' | 'uninstall', harness: HarnessName): HookChange {
  const { scope, dryRun, agent, maxHolds } = command.opts<InstallFlags>();
  return {
    what,
    harness,
    folder: scope === 'user' ? homedir() : '',
    scope,
    command: `${ownCommand()} hook ${harness} --agent ${quoted(agent)}${options(command, maxHolds)}`,
    maxHolds,
    dryRun: dryRun === true,
  };
}

/** Makes the change, unless it is a dry run, and says in lines what was changed. */
export function changeHooks({ what, harness: name, folder, scope, command, maxHolds, dryRun }: HookChange): string {
  const harness = HARNESSES[name];
  const path = join(folder, scope === 'user' ? harness.userFile : harness.projectFile);
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const settings = parse(path, before);
  const without = withoutOurs(before.trim() === '' ? '{}\n' : before, name);
  const wanted = what === 'uninstall' ? without : withOurs(without, name, command, maxHolds);
  const isBare = Object.keys(parse(path, wanted)).every((key) => key in harness.frame);
  const after = isBare && what === 'uninstall' ? '' : wanted;
  const notes = what === 'install' && harness.note !== undefined ? `\n${harness.note}` : '';
  if (isDeepStrictEqual(settings, parse(path, after))) return `${path} is as it should be.${notes}`;
  if (!dryRun) write(path, after);
  return `${dryRun ? 'would change' : 'changed'} ${path}:\n${lineDiff(before, after)}${notes}`;
}

type Settings = Record<string, unknown>;

function parse(path: string, text: string): Settings {
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CommandError(`${path} is no plain JSON and was left alone: ${(cause as Error).message}`);
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
  const { hooks } = JSON.parse(text) as Settings;
  if (!isJsonObject(hooks)) return text;
  for (const [event, entries] of Object.entries(hooks)) {
    const index = Array.isArray(entries) ? entries.findIndex((entry) => isOurs(entry, name)) : -1;
    if (index !== -1) return withoutOurs(remove(text, ['hooks', event, index]), name);
  }
  return text;
}

function withOurs(text: string, name: HarnessName, command: string, maxHolds: number): string {
  const { frame, events, entry } = HARNESSES[name];
  const { hooks = {}, ...settings } = JSON.parse(text) as Settings;
  let changed = text;
  for (const [key, value] of Object.entries(frame)) if (!(key in settings)) changed = addMember(changed, key, value);
  for (const event of Object.keys(events)) {
    const isList = Array.isArray((hooks as Settings)[event] ?? []);
    if (!isList) throw new CommandError(`the hooks of ${event} have another form than expected`);
    changed = append(changed, ['hooks', event], entry(event, command, maxHolds));
  }
  return changed;
}

function options(command: Command, maxHolds: number): string {
  const given = (name: string) => (command.getOptionValueSource(name) ?? 'default') !== 'default';
  const address = explicitAddress(command);
  const budget = given('budget') ? ` --budget ${command.getOptionValue('budget')}` : '';
  return address + budget + (given('maxHolds') ? ` --max-holds ${maxHolds}` : '');
}

function write(path: string, text: string): void {
  if (text === '') {
    rmSync(path, { force: true });
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
