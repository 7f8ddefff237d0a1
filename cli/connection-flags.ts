import { resolve } from 'node:path';
import type { Command } from 'commander';
import { baseUrl, spoolDir } from './connection.js';
import { quoted } from './digest.js';

/** The flags that lead to the hub that was named explicitly, for a command line that runs later; else nothing. */
export function explicitAddress(command: Command): string {
  const spool = spoolDir(command);
  if (spool !== undefined) return ` --relay ${quoted(resolve(spool))}`;
  const given = ['baseUrl', 'host', 'port'].some((name) => command.getOptionValueSource(name) !== undefined);
  return given ? ` --base-url ${quoted(baseUrl(command))}` : '';
}
