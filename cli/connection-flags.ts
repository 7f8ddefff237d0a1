import { resolve } from 'node:path';
import type { Command } from 'commander';
import { quoted } from '../base/shell.js';
import { baseUrl, spoolDir } from './connection.js';

/** The flags that lead to the hub that was named explicitly, for a command line that runs later; else nothing. */
export function explicitAddress(command: Command): string {
  const spool = spoolDir(command);
  if (spool !== undefined) return ` --relay ${quoted(resolve(spool))}`;
  const given = ['baseUrl', 'host', 'port'].some((name) => command.getOptionValueSource(name) !== undefined);
  return given ? ` --base-url ${quoted(baseUrl(command))}` : '';
}
