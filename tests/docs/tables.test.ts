import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GENERATED, regenerate } from './tables.js';

describe.each(Object.entries(GENERATED))('%s', (path, tables) => {
  it('holds the tables that follow from code (npm run docs writes them)', () => {
    const document = readFileSync(path, 'utf8');
    const current = regenerate(document, tables);
    if (process.env.UPDATE_DOCS !== undefined) writeFileSync(path, current);
    else expect(document).toBe(current);
  });
});
