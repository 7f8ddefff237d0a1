/** The command line with TLS, Unix sockets and tokens: from one's own hub and from another machine (identity §5–§7). */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { formatInvite } from '../../client/credentials/invite-link.js';
import { type Folder, json, newMachine, start } from '../cli/arc.js';
import { type Certificate, certificate } from '../support/certificates.js';
import { HUB_MAIN } from '../support/hub-process.js';
import { until } from '../support/until.js';

const ensured = async (folder: Folder, ...words: string[]) =>
  json(await folder.arc(['ensure', '--port', '0', '--no-relay', ...words])) as { url: string; error?: string };

describe('a token that the hub does not take', () => {
  it('is told of by the guard, ends a relay, and keeps arc mcp from knocking on', async () => {
    await using own = await newMachine();
    await using box = await newMachine();
    const { url } = await ensured(own, '--auth', 'required');
    const ARC_TOKEN = `arct_${'a'.repeat(10)}_${'b'.repeat(43)}`;
    const words = ['--base-url', url];

    execFileSync('git', ['init', '-q'], { cwd: box.path });
    writeFileSync(box.at('file'), 'x');
    execFileSync('git', ['add', 'file'], { cwd: box.path });
    const check = ['guard', 'check', '--agent', 'ana', ...words];
    const passed = await box.run(check, { ARC_TOKEN });
    expect(passed).toMatchObject({ code: 0, stderr: expect.stringContaining('NOT checked, the hub refuses') });
    expect(await box.run([...check, '--when-down', 'refuse'], { ARC_TOKEN })).toMatchObject({ code: 1 });

    const relay = await box.run(['relay', ...words, '--spool-dir', box.at('spool')], { ARC_TOKEN });
    expect(relay).toMatchObject({
      code: 1,
      stdout: expect.not.stringContaining('ready'),
      stderr: expect.stringContaining('the relay is not let in: this hub does not know the token'),
    });

    const mcp = spawn(process.execPath, [HUB_MAIN, 'mcp', '--agent', 'ana', ...words], {
      cwd: box.path,
      env: { ...process.env, ...box.env, ARC_TOKEN },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let said = '';
    mcp.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const tell = (message: object) => mcp.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    const clientInfo = { name: 'test', version: '1' };
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
    tell({ id: 1, method: 'initialize', params });
    tell({ method: 'notifications/initialized' });
    await until(() => said.includes('the hub refuses ana'));
    tell({ id: 2, method: 'tools/call', params: { name: 'arc_list_agents', arguments: {} } });
    await until(() => said.includes('Do not try again with the same token'));
    expect(said).not.toContain('no hub answers');
    mcp.stdin.end();
    await once(mcp, 'close');
  });
});

describe('one’s own hub with TLS', () => {
  it('is found, asked, used and stopped without a word about its key', async () => {
    await using own = await newMachine();
    const { url } = await ensured(own, '--tls', 'auto');
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:/);
    expect(json(await own.run(['ensure', '--no-relay']))).toMatchObject({ running: true, started: false, url });
    expect(json(await own.run(['status']))).toMatchObject({ running: true, url });
    const port = new URL(url).port;
    for (const named of [
      ['--port', port],
      ['--base-url', url],
    ]) {
      expect((await own.run(['post', 'hi', '--agent', 'ana', ...named])).code).toBe(0);
    }
    expect((await own.run(['tui', '--port', port])).stdout).toContain(`Hub ${url}`);
    expect(json(await own.run(['stop', '--port', port]))).toMatchObject({ stopped: true, url });
  });

  it('is asked from another folder by its storage', async () => {
    await using own = await newMachine();
    await using elsewhere = await newMachine();
    const { url } = await ensured(own, '--tls', 'auto');
    const status = await elsewhere.run(['status', '--storage', own.storage]);
    expect(json(status)).toMatchObject({ running: true, url });
    const { code, stderr } = await elsewhere.run(['post', 'hi', '--agent', 'ana', '--base-url', url]);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is not known here: join the hub'),
    });
  });
});

describe.skipIf(process.platform === 'win32')('one’s own hub on a Unix socket only', () => {
  it('is found, asked, used and stopped', async () => {
    await using own = await newMachine();
    const { url } = await ensured(own, '--socket', own.at('hub.sock'), '--no-tcp');
    expect(url).toBe(`unix:${own.at('hub.sock')}`);
    expect(json(await own.run(['status']))).toMatchObject({ running: true, url });
    expect((await own.run(['post', 'hi', '--agent', 'ana'])).code).toBe(0);
    expect((await own.run(['post', 'hi', '--agent', 'ana'], { ARC_BASE_URL: url })).code).toBe(0);
    expect((await own.run(['tui'])).stdout).toContain(`Hub ${url}`);
    expect(json(await own.run(['stop']))).toMatchObject({ stopped: true, url });
    expect(existsSync(own.at('hub.sock'))).toBe(false);
  });
});

describe('arc relay', () => {
  it('serves a spool in front of a hub with TLS', async () => {
    await using own = await newMachine();
    await using box = await newMachine();
    const { url } = await ensured(own, '--tls', 'auto');
    const words = ['relay', '--base-url', url, '--spool-dir', box.at('spool')];
    const relay = start(words, { cwd: own.path, env: own.env });
    let stdout = '';
    relay.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    await until(() => stdout.includes('\n'));
    const posted = await box.run(['post', 'from the box', '--agent', 'ana', '--relay', box.at('spool')]);
    expect(json(posted)).toMatchObject({ from_agent: 'ana', body: 'from the box' });
    const ended = once(relay, 'close');
    relay.kill('SIGTERM');
    await ended;
  });
});

describe('a token', () => {
  it('given as a flag is used with a warning, and not taken from a config file', async () => {
    await using own = await newMachine();
    const { stderr } = await own.run(['agents', '--port', '1', '--token', 'secret']);
    expect(stderr).toContain('other programs can see --token: use ARC_TOKEN or --token-file');
    expect(stderr).not.toContain('secret');
    expect((await own.run(['agents', '--port', '1'], { ARC_TOKEN: 'secret' })).stderr).not.toContain('--token');
    writeFileSync(own.at('arc.config.json'), '{"token": "secret"}');
    const refused = await own.run(['agents', '--port', '1']);
    expect(refused.stderr).toContain('unknown setting: token');
    expect(refused.stderr).not.toContain('secret');
  });

  it('in a file is refused in one line when the file is missing, empty, or open to others', async () => {
    await using own = await newMachine();
    const file = own.at('token');
    const refusal = async () => (await own.run(['agents', '--token-file', file])).stderr.trim().split('\n')[0];
    expect(await refusal()).toBe(`error: --token-file ${file}: there is no such file`);
    writeFileSync(file, '\n', { mode: 0o600 });
    expect(await refusal()).toBe(`error: --token-file ${file}: it is empty`);
    writeFileSync(file, 'secret');
    chmodSync(file, 0o644);
    expect(await refusal()).toBe(`error: --token-file: ${file} is open to others (mode 0644): chmod 600 ${file}`);
  });
});

const TOKEN = `arct_${'i'.repeat(10)}_${'s'.repeat(43)}`;
const OLD = `arct_${'o'.repeat(10)}_${'s'.repeat(43)}`;

/** What `arc join` asks of a hub, answered to one token only. */
class InvitingHub implements AsyncDisposable {
  readonly #server: Server;
  readonly #pair: Certificate;
  private constructor(server: Server, pair: Certificate) {
    this.#server = server;
    this.#pair = pair;
  }

  static async start(pair: Certificate, port = 0): Promise<InvitingHub> {
    const server = createServer({ cert: pair.cert, key: pair.key }, (req, res) => {
      const isKnown = req.headers.authorization === `Bearer ${TOKEN}`;
      const hub = { implementation: 'arc-hub', implementation_version: '9', instance_id: 'mh1-x' };
      const result = { ...hub, role: 'agent', names: ['ana'], expires_at: null };
      if (!isKnown) res.writeHead(401, { 'X-Arc-Error': 'unauthorized' });
      res.end(JSON.stringify(isKnown ? { ok: true, result } : { ok: false, error: 'this token was revoked' }));
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new InvitingHub(server, pair);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }
  invite({ token = TOKEN, fingerprint = this.#pair.fingerprint } = {}): string {
    return formatInvite({ host: '127.0.0.1', port: this.port, fingerprint, token });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

describe('arc join', () => {
  it('notes the hub for this account alone, after it has shown its key and taken the token', async () => {
    await using away = await newMachine();
    const pair = await certificate();
    await using hub = await InvitingHub.start(pair);
    const { code, stdout, stderr } = await away.run(['join', hub.invite()]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      joined: true,
      url: hub.url,
      fingerprint: pair.fingerprint,
      credentials: away.credentials,
      hub: { implementation: 'arc-hub', version: '9', instance_id: 'mh1-x' },
      role: 'agent',
      names: ['ana'],
      expires_at: null,
    });
    expect(JSON.parse(readFileSync(away.credentials, 'utf8'))).toEqual({
      hubs: [{ url: hub.url, fingerprint: pair.fingerprint, token: TOKEN, agent: 'ana' }],
    });
    expect(lstatSync(away.credentials).mode & 0o777).toBe(0o600);
    // From now on the address is enough.
    expect(json(await away.run(['op', 'hub.info', '--base-url', hub.url]))).toMatchObject({ instance_id: 'mh1-x' });
  });

  it('reads the invite from its input, where no other program sees it', async () => {
    await using away = await newMachine();
    await using hub = await InvitingHub.start(await certificate());
    writeFileSync(away.at('invite.txt'), `${hub.invite()}\n`);
    const shell = start([], {
      cwd: away.path,
      env: away.env,
      command: ['/bin/sh', '-c', `"${process.execPath}" "${HUB_MAIN}" join - < invite.txt`],
    });
    const [code] = await once(shell, 'close');
    expect(code).toBe(0);
    expect(existsSync(away.credentials)).toBe(true);
  });

  it('notes nothing when the key is another, the token is not taken, the link is none, or nobody is there', async () => {
    await using away = await newMachine();
    const hub = await InvitingHub.start(await certificate());
    const refusal = async (link: string) => {
      const { code, stderr } = await away.run(['join', link]);
      expect(code).toBe(1);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      return stderr;
    };
    expect(await refusal(hub.invite({ fingerprint: 'f'.repeat(43) }))).toMatch(
      /shows another key .* either the invite is older than the hub, or somebody answers in its place/,
    );
    expect(await refusal(hub.invite({ token: OLD }))).toContain('does not take this invite (this token was revoked)');
    expect(await refusal(hub.url)).toContain('not an invite: it looks like arc://HOST:PORT?fp=…#TOKEN');
    const link = hub.invite();
    await hub[Symbol.asyncDispose]();
    expect(await refusal(link)).toContain('ECONNREFUSED');
    expect(existsSync(away.credentials)).toBe(false);
  });

  it('does not let an invite change the key of a hub that is known, unless it is told to', async () => {
    await using away = await newMachine();
    const [first, second] = await Promise.all([certificate(), certificate()]);
    const before = await InvitingHub.start(first);
    const { port, url } = before;
    expect((await away.run(['join', before.invite()])).code).toBe(0);
    await before[Symbol.asyncDispose]();
    await using hub = await InvitingHub.start(second, port);
    const used = await away.run(['op', 'hub.info', '--base-url', url]);
    expect(used).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('accept it with its new invite: arc join --again'),
    });
    const refused = await away.run(['join', hub.invite()]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('knows') });
    expect(refused.stderr).toContain(first.fingerprint);
    expect((await away.run(['join', '--again', hub.invite()])).code).toBe(0);
    expect((await away.run(['op', 'hub.info', '--base-url', url])).code).toBe(0);
  });
});
