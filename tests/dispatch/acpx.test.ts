import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAlive } from '../../base/process.js';
import { type AcpxCall, closeArgv, ensureArgv, oneShotArgv, promptArgv } from '../../dispatch/backends/acpx-argv.js';
import { mergeEnvFile } from '../../dispatch/config/env-file.js';
import { PERMISSION_MODES } from '../../dispatch/personas/agent.js';
import { Dispatcher } from '../../dispatch/run/dispatcher.js';
import { until } from '../support/until.js';
import { groundOf } from './support/ground.js';
import { TestHome } from './support/home.js';
import { StubAcpx } from './support/stub-acpx.js';

const call: AcpxCall = {
  format: 'quiet',
  workspace: '/w',
  model: 'sonnet',
  permission: 'approve-reads',
  systemPrompt: 'be kind',
  agent: 'claude',
  promptFile: '/tmp/p.md',
  ttlSec: 300,
};
const plain = { ...call, systemPrompt: undefined };

describe('command lines (dispatch §6)', () => {
  it.each([
    [
      oneShotArgv(call),
      '--format quiet --cwd /w --model sonnet --approve-reads --system-prompt be_kind claude exec --file /tmp/p.md',
    ],
    [oneShotArgv(plain), '--format quiet --cwd /w --model sonnet --approve-reads claude exec --file /tmp/p.md'],
    [ensureArgv(call, 'coach-1'), '--cwd /w --system-prompt be_kind claude sessions ensure --name coach-1'],
    [ensureArgv(plain, 'coach-1'), '--cwd /w claude sessions ensure --name coach-1'],
    [
      promptArgv(call, 'coach-1'),
      '--format quiet --cwd /w --model sonnet --approve-reads --ttl 300 claude -s coach-1 --file /tmp/p.md',
    ],
    [closeArgv(call, 'coach-1'), '--cwd /w claude sessions close coach-1'],
  ])('%#', (argv, expected) => {
    expect(argv.map((word) => word.replaceAll(' ', '_')).join(' ')).toBe(expected);
  });

  it('has a flag for each permission', () => {
    const flags = PERMISSION_MODES.map((permission) => oneShotArgv({ ...plain, permission })[6]);
    expect(flags).toEqual([
      ...['--approve-all', '--approve-all', '--approve-all'],
      ...['--approve-reads', '--approve-reads', '--approve-reads', '--deny-all'],
    ]);
  });
});

function setUp(behave?: string, config = '') {
  const home = new TestHome();
  const stub = new StubAcpx(home.folder, behave);
  home.config(`acpx:\n  command: ${stub.path}\n${config}`);
  home.agent('coach', `workspace: ${home.workspace}\nmodel: sonnet\nsystem_prompt_files: [SOUL.md]\n`);
  home.file('SOUL.md', 'kind');
  return { home, stub, dispatcher: new Dispatcher(groundOf(home)), [Symbol.dispose]: () => home[Symbol.dispose]() };
}

const promptFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('arc-prompt-'));

describe('acpx', () => {
  it('answers once, without memory, and leaves no file', async () => {
    using at = setUp();
    const before = promptFolders();
    const outcome = await at.dispatcher.dispatch({ agent: 'coach', prompt: 'hi' });
    expect(outcome).toMatchObject({ status: 'ok', result: 'answer to hi', model: 'sonnet', dispatch_type: 'acpx' });
    expect(at.stub.calls).toMatchObject([{ prompt: 'hi', mode: '600' }]);
    const argv = at.stub.calls[0]?.argv ?? [];
    expect(argv.slice(0, -1)).toEqual([
      ...['--format', 'quiet', '--cwd', at.home.workspace, '--model', 'sonnet', '--approve-all'],
      ...['--system-prompt', '# SOUL.md\n\nkind', 'claude', 'exec', '--file'],
    ]);
    expect(existsSync(argv.at(-1) ?? '')).toBe(false);
    expect(promptFolders()).toEqual(before);
    const [line] = at.home.read(at.home.home.routingLog).trim().split('\n');
    expect(JSON.parse(line ?? '')).toMatchObject({
      ...{ agent: 'coach', model: 'sonnet', dispatch_type: 'acpx', source: 'cli', one_shot: true },
      ...{ prompt_preview: 'hi', status: 'ok', bytes_out: 12, request_id: outcome.request_id },
    });
  });

  it('makes a session, asks it, and makes it anew when its system prompt has changed', async () => {
    using at = setUp();
    const ask = () => at.dispatcher.dispatch({ agent: 'coach', prompt: 'hi', thread_id: '12345', source: 'discord' });
    expect(await ask()).toMatchObject({ status: 'ok', session: 'coach-12345' });
    await ask();
    at.home.file('SOUL.md', 'stern');
    await ask();
    const verbs = at.stub.calls.map(({ argv }) => argv.slice(argv.indexOf('claude') + 1, argv.indexOf('claude') + 3));
    expect(verbs).toEqual([
      ['sessions', 'ensure'],
      ['-s', 'coach-12345'],
      ['sessions', 'ensure'],
      ['-s', 'coach-12345'],
      ['sessions', 'close'],
      ['sessions', 'ensure'],
      ['-s', 'coach-12345'],
    ]);
    expect(at.stub.calls.some(({ argv }) => argv.includes('exec'))).toBe(false);
  });

  it('a command line has no session unless it names one', async () => {
    using at = setUp();
    expect(await at.dispatcher.dispatch({ agent: 'coach', prompt: 'x', thread_id: '1' })).not.toHaveProperty('session');
    expect(await at.dispatcher.dispatch({ agent: 'coach', prompt: 'x', session: 's1' })).toMatchObject({
      session: 's1',
    });
    expect(await at.dispatcher.dispatch({ agent: 'coach', prompt: 'x', session: '--all' })).toMatchObject({
      code: 'bad_request',
    });
  });

  it('ensures a lost session once more', async () => {
    using at = setUp('if (isPrompt && before === 1) process.exit(4); if (isPrompt) console.log("back");');
    const outcome = await at.dispatcher.dispatch({ agent: 'coach', prompt: 'hi', session: 's' });
    expect(outcome).toMatchObject({ status: 'ok', result: 'back' });
    expect(at.stub.calls).toHaveLength(4);
  });

  it.each([
    ['console.error("no such file"); process.exit(1)', 'backend', 'acpx exited 1: no such file'],
    ['console.error("unknown option"); process.exit(2)', 'backend', 'acpx exited 2: unknown option (usage)'],
    ['process.exit(3)', 'timeout', 'acpx exited 3: its own time was over'],
    ['process.exit(5)', 'backend', 'acpx exited 5: permission denied: see permission_mode of the agent'],
    ['process.exit(130)', 'cancelled', 'acpx exited 130: interrupted'],
    ['console.error("model x is not advertised"); process.exit(1)', 'backend', 'aliases here: sonnet, haiku, opus'],
  ])('tells of a failure: %s', async (behave, code, error) => {
    using at = setUp(behave);
    const before = promptFolders();
    const outcome = await at.dispatcher.dispatch({ agent: 'coach', prompt: 'hi' });
    expect(outcome).toMatchObject({ status: 'error', code, error: expect.stringContaining(error) });
    expect(promptFolders()).toEqual(before);
  });

  it('a failed `sessions ensure` is the failure', async () => {
    using at = setUp('if (!isPrompt) { console.error("broken"); process.exit(1) }');
    const outcome = await at.dispatcher.dispatch({ agent: 'coach', prompt: 'hi', session: 's' });
    expect(outcome).toMatchObject({ status: 'error', error: 'acpx exited 1: broken' });
    expect(at.stub.calls).toHaveLength(1);
  });

  it('says how to install it', async () => {
    using at = setUp(undefined, '');
    const config = { ...at.dispatcher.ground.config, acpx: { ...at.dispatcher.ground.config.acpx, command: '/none' } };
    at.dispatcher.configure(config);
    expect(await at.dispatcher.dispatch({ agent: 'coach', prompt: 'hi' })).toMatchObject({
      status: 'error',
      error: 'acpx not found at /none (acpx.command); install with npm i -g acpx',
    });
  });

  it('ends the whole group at the timeout', async () => {
    using at = setUp();
    const pidFile = join(at.home.folder, 'grandchild');
    at.stub.behave(`
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));
      setInterval(() => {}, 1000);
    `);
    const before = promptFolders();
    const outcome = await at.dispatcher.dispatch({ agent: 'coach', prompt: 'hi', timeout_s: 1 });
    expect(outcome).toMatchObject({ status: 'error', code: 'timeout', error: 'acpx timed out after 1s' });
    expect([at.stub.calls[0]?.pid, Number(readFileSync(pidFile, 'utf8'))].map((pid) => isAlive(Number(pid)))).toEqual([
      false,
      false,
    ]);
    expect(promptFolders()).toEqual(before);
  });

  it('ends what a child leaves behind with its output open', async () => {
    using at = setUp();
    const pidFile = join(at.home.folder, 'grandchild');
    at.stub.behave(`
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));
      console.log('done');
      process.exit(0);
    `);
    expect(await at.dispatcher.dispatch({ agent: 'coach', prompt: 'hi' })).toMatchObject({ result: 'done' });
    expect(isAlive(Number(readFileSync(pidFile, 'utf8')))).toBe(false);
  });

  it('is cancelled by the id of the request', async () => {
    using at = setUp('setInterval(() => {}, 1000)');
    const running = at.dispatcher.dispatch({ agent: 'coach', prompt: 'hi', request_id: 'r1' });
    await until(() => at.stub.calls.length === 1);
    expect(at.dispatcher.running).toMatchObject([{ request_id: 'r1', agent: 'coach', state: 'running' }]);
    expect(at.dispatcher.cancel('r2')).toBe(false);
    expect(at.dispatcher.cancel('r1')).toBe(true);
    expect(await running).toMatchObject({ status: 'error', code: 'cancelled' });
    expect(isAlive(at.stub.calls[0]?.pid ?? 0)).toBe(false);
    expect(at.dispatcher.running).toEqual([]);
  });

  it('stops an answer without end', async () => {
    using at = setUp('const part = "x".repeat(1048576); const more = () => process.stdout.write(part, more); more();');
    expect(await at.dispatcher.dispatch({ agent: 'coach', prompt: 'hi' })).toMatchObject({
      code: 'backend',
      error: 'acpx wrote more than 8388608 bytes',
    });
  });

  it('puts a system prompt that no argument can hold into the file', async () => {
    using at = setUp();
    at.home.file('SOUL.md', 'k'.repeat(200_000));
    expect(await at.dispatcher.dispatch({ agent: 'coach', prompt: 'hi' })).toMatchObject({ status: 'ok' });
    const [first] = at.stub.calls;
    expect(first?.argv).not.toContain('--system-prompt');
    expect(first?.prompt).toMatch(/^<system-prompt>\n# SOUL\.md\n\nk+\n<\/system-prompt>\n\nhi$/);
  });

  it('hides secrets from the child, except those that are passed on', async () => {
    const home = new TestHome();
    using _ = home;
    const stub = new StubAcpx(home.folder);
    home.config(`acpx:\n  command: ${stub.path}\n  env_pass: [PASSED]\n`);
    mergeEnvFile(home.home, { MY_SECRET: 's3cret', PASSED: 'p' });
    home.agent('coach');
    const ground = groundOf(home);
    const env = { ...ground.env, DISCORD_BOT_TOKEN: 'd', ARC_HUB_TOKEN: 'h', ARC_TOKEN: 'a', PLAIN: 'v' };
    await new Dispatcher({ ...ground, env }).dispatch({ agent: 'coach', prompt: 'hi' });
    const seen = stub.calls[0]?.env ?? {};
    expect(
      Object.keys(seen)
        .filter((name) => /SECRET|DISCORD|ARC_|PASSED|PLAIN/.test(name))
        .sort(),
    ).toEqual(['PASSED', 'PLAIN']);
    expect(JSON.stringify(stub.calls)).not.toContain('s3cret');
  });
});

describe('guards', () => {
  it('refuses before anything is run', async () => {
    using at = setUp();
    const refused = async (prompt: Parameters<Dispatcher['dispatch']>[0]) =>
      (await at.dispatcher.dispatch(prompt)).error;
    expect(await refused({ prompt: 'x' })).toBe('No agent specified.');
    expect(await refused({ prompt: 'x', agent: 'coch' })).toContain("Did you mean 'coach'? Available: coach");
    expect(await refused({ prompt: ' ', agent: 'coach' })).toBe('the prompt is empty');
    expect(await refused({ prompt: 'x', inline: { model: 'sonnet', workspace: '/' } })).toContain('is the root folder');
    at.home.agent('strict', `workspace: ${at.home.workspace}\nmodel: sonnet\nallowed_models: [sonnet]\n`);
    expect(await refused({ prompt: 'x', agent: 'strict', model: 'opus' })).toContain("Model 'opus' is not allowed");
    expect(at.stub.calls).toEqual([]);
    const lines = at.home.read(at.home.home.routingLog).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { agent: '_inline', status: 'error' },
      { agent: 'strict', model: 'opus', status: 'error', error: expect.stringContaining('not allowed') },
    ]);
  });

  it('keeps the order of a session, and at most max_concurrency at a time', async () => {
    using at = setUp('if (isPrompt) setTimeout(() => console.log(record.prompt), 30);');
    at.home.agent('two', `workspace: ${at.home.workspace}\nmodel: sonnet\nmax_concurrency: 2\n`);
    const inOrder: string[] = [];
    const ask = async (prompt: string, session?: string) => {
      const { result } = await at.dispatcher.dispatch({ agent: 'two', prompt, session });
      inOrder.push(result ?? '');
    };
    await Promise.all(['1', '2', '3'].map((prompt) => ask(prompt, 's')));
    expect(inOrder).toEqual(['1', '2', '3']);
    const all = Promise.all(['a', 'b', 'c'].map((prompt) => ask(prompt)));
    await until(() => at.dispatcher.running.length === 3);
    expect(at.dispatcher.running.map(({ state }) => state).filter((state) => state === 'waiting')).toHaveLength(1);
    await all;
  });

  it('is busy beyond 64', async () => {
    using at = setUp('setInterval(() => {}, 1000)');
    const stop = new AbortController();
    const all = Array.from({ length: 64 }, (_, i) =>
      at.dispatcher.dispatch({ agent: 'coach', prompt: 'x', request_id: `r${i}` }, { signal: stop.signal }),
    );
    expect(await at.dispatcher.dispatch({ agent: 'coach', prompt: 'x' })).toMatchObject({ code: 'busy' });
    stop.abort();
    expect((await Promise.all(all)).every(({ code }) => code === 'cancelled')).toBe(true);
  });

  it('keeps to rate_per_minute and daily_runs, across processes', async () => {
    using at = setUp();
    at.home.agent('slow', `workspace: ${at.home.workspace}\nmodel: sonnet\nrate_per_minute: 2\n`);
    at.home.agent('rare', `workspace: ${at.home.workspace}\nmodel: sonnet\ndaily_runs: 1\n`);
    const ask = (agent: string, dispatcher = at.dispatcher) => dispatcher.dispatch({ agent, prompt: 'x' });
    expect([await ask('slow'), await ask('slow'), await ask('slow')].map(({ code }) => code)).toEqual([
      undefined,
      undefined,
      'busy',
    ]);
    await ask('rare');
    const later = new Dispatcher(groundOf(at.home));
    expect(await ask('rare', later)).toMatchObject({ error: expect.stringContaining('daily_runs') });
  });

  it('refuses a workspace that is gone', async () => {
    using at = setUp();
    at.home.agent('lost', `workspace: ${at.home.folder}/none\nmodel: sonnet\n`);
    expect(await at.dispatcher.dispatch({ agent: 'lost', prompt: 'x' })).toMatchObject({ code: 'config' });
  });
});

it('pulls only in a work tree of git, and a failure is a warning', async () => {
  using at = setUp(undefined, 'git:\n  auto_pull: true\n');
  await at.dispatcher.dispatch({ agent: 'coach', prompt: 'x' });
  expect(at.home.warnings).toEqual([]);
  mkdirSync(join(at.home.workspace, '.git'));
  writeFileSync(join(at.home.workspace, '.git', 'HEAD'), 'nonsense');
  expect(await at.dispatcher.dispatch({ agent: 'coach', prompt: 'x' })).toMatchObject({ status: 'ok' });
  expect(at.home.warnings).toEqual([expect.stringContaining('git pull in')]);
});
