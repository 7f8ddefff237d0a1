/** `npm run picture`: draws docs/tui.svg anew. */
import { writeFile } from 'node:fs/promises';
import { drawPicture, PICTURE } from './picture.js';

await writeFile(PICTURE, await drawPicture());
console.log(`wrote ${PICTURE}`);
process.exit(0);
