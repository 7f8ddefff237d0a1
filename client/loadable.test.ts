import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const folder = fileURLToPath(new URL('.', import.meta.url));

// A browser loads every file that `index.ts` reaches by an import at the top level; `ws` is imported where it is used.
// `mcp/` is not among them.
it('loads where there is no Node: no package and nothing of Node is imported', () => {
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !/^(testing|mcp)\//.test(name));
  expect(sources).toContain('index.ts');
  const foreign = sources.flatMap((name) => {
    const text = readFileSync(`${folder}/${name}`, 'utf8');
    const imports = [...text.matchAll(/^(?:import|export)\s[^;]*?from '([^'.][^']*)'/gm)];
    return imports.map(([, specifier]) => `${name}: ${specifier}`);
  });
  expect(foreign).toEqual([]);
});
