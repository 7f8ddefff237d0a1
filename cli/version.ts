import { readFileSync } from 'node:fs';

/** The version in package.json, which lies one folder up from the source and two from `dist/cli/`. */
export function packageVersion(): string {
  for (const place of ['../package.json', '../../package.json']) {
    try {
      const found: unknown = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8'));
      if (typeof found === 'object' && found !== null && 'version' in found) return String(found.version);
    } catch {
      // Not here: look in the next place.
    }
  }
  return 'unknown';
}
