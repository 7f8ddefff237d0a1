import { homedir } from 'node:os';
import { resolve } from 'node:path';

/**
 * Absolute path of what a person wrote: a leading `~` is the home folder, once, since shells leave it alone in
 * `--storage=~/arc.sqlite3`; a relative path belongs to the working folder. Symbolic links stay as they are.
 */
export const homePath = (written: string): string => resolve(written.replace(/^~(?=$|[/\\])/, homedir()));
