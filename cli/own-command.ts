import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quoted } from '../base/shell.js';

/** How a shell runs this program from any folder: `arc` where that is this program, else this very file. */
export const ownCommand = (): string => ownProgram().command;

/** The same with a test for a shell script that outlives the program: does it succeed, the program is there. */
export function ownProgram(): { command: string; test: string } {
  const main = realpathSync(fileURLToPath(new URL('./main.js', import.meta.url)));
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder, 'arc');
    if (folder !== '' && existsSync(candidate) && realpathSync(candidate) === main) {
      return { command: 'arc', test: 'command -v arc >/dev/null' };
    }
  }
  const [node, file] = [quoted(process.execPath), quoted(main)];
  return { command: `${node} ${file}`, test: `[ -x ${node} ] && [ -e ${file} ]` };
}
