import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPrivateFile, ensurePrivateFolder, readPrivateFile, writePrivateFile } from './private-file.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'arc-private-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (path: string) => lstatSync(path).mode & 0o777;

describe.skipIf(process.platform === 'win32')('a private file', () => {
  it('is written for this account alone, whatever was there, and leaves no draft', () => {
    const path = join(folder, 'secret');
    writeFileSync(path, 'old', { mode: 0o644 });
    writePrivateFile(path, 'new');
    expect(readPrivateFile(path)).toBe('new');
    expect(modeOf(path)).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['secret']);
  });

  it('is made once', () => {
    const path = join(folder, 'secret');
    expect(createPrivateFile(path, 'first')).toBe(true);
    expect(createPrivateFile(path, 'second')).toBe(false);
    symlinkSync('nowhere', join(folder, 'link'));
    expect(createPrivateFile(join(folder, 'link'), 'third')).toBe(false);
    expect(readPrivateFile(path)).toBe('first');
  });

  it('that is missing is undefined', () => expect(readPrivateFile(join(folder, 'none'))).toBeUndefined());

  it('is not read when others may read it', () => {
    const path = join(folder, 'secret');
    writeFileSync(path, 'x');
    chmodSync(path, 0o640);
    expect(() => readPrivateFile(path)).toThrow(`${path} is open to others (mode 0640): chmod 600 ${path}`);
  });

  it('is not read through a link, nor from a folder', () => {
    writePrivateFile(join(folder, 'secret'), 'x');
    symlinkSync(join(folder, 'secret'), join(folder, 'link'));
    expect(() => readPrivateFile(join(folder, 'link'))).toThrow('is a symbolic link: put the file itself there');
    expect(() => readPrivateFile(folder)).toThrow('is not a plain file');
  });

  it.skipIf(process.geteuid?.() !== 0)('is not read when it belongs to another account', async () => {
    const { chownSync } = await import('node:fs');
    const path = join(folder, 'secret');
    writePrivateFile(path, 'x');
    chownSync(path, 12_345, 12_345);
    expect(() => readPrivateFile(path)).toThrow('belongs to account 12345 and not to this one (0)');
  });
});

describe.skipIf(process.platform === 'win32')('a private folder', () => {
  it('is made for this account alone', () => {
    ensurePrivateFolder(join(folder, 'a', 'b'));
    expect(modeOf(join(folder, 'a', 'b'))).toBe(0o700);
    expect(() => ensurePrivateFolder(join(folder, 'a', 'b'))).not.toThrow();
  });

  it('is refused when others may write into it, and when it is a link', () => {
    mkdirSync(join(folder, 'open'));
    chmodSync(join(folder, 'open'), 0o770);
    expect(() => ensurePrivateFolder(join(folder, 'open'))).toThrow('others may write into');
    symlinkSync(folder, join(folder, 'link'));
    expect(() => ensurePrivateFolder(join(folder, 'link'))).toThrow('is a symbolic link');
  });
});
