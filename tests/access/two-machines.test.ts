/** Another machine in two commands: invite here, join there, and whoever has no token stays out (identity §6). */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, fetch as undiciFetch } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HubClient, type HubError } from '../../client/index.js';
import { CERT_FILE, KEY_FILE } from '../../server/listen/own-certificate.js';
import { json, newMachine } from '../cli/arc.js';
import { openHttp, openStdio } from '../mcp/hosts.js';

type Machine = Awaited<ReturnType<typeof newMachine>>;

interface Invite {
  join: string;
  url: string;
  token_id: string;
}

/** The link within the command that is printed, as a shell would read it. */
const linkIn = ({ join }: Invite) => /'(.*)'/.exec(join)?.[1] ?? '';
const tokenIn = (invite: Invite) => linkIn(invite).split('#')[1] ?? '';
const keyIn = (invite: Invite) => /fp=([\w-]+)/.exec(linkIn(invite))?.[1] ?? '';

/** A second loopback address stands for the network: others than this machine's own must show who they are. */
const ENSURE = ['ensure', '--host', '127.0.0.2', '--port', '0', '--auth', 'required', '--tls', 'auto', '--no-relay'];
const invited = async (hub: Machine, agent: string) =>
  json(await hub.run(['invite', '--agent', agent, '--address', '127.0.0.2'])) as Invite;

describe('a hub and another machine', () => {
  let hub: Machine;
  let away: Machine;
  let invite: Invite;
  beforeAll(async () => {
    hub = await newMachine();
    away = await newMachine();
    expect(json(await hub.run(ENSURE))).toMatchObject({ running: true });
    invite = await invited(hub, 'ben');
  });
  afterAll(async () => {
    await hub[Symbol.asyncDispose]();
    await away[Symbol.asyncDispose]();
  });

  it('need one command each', async () => {
    const joined = await away.run(['join', linkIn(invite)]);
    expect(json(joined)).toMatchObject({ joined: true, url: invite.url, role: 'agent', names: ['ben'] });
    const posted = await away.run(['post', 'from afar', '--agent', 'ben', '--base-url', invite.url]);
    expect(json(posted)).toMatchObject({ from_agent: 'ben', body: 'from afar' });
    // Nobody need say the name either: the account has joined as ben.
    expect((await away.run(['tui', '--base-url', invite.url])).stdout).toContain(`Hub ${invite.url}`);
  });

  it('let arc mcp, the client and a host of MCP over HTTP be ben', async () => {
    await using stdio = await openStdio(invite.url, 'ben', away.env);
    await stdio.value('arc_post_message', { channel: 'general', body: 'by mcp' });
    const access = { baseUrl: invite.url, token: tokenIn(invite), fingerprint: keyIn(invite) };
    await using ben = await HubClient.connect('ben', access);
    expect(await ben.identity()).toMatchObject({ names: ['ben'], token_id: invite.token_id });
    // The key is pinned by our own clients; a host of another make is told to trust it.
    const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
    const fetch = ((input: URL, init: object) => undiciFetch(input, { ...init, dispatcher })) as unknown as never;
    const requestInit = { headers: { Authorization: `Bearer ${tokenIn(invite)}` } };
    await using host = await openHttp(invite.url, 'ben', { fetch, requestInit });
    await host.value('arc_post_message', { channel: 'general', body: 'by http' });
    await expect(openHttp(invite.url, 'ana', { fetch, requestInit })).rejects.toThrow(/ana is not a name/);
    await expect(openHttp(invite.url, 'ben', { fetch })).rejects.toThrow(/needs a token/);
    const { from_agent } = (await ben.messages({ channel: 'general', tail: true })).at(-1) ?? {};
    expect(from_agent).toBe('ben');
  });

  it('refuse whoever is not ben, in words that say what to do', async () => {
    const refusal = async (words: string[], more: Record<string, string> = {}) => {
      const { code, stderr } = await away.run([...words, '--base-url', invite.url], more);
      expect(code).toBe(1);
      return stderr;
    };
    const post = ['post', 'x', '--agent', 'ana'];
    expect(await refusal(post)).toContain('agent_id ana is not a name that the caller may act as');
    expect(await refusal(['token', 'list'])).toContain('tokens.list is for operator only, and the caller is agent');
    const strange = { ARC_TOKEN: `arct_${'i'.repeat(10)}_${'s'.repeat(43)}` };
    expect(await refusal(post, strange)).toContain('this hub does not know the token');
    await using nobody = await newMachine();
    const { stderr } = await nobody.run(['post', 'x', '--agent', 'ben', '--base-url', invite.url]);
    expect(stderr).toContain('is not known here: join the hub');
    const access = { baseUrl: invite.url, fingerprint: keyIn(invite), token: '' };
    const bare = await HubClient.connect('ben', access).catch((cause: HubError) => cause);
    expect(bare).toMatchObject({ code: 'unauthorized' });
  });

  it('know each other no longer once the token is revoked, or the key is another', async () => {
    const other = await invited(hub, 'cleo');
    await using laptop = await newMachine();
    expect((await laptop.run(['join', linkIn(other)])).code).toBe(0);
    expect(json(await hub.run(['token', 'revoke', other.token_id]))).toMatchObject({ id: other.token_id });
    const post = ['post', 'x', '--agent', 'cleo', '--base-url', other.url];
    expect((await laptop.run(post)).stderr).toContain('the token was revoked: ask the hub');
    const token = tokenIn(await invited(hub, 'cleo'));
    const again = await laptop.run(['join', linkIn(other).replace(/#.*/, `#${token}`).replace(/fp=./, 'fp=X')]);
    expect(again.stderr).toContain('shows another key');
  });

  it('tell a hub that was made anew from the one that was joined', async () => {
    const port = new URL(invite.url).port;
    const own = ['--port', port, '--host', '127.0.0.2'];
    expect((await hub.run(['stop', ...own])).code).toBe(0);
    for (const file of [KEY_FILE, CERT_FILE]) rmSync(hub.at(file), { force: true });
    expect(json(await hub.run([...ENSURE.map((word) => (word === '0' ? port : word))]))).toMatchObject({
      running: true,
    });
    const { stderr } = await away.run(['post', 'x', '--agent', 'ben', '--base-url', invite.url]);
    expect(stderr).toContain('arc join --again');
    const next = await invited(hub, 'ben');
    expect((await away.run(['join', '--again', linkIn(next)])).code).toBe(0);
    expect((await away.run(['post', 'x', '--agent', 'ben', '--base-url', invite.url])).code).toBe(0);
  });
});

describe('arc invite', () => {
  it('answers with the command that opens a hub which listens on this machine only', async () => {
    await using own = await newMachine();
    const { url } = json(await own.run(['ensure', '--port', '0', '--no-relay'])) as { url: string };
    const { port } = new URL(url);
    const { code, stderr } = await own.run(['invite', '--agent', 'ben']);
    expect({ code, stderr: stderr.trim() }).toEqual({
      code: 1,
      stderr: `arc error: the hub listens on this machine only; open it: arc stop && arc ensure --host 0.0.0.0 --port ${port} --allow-remote --tls auto`,
    });
  });
});

describe('arc token and arc audit', () => {
  it('work on an open hub, and on the store of one that does not run', async () => {
    await using own = await newMachine();
    const { url } = json(await own.run(['ensure', '--port', '0', '--no-relay'])) as { url: string };
    const issued = json(await own.run(['token', 'issue', '--agent', 'ana', '--agent', 'ci-*', '--expires', '30d'])) as {
      id: string;
      token: string;
    };
    expect(json(await own.run(['token', 'list']))).toMatchObject([{ id: issued.id, names: ['ana', 'ci-*'] }]);
    const post = ['post', 'x', '--agent', 'ana', '--base-url', url];
    expect((await own.run(post)).stderr).toContain(
      'agent_id ana has a token: whoever acts under that name must show it',
    );
    writeFileSync(own.at('token'), issued.token, { mode: 0o600 });
    expect((await own.run([...post, '--token-file', own.at('token')])).code).toBe(0);
    expect((await own.run(['stop'])).code).toBe(0);
    const rotated = json(await own.run(['token', 'rotate', issued.id, '--grace', '0'])) as { token: string };
    expect(rotated.token).not.toBe(issued.token);
    expect(json(await own.run(['token', 'revoke', issued.id, '--forget']))).toMatchObject({ names: [] });
    const lines = json(await own.run(['audit'])) as { operation: string; outcome: string }[];
    const what = lines.map(({ operation, outcome }) => `${operation} ${outcome}`);
    // Refusals are gathered for a second.
    expect(what.sort()).toEqual([
      'bootstrap forbidden',
      'hub.shutdown.start done',
      'tokens.issue done',
      'tokens.revoke done',
      'tokens.rotate done',
    ]);
    expect(readFileSync(own.storage).includes(issued.token.slice(16))).toBe(false);
  });

  it.each([
    [['token', 'revoke'], 2, 'revoke needs the id of a token'],
    [['token', 'list', 'x'], 2, 'list takes no id'],
    [['token', 'issue'], 1, 'no hub runs here, and there is no store at'],
    [['token', 'issue', '--role', 'king'], 2, 'Allowed choices are'],
    [['token', 'issue', '--agent', 'a', '--expires', 'soon'], 2, 'It must be a time such as'],
  ])('%j is refused', async (words, code, text) => {
    await using own = await newMachine();
    const refused = await own.run(words);
    expect([refused.code, refused.stderr]).toEqual([code, expect.stringContaining(text)]);
  });
});
