import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quoted } from './digest.js';

/** How a shell runs this program from any folder: `arc` where that is this program, else this very file. */
export function ownCommand(): string {
  const main = realpathSync(fileURLToPath(new URL('./main.js', import.meta.url)));
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder, 'arc');
    if (folder !== '' && existsSync(candidate) && realpathSync(candidate) === main) return 'arc';
  }
  return `${quoted(process.execPath)} ${quoted(main)}`;
}
