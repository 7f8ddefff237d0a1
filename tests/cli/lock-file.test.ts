import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const { packages } = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
  packages: Record<string, { integrity?: string; link?: boolean }>;
};

it('says of every package, those of other platforms too, what must be in it', () => {
  // What has none is dropped by the next `npm install` on a registry that cannot tell it, and then `npm ci` refuses.
  const bare = Object.entries(packages).filter(([path, { integrity, link }]) => path !== '' && !link && !integrity);
  expect(bare.map(([path]) => path)).toEqual([]);
});
