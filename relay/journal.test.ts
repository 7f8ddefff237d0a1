import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Folder, type OwnFile } from './folder.js';
import { Journal, openIn } from './journal.js';

const request = (name: string) => ({ folder: 'ana', name: `${name}.json`, ino: '1', mtime_ns: '2' });

describe('a journal', () => {
  it('loses nothing to a line that a full disk has cut short', async () => {
    const path = await mkdtemp(join(tmpdir(), 'arc-journal-'));
    const folder = await Folder.openRoot(path);
    let isFull = false;
    const openNew = folder.openNew.bind(folder);
    folder.openNew = async (name, mode): Promise<OwnFile> => {
      const file = await openNew(name, mode);
      const write = async (text: string) => {
        await file.write(isFull ? text.slice(0, 10) : text);
        if (isFull) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      };
      return { write, close: file.close };
    };
    try {
      const journal = await Journal.create(folder, 'r');
      isFull = true;
      await expect(journal.take(request('cut'))).rejects.toThrow('no space');
      isFull = false;
      await journal.take(request('whole'));
      expect(openIn(await readFile(join(path, journal.name), 'utf8'))).toEqual([request('whole')]);
      await journal.close();
    } finally {
      await folder.close();
      await rm(path, { recursive: true, force: true });
    }
  });
});
