import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TempFolder, tempFolder } from '../../tests/support/domain-hub.js';
import { credentialsPath, findCredentials, readCredentials, storeCredentials } from './credentials-file.js';

let folder: TempFolder;
let path = '';
beforeEach(() => {
  folder = tempFolder();
  path = credentialsPath({ XDG_CONFIG_HOME: folder.path });
});
afterEach(() => folder[Symbol.dispose]());

const ENTRY = { url: 'https://hub:6969', fingerprint: 'pin', token: 't1', agent: 'ben' };
const modeOf = (file: string) => lstatSync(file).mode & 0o777;

describe('the credentials file', () => {
  it('is for this account alone, in a folder for this account alone', async () => {
    expect(path).toBe(join(folder.path, 'arc-hub', 'credentials.json'));
    await storeCredentials(ENTRY, path);
    expect(modeOf(path)).toBe(0o600);
    expect(modeOf(dirname(path))).toBe(0o700);
    expect(readCredentials(path)).toEqual([ENTRY]);
    expect(readdirSync(dirname(path))).toEqual(['credentials.json']);
  });

  it('lies in .config of the home folder where nothing else is said', () => {
    expect(credentialsPath({ HOME: '/home/ana' })).toBe('/home/ana/.config/arc-hub/credentials.json');
  });

  it('holds one entry for each hub and agent, and one key for a hub', async () => {
    await storeCredentials(ENTRY, path);
    await storeCredentials({ ...ENTRY, agent: 'ana', token: 't2', fingerprint: 'new' }, path);
    await storeCredentials({ ...ENTRY, token: 't3', fingerprint: 'new' }, path);
    await storeCredentials({ url: 'http://other:1', token: 't4' }, path);
    const all = readCredentials(path);
    expect(all).toEqual([
      { ...ENTRY, agent: 'ana', token: 't2', fingerprint: 'new' },
      { ...ENTRY, token: 't3', fingerprint: 'new' },
      { url: 'http://other:1', token: 't4' },
    ]);
    expect(findCredentials(all, 'wss://HUB:6969/', 'ben')?.token).toBe('t3');
    expect(findCredentials(all, 'https://hub:6969', 'cat')?.token).toBe('t2');
    expect(findCredentials(all, 'http://hub:6969', 'ben')).toBeUndefined();
  });

  it('loses no entry when several are stored at once', async () => {
    const agents = Array.from({ length: 20 }, (_, n) => `a${n}`);
    await Promise.all(agents.map((agent) => storeCredentials({ ...ENTRY, agent }, path)));
    expect(
      readCredentials(path)
        .map(({ agent }) => agent)
        .sort(),
    ).toEqual(agents.sort());
  });

  it('is not held up by a lock that somebody left behind', async () => {
    mkdirSync(dirname(path), { mode: 0o700 });
    writeFileSync(`${path}.lock`, '');
    utimesSync(`${path}.lock`, 0, 0);
    await storeCredentials(ENTRY, path);
    expect(readCredentials(path)).toEqual([ENTRY]);
  });

  it('that is missing holds nothing', () => expect(readCredentials(path)).toEqual([]));

  it.each<[string, () => void, string]>([
    ['is open to others', () => chmodSync(path, 0o644), 'is open to others (mode 0644): chmod 600'],
    [
      'is a link',
      () => {
        const elsewhere = join(folder.path, 'elsewhere');
        writeFileSync(elsewhere, readFileSync(path), { mode: 0o600 });
        writeFileSync(path, '');
        symlinkSync(elsewhere, `${path}.link`);
        path = `${path}.link`;
      },
      'is a symbolic link: put the file itself there',
    ],
    ['is no JSON', () => writeFileSync(path, '{'), 'is damaged: restore it, or remove it'],
    ['is other JSON', () => writeFileSync(path, '{"hubs":[{"url":1}]}'), 'is damaged: restore it, or remove it'],
  ])('that %s is refused in one line that names it', async (_what, spoil, text) => {
    await storeCredentials(ENTRY, path);
    spoil();
    const refusal = expect.objectContaining({ code: 'unauthorized', message: expect.stringMatching(/^[^\n]*$/) });
    expect(() => readCredentials(path)).toThrow(refusal);
    expect(() => readCredentials(path)).toThrow(`${path} ${text}`);
  });

  it('is not put into a folder that others may write into', async () => {
    mkdirSync(dirname(path));
    chmodSync(dirname(path), 0o777);
    await expect(storeCredentials(ENTRY, path)).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining(`others may write into ${dirname(path)}`),
    });
  });
});
