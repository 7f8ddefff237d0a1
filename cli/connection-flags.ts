import { resolve } from 'node:path';
import type { Command } from 'commander';
import { quoted } from '../base/shell.js';
import { baseUrl, spoolDir } from './connection.js';

/** The flags that lead to the hub that was named explicitly, for a command line that runs later; else nothing. */
export function explicitAddress(command: Command): string {
  const spool = spoolDir(command);
  if (spool !== undefined) return ` --relay ${quoted(resolve(spool))}`;
  const given = (...names: string[]) => names.some((name) => command.getOptionValueSource(name) !== undefined);
  const { tokenFile } = command.opts<{ tokenFile?: string }>();
  const token = tokenFile === undefined ? '' : ` --token-file ${quoted(resolve(tokenFile))}`;
  return (given('baseUrl', 'host', 'port') ? ` --base-url ${quoted(baseUrl(command))}` : '') + token;
}
