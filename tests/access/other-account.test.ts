/** What another account of the machine gets at: nothing of the socket, the key, the credentials (identity §6, §7). */
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { storeCredentials } from '../../client/credentials/credentials-file.js';
import { HubClient } from '../../client/index.js';
import { TOKEN_FILE } from '../../protocol/index.js';
import { newFolder } from '../cli/arc.js';
import { startHub } from '../support/hub-process.js';

const OTHER = 54_321;

/** Runs JavaScript as another account; what it prints. */
async function asOther(code: string): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    uid: OTHER,
    gid: OTHER,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return (await text(child.stdout)).trim();
}

const connecting = (path: string) => `
  import { connect } from 'node:net';
  connect(${JSON.stringify(path)}).on('connect', () => { console.log('connected'); process.exit(); }).on('error', ({ code }) => console.log(code));`;
const reading = (path: string) => `
  import { readFileSync } from 'node:fs';
  try { readFileSync(${JSON.stringify(path)}); console.log('read'); } catch ({ code }) { console.log(code); }`;

it.skipIf(process.geteuid?.() !== 0)(
  'another account reads no key and no credentials, and reaches no socket',
  async () => {
    await using folder = await newFolder();
    // The folders are open to looks, so that it is the files themselves that are closed.
    chmodSync(folder.path, 0o755);
    mkdirSync(folder.at('run'), { mode: 0o755 });
    await using hub = await startHub({
      storage: folder.storage,
      args: ['--tls', 'auto', '--auth', 'required', '--socket', folder.at('run', 'hub.sock')],
    });
    const token = readFileSync(folder.at(TOKEN_FILE), 'utf8').trim();
    const { baseUrl, fingerprint } = { baseUrl: hub.url, fingerprint: hub.ready.fingerprint };
    await using ana = HubClient.overHttp('ana', { baseUrl, token, ...(fingerprint !== undefined && { fingerprint }) });
    await ana.post('general', 'a secret');
    await storeCredentials({ url: hub.url, token: 'secret' }, folder.at('config', 'credentials.json'));
    chmodSync(folder.at('config'), 0o755);
    expect(await asOther(connecting(folder.at('run', 'hub.sock')))).toBe('EACCES');
    const files = ['arc.sqlite3', 'arc.sqlite3-wal', 'arc.sqlite3-shm', '.arc.pid', `.arc.${hub.port}.pid`, TOKEN_FILE];
    for (const file of [...files, '.arc.tls-key.pem', '.arc.tls-cert.pem', 'config/credentials.json']) {
      expect(await asOther(reading(folder.at(file)))).toBe('EACCES');
    }
    // The spool of the hub's own folder, which is closed as a whole.
    chmodSync(hub.folder, 0o755);
    expect(await asOther(reading(`${hub.folder}/spool/hub.json`))).toBe('EACCES');
    writeFileSync(folder.at('probe'), 'x', { mode: 0o644 });
    expect(await asOther(reading(folder.at('probe')))).toBe('read');
  },
);

it.skipIf(process.geteuid?.() !== 0)('what another account planted is refused with one line', async () => {
  await using folder = await newFolder();
  const refusal = (...args: string[]) =>
    startHub({ storage: folder.storage, args }).then(
      () => 'it started',
      (cause: Error) => /^arc error: .*$/m.exec(cause.message)?.[0],
    );
  mkdirSync(folder.at('theirs'));
  chownSync(folder.at('theirs'), OTHER, OTHER);
  expect(await refusal('--socket', folder.at('theirs', 'hub.sock'))).toBe(
    `arc error: --socket needs a folder that only you may write: ${folder.at('theirs')} belongs to account ${OTHER} and not to this one (0)`,
  );
  writeFileSync(folder.at('.arc.tls-key.pem'), 'theirs', { mode: 0o600 });
  chownSync(folder.at('.arc.tls-key.pem'), OTHER, OTHER);
  expect(await refusal('--tls', 'auto')).toContain(`belongs to account ${OTHER} and not to this one (0)`);
  mkdirSync(folder.at('linked'));
  symlinkSync(folder.at('theirs', 'elsewhere'), folder.at('linked', 'hub.sock'));
  expect(await refusal('--socket', folder.at('linked', 'hub.sock'))).toContain('is there already and is no socket');

  // A token that somebody else put there, or could have read, is not the hub's.
  const token = folder.at(TOKEN_FILE);
  writeFileSync(token, 'theirs', { mode: 0o600 });
  chownSync(token, OTHER, OTHER);
  expect(await refusal('--auth', 'required')).toContain(`${token} belongs to account ${OTHER} and not to this one (0)`);
  rmSync(token);
  writeFileSync(token, 'ours', { mode: 0o644 });
  chmodSync(token, 0o644);
  expect(await refusal('--auth', 'required')).toContain(`${token} is open to others (mode 0644): chmod 600 ${token}`);
  rmSync(token);
  symlinkSync(folder.at('theirs', 'token'), token);
  expect(await refusal('--auth', 'required')).toContain(`${token} is a symbolic link`);
});
