import type { Command } from 'commander';
import { printable } from '../../base/terminal-text.js';
import { BACKENDS } from '../../dispatch/backends/table.js';
import { write, writeJson } from '../output.js';
import { groundOf, wantsJson } from './command.js';

/** Whether each backend could be used. Exit 1 if one could not. */
export async function ping(command: Command): Promise<number> {
  const ground = await groundOf(command);
  const { signal } = new AbortController();
  const health = (await Promise.all(Object.values(BACKENDS).map((backend) => backend.check(ground, signal)))).flat();
  if (wantsJson(command)) writeJson(health);
  else
    for (const { what, ok, detail } of health) write(printable(`${what.padEnd(10)}${ok ? 'ok  ' : 'fail'}  ${detail}`));
  return health.every(({ ok }) => ok) ? 0 : 1;
}
