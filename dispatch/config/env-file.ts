/** `.env`: the one place for secrets, closed to everybody else (dispatch §14). */
import { PrivateFileError, readPrivateFile, writePrivateFile } from '../../base/private-file.js';
import { DispatchError } from '../errors.js';
import type { Home } from './home.js';

/**
 * Names with their values; empty where there is no file.
 * @throws {DispatchError} `config`: it is open to others, or another account's
 */
export function readEnvFile(home: Home): Record<string, string> {
  return parseEnv(readEnvText(home));
}

function readEnvText(home: Home): string {
  try {
    return readPrivateFile(home.env) ?? '';
  } catch (cause) {
    if (cause instanceof PrivateFileError) throw new DispatchError('config', cause.message);
    throw cause;
  }
}

const LINE = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/;

export function parseEnv(text: string): Record<string, string> {
  const rows = text.split(/\r?\n/).flatMap((line): [string, string][] => {
    const [, name, written = ''] = LINE.exec(line) ?? [];
    return name === undefined ? [] : [[name, unquoted(written)]];
  });
  return Object.fromEntries(rows);
}

/** In double quotes `\n`, `\"` and `\\` are understood, in single ones nothing; bare, ` #` begins a comment. */
function unquoted(written: string): string {
  const double = /^"((?:[^"\\]|\\.)*)"/.exec(written)?.[1];
  if (double !== undefined) return double.replace(/\\(.)/g, (_, letter) => (letter === 'n' ? '\n' : letter));
  const single = /^'([^']*)'/.exec(written)?.[1];
  return single ?? written.replace(/(^|\s)#.*$/, '').trimEnd();
}

/** Sets names and leaves all other lines as they are. */
export function mergeEnvFile(home: Home, values: Readonly<Record<string, string>>): void {
  const missing = new Map(Object.entries(values));
  const lines = readEnvText(home).split('\n');
  const kept = lines.map((line) => {
    const name = LINE.exec(line)?.[1] ?? '';
    const value = missing.get(name);
    missing.delete(name);
    return value === undefined ? line : `${name}=${quotedValue(value)}`;
  });
  while (kept.at(-1) === '') kept.pop();
  const added = [...missing].map(([name, value]) => `${name}=${quotedValue(value)}`);
  const all = [...kept, ...added];
  writePrivateFile(home.env, all.length === 0 ? '' : `${all.join('\n')}\n`);
}

const quotedValue = (value: string) =>
  /^[\w./:@+-]*$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;

/** What the dispatcher itself works with: what was set before it began goes before the file. */
export const withEnvFile = (home: Home, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...readEnvFile(home),
  ...env,
});
