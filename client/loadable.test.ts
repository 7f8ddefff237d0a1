import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Every file that `index.ts` reaches by an import at the top level, with what it imports there that is not a file. */
function reached(): Map<string, string[]> {
  const files = new Map<string, string[]>();
  const visit = (file: string) => {
    if (files.has(file)) return;
    const imports = readFileSync(file, 'utf8').matchAll(/^(?:import|export)\s(?!type\s)[^;]*?from '([^']+)'/gm);
    const specifiers = [...imports].map(([, specifier = '']) => specifier);
    files.set(
      file,
      specifiers.filter((specifier) => !specifier.startsWith('.')),
    );
    for (const specifier of specifiers.filter((one) => one.startsWith('.'))) {
      visit(join(dirname(file), specifier.replace(/\.js$/, '.ts')));
    }
  };
  visit(join(folder, 'index.ts'));
  return files;
}

// A browser loads all of these; what needs Node (`ws`, the relay) is imported where it is used.
it('loads where there is no Node: no package but zod, and nothing of Node, is imported', () => {
  const files = reached();
  const names = [...files.keys()].map((file) => relative(folder, file).replaceAll('\\', '/'));
  expect(names).toContain('websocket/websocket-transport.ts');
  const foreign = [...files].flatMap(([file, packages]) =>
    packages.filter((name) => name !== 'zod').map((name) => `${relative(folder, file)}: ${name}`),
  );
  expect(foreign).toEqual([]);
});
