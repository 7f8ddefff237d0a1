/** The flags of the hub, read off the table of its settings, so that a new setting is a new flag. */
import type { Command, Option } from 'commander';
import type { z } from 'zod';
import { HubConfig, type HubOptions } from '../../server/config.js';
import { decimal, flag, integer, list, settingName, takesValue, text } from '../options.js';

export type HubSetting = keyof HubConfig;

/** Fresh options for the settings named, or for all of them. */
export function hubOptions(names: readonly HubSetting[] = Object.keys(HubConfig.shape) as HubSetting[]): Option[] {
  return names.map((name) => optionFor(name, HubConfig.shape[name]));
}

function optionFor(name: HubSetting, schema: z.ZodDefault): Option {
  const long = `--${name.replaceAll('_', '-')}`;
  const description = schema.description ?? name.replaceAll('_', ' ').replace(/^max /, 'limit on ');
  const inner = schema.def.innerType as z.ZodType;
  const initial: unknown = schema.def.defaultValue;
  switch (inner.def.type) {
    case 'boolean':
      return flag(long, description);
    case 'array':
      return list(`${long} <value>`, `${description} (may be repeated)`);
    case 'enum':
      return text(`${long} <value>`, description)
        .choices((inner as z.ZodEnum).options.map(String))
        .default(initial);
    case 'number':
      return (Number.isInteger(initial) ? integer : decimal)(`${long} <n>`, description).default(initial);
    default:
      return text(`${long} <value>`, description).default(initial);
  }
}

/** What a command was told about the hub; what nobody set is left out, for the table's own defaults. */
export function hubOptionsGiven(command: Command): HubOptions {
  const given: Record<string, unknown> = {};
  for (const option of command.options) {
    const name = settingName(option);
    if (!(name in HubConfig.shape)) continue;
    const source = command.getOptionValueSource(option.attributeName());
    if (source === undefined || source === 'default') continue;
    const value: unknown = command.getOptionValue(option.attributeName());
    // `--no-tcp` is kept by the parser as what it takes away.
    given[name] = option.negate ? value === false : value;
  }
  return given;
}

/** The same as flags, for a hub that is started as another process. */
export function hubFlagsGiven(command: Command): string[] {
  const given: Record<string, unknown> = { ...hubOptionsGiven(command) };
  const flags: string[] = [];
  for (const option of hubOptions()) {
    const value = given[settingName(option)];
    if (value === undefined || value === false || option.long === undefined) continue;
    if (!takesValue(option)) flags.push(option.long);
    else for (const one of Array.isArray(value) ? value : [value]) flags.push(`${option.long}=${one}`);
  }
  return flags;
}
