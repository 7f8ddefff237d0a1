/** `arc config …` of the dispatcher. */
import type { Command } from 'commander';
import { loadConfig, setConfig } from '../../dispatch/config/config.js';
import { readText } from '../../dispatch/config/yaml-file.js';
import { masked } from '../../dispatch/logs/mask.js';
import { write } from '../output.js';
import { homeOf, warner, wordsFor, writeForeign } from './command.js';
import { edit } from './person.js';

export const CONFIG_ACTIONS = ['show', 'edit', 'set'] as const;

export async function config(command: Command): Promise<number> {
  const [home, warn] = [await homeOf(command), warner()];
  const action = command.args[0] as (typeof CONFIG_ACTIONS)[number];
  if (action === 'set') {
    const [key = '', value = ''] = wordsFor(command, action, ['a key', 'a value']);
    setConfig(home, key, value, warn);
    write(`Set ${key} = ${value}`);
    return 0;
  }
  wordsFor(command, action, []);
  // Shown and edited even where it is wrong, or nobody could mend it.
  if (readText(home.config) === undefined) loadConfig(home, warn);
  if (action === 'edit') {
    await edit(home.config);
    loadConfig(home, warn);
  } else writeForeign(masked(readText(home.config) ?? '').trimEnd());
  return 0;
}
