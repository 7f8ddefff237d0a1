import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TempFolder, tempFolder } from '../../tests/support/domain-hub.js';
import { credentialsPath, storeCredentials } from './credentials-file.js';
import { resolveAccess } from './resolve.js';

let folder: TempFolder;
let env: Record<string, string>;
const home = process.cwd();
beforeEach(() => {
  folder = tempFolder();
  env = { XDG_CONFIG_HOME: join(folder.path, 'config') };
  mkdirSync(join(folder.path, 'work', 'deep'), { recursive: true });
  process.chdir(join(folder.path, 'work', 'deep'));
});
afterEach(() => {
  process.chdir(home);
  folder[Symbol.dispose]();
});

const at = (name: string) => join(folder.path, 'work', name);
/** A hub of this account whose store lies in the folder above. */
function localHub(fields: object, token?: string): void {
  writeFileSync(at('.arc.pid'), JSON.stringify({ pid: 1, port: 6_969, url: 'http://127.0.0.1:6969', ...fields }));
  if (token !== undefined) writeFileSync(at('.arc.token'), `${token}\n`, { mode: 0o600 });
}
const join_ = (entry: object) =>
  storeCredentials({ url: 'https://hub:6969', token: 'joined', ...entry }, credentialsPath(env));

describe('how a hub is reached', () => {
  it('is at the usual place, with no token, where nothing is said and nothing is found', () => {
    expect(resolveAccess({}, 'ana', env)).toMatchObject({ baseUrl: 'http://127.0.0.1:6969', token: undefined });
  });

  it('takes its token from the option, the variable, the credentials file, the store, in this order', async () => {
    localHub({}, 'of the store');
    const there = { baseUrl: 'http://localhost:6969' };
    expect(resolveAccess(there, 'ana', env).token).toBe('of the store');
    await join_({ url: 'http://localhost:6969' });
    expect(resolveAccess(there, 'ana', env).token).toBe('joined');
    env.ARC_TOKEN = 'of the environment';
    expect(resolveAccess(there, 'ana', env).token).toBe('of the environment');
    expect(resolveAccess({ ...there, token: 'given' }, 'ana', env).token).toBe('given');
  });

  it('knows the key of a hub that was joined, also with a token from elsewhere', async () => {
    await join_({ fingerprint: 'pin', agent: 'ben' });
    env.ARC_BASE_URL = 'https://HUB:6969/';
    expect(resolveAccess({}, 'ben', env)).toMatchObject({ token: 'joined', fingerprint: 'pin' });
    env.ARC_TOKEN = 'other';
    expect(resolveAccess({}, 'ben', env)).toMatchObject({ token: 'other', fingerprint: 'pin' });
    expect(resolveAccess({ fingerprint: 'given' }, 'ben', env)).toMatchObject({ fingerprint: 'given' });
    expect(resolveAccess({ ca: 'pem' }, 'ben', env).fingerprint).toBeUndefined();
  });

  it('gives a token to nobody but the hub that it is for', async () => {
    localHub({}, 'of the store');
    await join_({});
    for (const baseUrl of ['http://127.0.0.1:7000', 'http://hub:6969', 'https://hub:7000', 'https://127.0.0.1:6969']) {
      expect(resolveAccess({ baseUrl }, 'ana', env)).toMatchObject({
        baseUrl,
        token: undefined,
        fingerprint: undefined,
      });
    }
  });

  it('finds a hub of this folder that runs, wherever it listens', () => {
    localHub({ url: 'https://127.0.0.1:6969', fingerprint: 'pin' }, 'of the store');
    const found = { baseUrl: 'https://127.0.0.1:6969', fingerprint: 'pin', token: 'of the store' };
    expect(resolveAccess({}, 'ana', env)).toMatchObject(found);
    localHub({ url: `unix:${at('s')}`, port: 0, socket: at('s') });
    expect(resolveAccess({}, 'ana', env)).toMatchObject({ baseUrl: `unix:${at('s')}`, token: 'of the store' });
    localHub({ url: 'http://127.0.0.1:7000', port: 7_000 });
    expect(resolveAccess({}, 'ana', env).baseUrl).toBe('http://127.0.0.1:7000');
    // Left behind by one that is gone; no process has this id.
    localHub({ url: 'http://127.0.0.1:7000', port: 7_000, pid: 2 ** 22 + 1 });
    expect(resolveAccess({}, 'ana', env).baseUrl).toBe('http://127.0.0.1:6969');
  });

  it('knows the hub of this folder on its socket too', () => {
    localHub({ socket: at('s') }, 'of the store');
    expect(resolveAccess({ baseUrl: `unix:${at('s')}` }, 'ana', env).token).toBe('of the store');
  });

  it('does not trust a pid file that others may have written', () => {
    localHub({ url: 'https://127.0.0.1:6969', fingerprint: 'pin' }, 'of the store');
    chmodSync(at('.arc.pid'), 0o666);
    expect(resolveAccess({ baseUrl: 'https://127.0.0.1:6969' }, 'ana', env)).toMatchObject({
      token: undefined,
      fingerprint: undefined,
    });
  });

  it('refuses a token of the store that is open to others, in one line', () => {
    localHub({}, 'of the store');
    chmodSync(at('.arc.token'), 0o644);
    expect(() => resolveAccess({}, 'ana', env)).toThrow(`${at('.arc.token')} is open to others (mode 0644)`);
  });

  it.skipIf(process.geteuid?.() !== 0)('leaves the token of a store of another account alone', async () => {
    const { chownSync } = await import('node:fs');
    localHub({}, 'of the store');
    chownSync(at('.arc.token'), 12_345, 12_345);
    expect(resolveAccess({}, 'ana', env).token).toBeUndefined();
  });
});
