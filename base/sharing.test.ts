import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeFile, makeFolder, share } from './sharing.js';

/** Called once, right after a file was looked at. */
let afterLook: (() => void) | undefined;

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const looked = <T>(stat: T): T => {
    const then = afterLook;
    afterLook = undefined;
    then?.();
    return stat;
  };
  return {
    ...fs,
    lstatSync: (path: string, options: never) => looked(fs.lstatSync(path, options)),
    fstatSync: (handle: number) => looked(fs.fstatSync(handle)),
  };
});

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe.skipIf(process.platform === 'win32')('share', () => {
  let folder: string;
  const at = (name: string) => join(folder, name);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'arc-sharing-'));
  });
  afterEach(() => {
    afterLook = undefined;
    rmSync(folder, { recursive: true, force: true });
  });
  const file = (name: string, mode: number) => {
    writeFileSync(at(name), 'x');
    chmodSync(at(name), mode);
    return at(name);
  };

  it('closes what is open to others, and says so', () => {
    const path = file('open', 0o644);
    expect(share(path, 'owner')).toBe(true);
    expect(modeOf(path)).toBe(0o600);
    expect(share(path, 'owner')).toBe(false);
    expect(share(path, 'group')).toBe(false);
    expect(modeOf(path)).toBe(0o660);
  });

  it('leaves links and what is not there alone', () => {
    const target = file('target', 0o644);
    symlinkSync(target, at('link'));
    expect(share(at('link'), 'everybody')).toBe(false);
    expect(modeOf(target)).toBe(0o644);
    expect(share(at('nothing'), 'owner')).toBe(false);
  });

  it('does not follow a link that is put in its place after the look', () => {
    const secret = file('secret', 0o600);
    const path = file('spooled', 0o644);
    afterLook = () => {
      rmSync(path);
      symlinkSync(secret, path);
    };
    share(path, 'everybody');
    expect(afterLook).toBeUndefined();
    expect(modeOf(secret)).toBe(0o600);
  });

  it('makes files and folders that are as shared as asked, whatever the process may leave', () => {
    makeFolder(at('a/b'), 'group');
    makeFile(at('a/b/c'), 'everybody');
    expect([at('a'), at('a/b'), at('a/b/c')].map(modeOf)).toEqual([0o770, 0o770, 0o666]);
  });
});
