import { readFileSync } from 'node:fs';

/** The version of this package, read from the package.json that ships with it. */
export const VERSION: string = readVersion();

function readVersion(): string {
  // One folder up from the sources, two from `dist/server`.
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (name === 'arc-hub') return String(version);
    } catch {
      // the other one
    }
  }
  return '0.0.0';
}
