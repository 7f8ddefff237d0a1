import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { drawPicture, PICTURE } from './picture.js';

it('the picture shows the dashboard as it is; `npm run picture` draws it anew', async () => {
  expect(await readFile(PICTURE, 'utf8')).toBe(await drawPicture());
});
