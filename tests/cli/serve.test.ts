/** `arc serve`: how it is started, what it says, what it refuses, and how it ends. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startHub } from '../support/hub-process.js';
import { until } from '../support/until.js';
import { arc, newFolder, start } from './arc.js';

const hubInfo = async (url: string) => {
  const answer = await fetch(`${url}/v1/hub-info`);
  return ((await answer.json()) as { result: Record<string, unknown> }).result;
};

describe('serve', () => {
  it('says on stdout, on one line, that it is ready', async () => {
    await using hub = await startHub();
    expect(hub.stdout.split('\n')).toHaveLength(2);
    expect(hub.ready).toEqual({
      ready: true,
      url: `http://127.0.0.1:${hub.port}`,
      host: '127.0.0.1',
      port: hub.port,
      pid: hub.pid,
      instance_id: expect.stringMatching(/^mh1-[0-9a-f]{20}$/),
      storage_path: hub.storage,
    });
    await hub.stop();
    expect(hub.stdout.split('\n')).toHaveLength(2);
  });

  it('logs JSON lines to stderr, and with --quiet nothing that is not worth a warning', async () => {
    await using hub = await startHub();
    await until(() => hub.stderr.includes('\n'));
    expect(JSON.parse(hub.stderr.split('\n')[0] ?? '')).toMatchObject({ level: 30, msg: 'listening' });
    await using quiet = await startHub({ args: ['--quiet'] });
    await quiet.stop();
    expect(quiet.stderr).toBe('');
  });

  it.each([
    { words: ['--port', '0'] },
    { words: ['--po', '0'] },
    { words: ['--port=0', 'serve'] },
    { words: ['serve', '--no-relay'], env: { ARC_PORT: '0' } },
    { words: [], file: { port: 0 } },
    { words: ['--config', 'other.json'], name: 'other.json', file: { port: 0, quiet: true } },
  ])('starts as $words with $env and $file', async ({ words, env, file, name = 'arc.config.json' }) => {
    await using folder = await newFolder();
    if (file !== undefined) writeFileSync(folder.at(name), JSON.stringify(file));
    const child = start(words, { cwd: folder.path, ...(env !== undefined && { env }) });
    let stdout = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    const ready = await until(() => stdout.includes('\n') && JSON.parse(stdout));
    expect(ready).toMatchObject({ ready: true, storage_path: folder.storage });
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });

  it('obeys its settings, the flag before the variable before the file', async () => {
    await using folder = await newFolder();
    const file = folder.at('hub.json');
    writeFileSync(file, JSON.stringify({ max_body_chars: 10, max_attachments: 11, presence_ttl_sec: 12 }));
    const env = { ARC_CONFIG: file, ARC_MAX_ATTACHMENTS: '21', ARC_PRESENCE_TTL_SEC: '22', ARC_DURABILITY: 'normal' };
    await using hub = await startHub({ env, args: ['--presence-ttl-sec', '32'] });
    expect(await hubInfo(hub.url)).toMatchObject({
      max_body_chars: 10,
      max_attachments: 21,
      presence_ttl_sec: 32,
      durability: 'normal',
    });
  });
});

describe('serve refuses', () => {
  it.each([
    [['--port', '70000'], 'port out of range'],
    [['--presence-ttl-sec', '4'], 'presence_ttl_sec must be >= 5'],
    [['--max-body-chars', '0'], 'max_body_chars must be at least 1'],
    [['--max-attachments', '-1'], 'max_attachments must be non-negative'],
    [['--host', '0.0.0.0'], 'Remote bind requires allow_remote=true'],
    [
      ['--host', '0.0.0.0', '--allow-remote', '--auth', 'open'],
      'auth open off this machine trusts whoever comes: leave it away (tokens are then required), or add --insecure-no-auth',
    ],
  ])('%j: %s (arc-v1 §8.3)', async (words, text) => {
    await using folder = await newFolder();
    const outcome = await folder.arc(words);
    expect(outcome).toEqual({ code: 1, stdout: '', stderr: `arc error: ${text}\n` });
    expect(existsSync(folder.storage)).toBe(false);
  });

  it.each([
    [['--port', 'many'], 'It must be an integer'],
    [['--prot', '1'], 'Did you mean --port?'],
    [['--max-b', '1', '--ma', '2'], 'ambiguous option: --ma'],
    [['--durability', 'some'], 'Allowed choices are full, normal'],
    [['srve'], 'Did you mean serve?'],
    [['stauts'], 'Did you mean status?'],
    [['serve', 'now'], 'too many arguments'],
  ])('%j is a usage error: exit 2', async (words, text) => {
    const { code, stdout, stderr } = await arc(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(text);
  });

  it('a config file with a misspelled setting, naming it', async () => {
    await using folder = await newFolder();
    writeFileSync(folder.at('arc.config.json'), '{"presence_tll_sec": 60}');
    const { code, stderr } = await folder.arc([]);
    expect(code).toBe(2);
    expect(stderr).toContain('arc.config.json: unknown setting: presence_tll_sec');
  });

  it('a port in use, and leaves no empty database behind (arc-v1 §12 F11)', async () => {
    await using hub = await startHub();
    await using folder = await newFolder();
    const outcome = await folder.arc(['--port', String(hub.port)]);
    expect(outcome).toEqual({ code: 1, stdout: '', stderr: `arc error: port ${hub.port} on 127.0.0.1 is in use\n` });
    expect(existsSync(folder.storage)).toBe(false);
  });

  it('a storage that cannot be one: one line, exit 1, and nothing is destroyed', async () => {
    await using folder = await newFolder();
    mkdirSync(folder.at('folder'));
    writeFileSync(
      folder.at('letter.txt'),
      'Dear Ana, this is no database, and it should stay what it is.\n'.repeat(20),
    );
    const before = readFileSync(folder.at('letter.txt'), 'utf8');
    for (const storage of ['folder', 'letter.txt', 'letter.txt/arc.sqlite3']) {
      const { code, stdout, stderr } = await folder.arc(['--port', '0', '--storage', storage]);
      expect({ storage, code, stdout }).toEqual({ storage, code: 1, stdout: '' });
      expect(stderr).toMatch(/^arc error: [^\n]+\n$/);
    }
    expect(readFileSync(folder.at('letter.txt'), 'utf8')).toBe(before);
  });

  it.skipIf(process.platform !== 'linux')('a folder that cannot be written', async () => {
    // Root may write anywhere but there.
    const { code, stdout, stderr } = await arc(['--port', '0', '--storage', '/sys/arc/arc.sqlite3']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^arc error: unable to create storage directory: \/sys\/arc[^\n]*\n$/);
  });
});

describe('serve ends', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('on %s within 5 s and with 0, whatever the clients do', async (signal) => {
    await using hub = await startHub();
    // One that never finishes its request, one that waits for an answer, and one that never reads.
    const hanging = [
      'POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{',
      'GET /v1/stream?agent_id=a HTTP/1.1\r\nHost: localhost\r\n\r\n',
      '',
    ].map((bytes) => {
      const socket = connect(hub.port, '127.0.0.1', () => socket.write(bytes));
      socket.on('error', () => undefined).pause();
      return socket;
    });
    const poll = fetch(`${hub.url}/v1/events?agent_id=a&timeout=60`).then((answer) => answer.json());
    await until(async () => {
      const answer = await fetch(`${hub.url}/v1/stats`);
      return ((await answer.json()) as { result: { waiters: number } }).result.waiters >= 1;
    });
    // It would be killed if it took long, and the code be another.
    expect(await hub.stop(signal)).toBe(0);
    // The waiting poll is answered, with the notice (arc-v1 §12 D8).
    expect(await poll).toMatchObject({ ok: true, result: [{ body: 'Hub is shutting down now.' }] });
    expect(existsSync(`${hub.folder}/.arc.pid`)).toBe(false);
    for (const socket of hanging) socket.destroy();
  });

  it('with 0 when an agent shuts it down', async () => {
    await using hub = await startHub();
    await fetch(`${hub.url}/v1/shutdown`, { method: 'POST', body: '{"delay_sec":0}' });
    await until(() => !hub.isRunning);
    expect(existsSync(`${hub.folder}/.arc.pid`)).toBe(false);
  });
});
