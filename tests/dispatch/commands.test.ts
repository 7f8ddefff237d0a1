import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { agentPath } from '../../dispatch/personas/store.js';
import { arc, json, start } from '../cli/arc.js';
import { HUB_MAIN } from '../support/hub-process.js';
import { until } from '../support/until.js';
import { TestHome } from './support/home.js';
import { StubAcpx } from './support/stub-acpx.js';

function setUp() {
  const home = new TestHome();
  const stub = new StubAcpx(home.folder);
  home.config(`daemon:\n  auto_start: false\nacpx:\n  command: ${stub.path}\nollama:\n  endpoints: {}\n`);
  home.agent('coach');
  const env = { ARC_HOME: home.home.path };
  const run = (...words: string[]) => arc(words, { env, cwd: home.workspace });
  return { home, stub, env, run, [Symbol.dispose]: () => home[Symbol.dispose]() };
}

describe('arc ask (dispatch §1.1)', () => {
  it('prints the answer and nothing else, and logs it', async () => {
    using at = setUp();
    expect(await at.run('ask', '--agent', 'coach', 'hi')).toEqual({ code: 0, stdout: 'answer to hi\n', stderr: '' });
    expect(await at.run('ask', '-a', 'coach', '--pretty', 'hi')).toMatchObject({
      stdout: '\n[acpx / sonnet]\n\nanswer to hi\n',
    });
    const routing = await at.run('log', 'routing');
    expect(routing.stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8} {2}coach {8}sonnet {23}cli {6}hi\n/);
  });

  it('asks a model without an agent, in the working folder, which may then read only', async () => {
    using at = setUp();
    expect(await at.run('ask', '--model', 'haiku', 'hi')).toMatchObject({ code: 0, stdout: 'answer to hi\n' });
    const { argv = [] } = at.stub.calls[0] ?? {};
    expect(argv.slice(2, 7)).toEqual(['--cwd', at.home.workspace, '--model', 'haiku', '--approve-reads']);
    expect(argv).not.toContain('--system-prompt');
  });

  it('puts what is piped before the argument, a blank line between', async () => {
    using at = setUp();
    const child = spawn(process.execPath, [HUB_MAIN, 'ask', '-a', 'coach', ' why? '], {
      env: { ...process.env, ...at.env },
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    child.stdin?.end('a diff\n');
    await new Promise((resolve) => child.once('close', resolve));
    expect(at.stub.calls.map(({ prompt }) => prompt)).toEqual(['a diff\n\nwhy?']);
  });

  it('says in one line what is wrong, on stderr, exit 1', async () => {
    using at = setUp();
    const failed = (stderr: string) => ({ code: 1, stdout: '', stderr: `Error: ${stderr}\n` });
    expect(await at.run('ask', 'hi')).toEqual(failed('name whom to ask: --agent, or --model'));
    expect(await at.run('ask', '-a', 'coach')).toEqual(failed('provide a prompt argument or pipe text via stdin'));
    expect(await at.run('ask', '-a', 'coch', 'hi')).toEqual(
      failed("Agent 'coch' not found. Did you mean 'coach'? Available: coach"),
    );
    expect(await at.run('ask', '-a', '../config', 'hi')).toMatchObject({ code: 1, stdout: '' });
    at.stub.behave('console.error("broken\\u001b[31m"); process.exit(1)');
    expect(await at.run('ask', '-a', 'coach', 'hi')).toEqual(failed('acpx exited 1: broken'));
    const reply = await at.run('ask', '-a', 'coach', '--json', 'hi');
    expect(reply).toMatchObject({ code: 1, stderr: '' });
    expect(json(reply)).toMatchObject({ status: 'error', code: 'backend', model: 'sonnet', dispatch_type: 'acpx' });
    expect((await at.run('ask', '--nonsense')).code).toBe(2);
  });

  it('a corrupt configuration is named with its line', async () => {
    using at = setUp();
    writeFileSync(at.home.home.config, 'timeouts:\n  acpx_request: no\n');
    expect(await at.run('ask', '-a', 'coach', 'hi')).toMatchObject({
      code: 1,
      stderr: `Error: ${at.home.home.config}:2: timeouts.acpx_request: expected a number of seconds above 0\n`,
    });
  });

  it('takes its agent from the command line only', async () => {
    using at = setUp();
    writeFileSync(join(at.home.workspace, 'arc.config.json'), '{"agent":"coach"}');
    const outcome = await arc(['ask', 'hi'], { env: { ...at.env, ARC_AGENT: 'coach' }, cwd: at.home.workspace });
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('name whom to ask') });
    const elsewhere = join(at.home.folder, 'elsewhere');
    mkdirSync(elsewhere, { mode: 0o700 });
    const other = await at.run('agent', 'list', '--config-dir', elsewhere);
    expect(other.stdout).toBe('No agents configured. Create one with: arc agent create\n');
  });

  it('ends the backend when it is interrupted', async () => {
    using at = setUp();
    at.stub.behave('setInterval(() => {}, 1000)');
    const child = start(['ask', '-a', 'coach', 'hi'], { env: at.env });
    await until(() => at.stub.calls.length === 1);
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(1);
    const pid = at.stub.calls[0]?.pid ?? 0;
    expect(() => process.kill(pid, 0)).toThrowError('ESRCH');
  });
});

describe('arc agent', () => {
  it('creates, lists, shows, clones and deletes', async () => {
    using at = setUp();
    const created = await at.run('agent', 'create', '-n', 'new', '-w', at.home.workspace, '-m', 'haiku');
    expect(created).toMatchObject({ code: 0, stdout: expect.stringContaining("Created agent 'new'") });
    expect(await at.run('agent', 'create', '-n', 'new', '-w', at.home.workspace)).toMatchObject({
      code: 1,
      stderr: "Error: Agent 'new' already exists.\n",
    });
    expect((await at.run('agent', 'list')).stdout).toBe(
      `coach            sonnet                       ${at.home.workspace}\nnew              haiku                        ${at.home.workspace}\n`,
    );
    expect(json(await at.run('agent', 'list', '--json'))).toMatchObject([{ name: 'coach' }, { name: 'new' }]);
    expect((await at.run('agent', 'show', 'new')).stdout).toBe(at.home.read(agentPath(at.home.home, 'new')));
    expect((await at.run('agent', 'clone', 'new', 'twin')).stdout).toContain("Cloned 'new' -> 'twin'.");
    expect(await at.run('agent', 'delete', 'twin')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--yes'),
    });
    expect((await at.run('agent', 'delete', 'twin', '--yes')).stdout).toBe("Deleted agent 'twin'.\n");
    expect(await at.run('agent', 'delete', '../config', '--yes')).toMatchObject({ code: 1 });
    expect(at.home.read(at.home.home.config)).toContain('acpx');
    expect(await at.run('agent', 'show', 'twin')).toMatchObject({ code: 1, stdout: '' });
    expect((await at.run('agent', 'clone', 'new')).code).toBe(2);
  });

  it('refuses a workspace that is the home folder', async () => {
    using at = setUp();
    const created = await at.run('agent', 'create', '-n', 'x', '-w', homedir());
    expect(created).toMatchObject({ code: 1, stderr: expect.stringContaining('is your home folder') });
    expect((await at.run('agent', 'list')).stdout).not.toContain('x  ');
  });

  it('is edited by $EDITOR, and told what is wrong afterwards', async () => {
    using at = setUp();
    const editing = (editor: string) =>
      arc(['agent', 'edit', 'coach'], { env: { ...at.env, VISUAL: '', EDITOR: editor } });
    expect(await editing('sed -i s/sonnet/opus/')).toMatchObject({ code: 0 });
    expect(at.home.read(agentPath(at.home.home, 'coach'))).toContain('model: opus');
    expect(await editing('sed -i s/model:/modle:/')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('model:'),
    });
  });
});

describe('arc config, log and ping', () => {
  it('sets a key, shows the file masked, and changes nothing for a bad value', async () => {
    using at = setUp();
    expect((await at.run('config', 'set', 'timeouts.acpx_request', '600')).stdout).toBe(
      'Set timeouts.acpx_request = 600\n',
    );
    expect(await at.run('config', 'set', 'daemon.log_level', 'loud')).toMatchObject({ code: 1, stdout: '' });
    writeFileSync(at.home.home.config, `${at.home.read(at.home.home.config)}# token: abcdefghijkl\n`);
    const { stdout } = await at.run('config', 'show');
    expect(stdout).toContain('acpx_request: 600');
    expect(stdout).toContain('token: ***');
    expect(stdout).not.toContain('loud');
  });

  it('lists nothing where there is nothing', async () => {
    using at = setUp();
    expect((await at.run('log', 'routing')).stdout).toBe('No routing log entries.\n');
    expect((await at.run('log', 'cron')).stdout).toBe('No cron log entries.\n');
    expect(json(await at.run('log', 'cron', '--json'))).toEqual([]);
  });

  it('filters and cuts', async () => {
    using at = setUp();
    const line = (job: string) => ({
      timestamp: '2026-01-02T03:04:05.000Z',
      job,
      status: 'ok',
      output_preview: 'done',
    });
    writeFileSync(at.home.home.cronLog, ['a', 'b', 'a', 'c'].map((job) => `${JSON.stringify(line(job))}\n`).join(''));
    expect((await at.run('log', 'cron', '--job', 'a', '-n', '1')).stdout).toBe(
      `2026-01-02 03:04:05  ${'a'.padEnd(20)} [ok]  done\n`,
    );
    expect((await at.run('log', 'cron', '-n', '0')).code).toBe(2);
  });

  it('tests what there is', async () => {
    using at = setUp();
    expect(await at.run('ping')).toEqual({ code: 0, stdout: `acpx      ok    ${at.stub.path}\n`, stderr: '' });
    await at.run('config', 'set', 'acpx.command', '/none');
    expect(await at.run('ping')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('acpx      fail  acpx not found'),
    });
  });
});
