/** The dashboard in a real pseudo-terminal: start, resize, paste, reconnect, and every way out. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import { HUB_MAIN, type HubProcess, startHub } from '../support/hub-process.js';
import { until } from '../support/until.js';
import { PtyProgram } from './support/pty.js';

let hub: HubProcess;
let ana: HubClient;

beforeAll(async () => {
  hub = await startHub();
  ana = await HubClient.connect('ana', { baseUrl: hub.url });
  await ana.post('general', 'the first message');
});

afterAll(async () => {
  await ana?.close();
  await hub?.[Symbol.asyncDispose]();
});

/** Makes the program fail on SIGUSR2, in the middle of what it does. */
const BOMB = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
    "process.on('SIGUSR2', () => setImmediate(() => { throw new Error('boom') }))",
  )}`,
};

const openTui = (options: ConstructorParameters<typeof PtyProgram>[1] = {}, ...args: string[]) =>
  new PtyProgram(['tui', '--base-url', hub.url, ...args], options);

describe('a terminal', () => {
  it('shows the hub, takes a post, and is left as it was found', async () => {
    using tui = openTui();
    await tui.sees('the first message');
    await tui.sees('● connected');
    expect(tui.isAlternate).toBe(true);
    tui.write('hello from a terminal\r');
    await tui.sees('hello from a terminal');
    await until(
      async () =>
        (await ana.messages({ channel: 'general', tail: true, limit: 1 })).at(-1)?.body === 'hello from a terminal',
    );
    tui.write('\u0003');
    expect(await tui.ends()).toBe(0);
    expect(tui.isAlternate).toBe(false);
    expect(tui.modesLeftOn).toEqual([]);
    for (const mode of ['?25', '?7']) {
      expect(tui.output.lastIndexOf(`\u001b[${mode}h`)).toBeGreaterThan(tui.output.lastIndexOf(`\u001b[${mode}l`));
    }
    // The name is free again.
    await until(async () => (await ana.agents()).every(({ agent_id }) => agent_id !== 'operator'));
  });

  it('puts the cursor where the text goes', async () => {
    using tui = openTui();
    await tui.sees('● connected');
    tui.write('日本🙂x');
    await tui.sees('› 日本🙂x');
    await until(() => tui.terminal.buffer.active.cursorX === 9);
    expect(tui.terminal.buffer.active.cursorY).toBe(22);
  });

  it('keeps its panes where they are beside letters that terminals count differently', async () => {
    using tui = openTui({ columns: 120, rows: 40 });
    await tui.sees('── claims');
    // The oldest tables there are: an emoji is one column wide, a mark that belongs to the letter before it is one of its own.
    tui.terminal.unicode.activeVersion = '6';
    await ana.post('general', `${'🙂'.repeat(12)} हिन्दी 🇩🇪 ${'한'.repeat(30)} ${'🙂'.repeat(40)}`);
    await tui.sees('हिन');
    const edges = tui.lines.slice(1, 37).map((_, row) => [24, 85].map((column) => tui.cell(row + 1, column)));
    expect(edges).toEqual(edges.map(() => ['│', '│']));
  });

  it('reflows at every size, says where it is too small, and comes back', async () => {
    using tui = openTui({ columns: 120, rows: 40 });
    await tui.sees('── claims');
    for (const [columns, rows] of [
      [60, 16],
      [200, 60],
      [80, 24],
    ] as const) {
      tui.resize(columns, rows);
      await until(() => tui.lines[0]?.includes('● connected') && tui.lines[rows - 1]?.includes('F1 help'), {
        timeoutMs: 20_000,
      });
      expect(tui.lines.filter((line) => line.includes('● connected'))).toHaveLength(1);
    }
    tui.resize(40, 10);
    await tui.sees('60×16 is needed');
    tui.resize(80, 24);
    await tui.sees('the first message');
  });

  it('takes a paste as text: line ends do not send, escapes do not act', async () => {
    using tui = openTui();
    await tui.sees('● connected');
    tui.write('\u001b[200~line one\rline two \u001b]0;x\u0007\rline three\u001b[201~');
    await tui.sees('line three');
    expect(tui.screen).toContain('line one');
    tui.write('\r');
    await until(async () => {
      const last = (await ana.messages({ channel: 'general', tail: true, limit: 1 })).at(-1);
      return last?.body === 'line one\nline two \nline three';
    });
  });

  it('scrolls by wheel and keys, and does not jump while somebody reads back', async () => {
    for (let i = 0; i < 40; i++) await ana.post('general', `row ${i}`);
    using tui = openTui();
    await tui.sees('row 39');
    tui.write('\u001b[<64;40;5M'.repeat(4));
    await tui.sees('reading back');
    const before = tui.lines.slice(1, 21);
    await ana.post('general', 'news');
    await tui.sees('1 new below');
    expect(tui.lines.slice(1, 21).map((line) => line.slice(24))).toEqual(before.map((line) => line.slice(24)));
    tui.write('\u001b[F');
    await tui.sees('news');
  });

  it('opens help and palette, and goes by keys alone', async () => {
    using tui = openTui();
    await tui.sees('● connected');
    tui.write('\u001bOP');
    await tui.sees('you are here');
    tui.write('\u001b');
    await tui.sees('Type a message');
    tui.write('\u0010');
    await tui.sees('─ Commands');
    tui.write('inbox\r');
    await tui.sees('arc  Inbox');
  });

  it('rings for what is for the operator, shows it on the desktop if told to, and remembers how', async () => {
    await using ben = await HubClient.connect('ben', { baseUrl: hub.url });
    using tui = openTui({}, '--agent', 'boss');
    await tui.sees('boss · ');
    await until(async () => (await ana.agents()).some(({ agent_id }) => agent_id === 'boss'));
    await ben.post('general', 'nothing for you');
    await tui.sees('nothing for you');
    expect(tui.output).not.toContain('\u0007');
    await ben.dm('boss', 'are you there?');
    await until(() => tui.output.includes('\u0007'));
    tui.write('/bell notice\r');
    await tui.sees('the bell is on, with a notice on the desktop');
    await ben.post('general', '@boss look \u001b]0;x\u0007 here; now');
    await until(() => tui.output.includes('\u001b]9;ben: @boss look  here, now\u0007'));
    tui.write('/bell off\r');
    await tui.sees('the bell is off');
    tui.write('\u0003');
    await tui.ends();
    using again = openTui({ env: { XDG_STATE_HOME: tui.home } }, '--agent', 'boss');
    await again.sees('● connected');
    await until(async () => (await ana.agents()).some(({ agent_id }) => agent_id === 'boss'));
    await ben.dm('boss', 'and now?');
    await again.sees('and now?');
    expect(again.output).not.toContain('\u0007');
  });

  it('counts what was said while it was away, by what it had seen of this very hub', async () => {
    using tui = openTui();
    await tui.sees('● connected');
    tui.write('\u0003');
    await tui.ends();
    await ana.createChannel('away');
    await ana.post('away', 'said to nobody');
    await ana.post('away', 'said again');
    using again = openTui({ env: { XDG_STATE_HOME: tui.home } });
    await again.sees(/# away +2/);
    await using other = await startHub();
    using elsewhere = new PtyProgram(['tui', '--base-url', other.url], { env: { XDG_STATE_HOME: tui.home } });
    await elsewhere.sees('● connected');
    expect(elsewhere.screen).not.toMatch(/# general +\d/);
  });

  it('uses no colour under NO_COLOR', async () => {
    using plain = openTui({ env: { NO_COLOR: '1' } });
    await plain.sees('● connected');
    expect(plain.output).not.toMatch(/\u001b\[[\d;]*\b(3[0-8]|9[0-7])\b[\d;]*m/);
    using colours = openTui({ env: { COLORTERM: 'truecolor' } });
    await colours.sees('● connected');
    expect(colours.output).toMatch(/\u001b\[[\d;]*38;2;/);
  });
});

describe('the ways out', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s restores the terminal', async (signal) => {
    using tui = openTui();
    await tui.sees('● connected');
    tui.kill(signal);
    expect(await tui.ends()).toBe(0);
    expect(tui.isAlternate).toBe(false);
    expect(tui.modesLeftOn).toEqual([]);
  });

  it('a crash restores the terminal, and says what it was', async () => {
    using tui = openTui({ env: BOMB });
    await tui.sees('● connected');
    tui.kill('SIGUSR2');
    expect(await tui.ends()).toBe(1);
    await tui.sees('boom');
    expect(tui.isAlternate).toBe(false);
    expect(tui.modesLeftOn).toEqual([]);
  });

  it('Ctrl+C works while no hub is there', async () => {
    using tui = new PtyProgram(['tui', '--base-url', 'http://127.0.0.1:9']);
    await tui.sees('No hub at');
    tui.write('\u0003');
    expect(await tui.ends()).toBe(0);
    expect(tui.modesLeftOn).toEqual([]);
  });
});

describe('the truth', () => {
  it('says that the hub is gone, marks what is not sent, and sends it once when the hub is back', async () => {
    await using other = await startHub();
    await using ben = await HubClient.connect('ben', { baseUrl: other.url });
    await ben.post('general', 'before the crash');
    using tui = new PtyProgram(['tui', '--base-url', other.url]);
    await tui.sees('before the crash');
    const { port } = other;
    await other.kill();
    await tui.sees('CONNECTION LOST');
    expect(tui.screen).toContain('before the crash');
    tui.write('said meanwhile\r');
    await tui.sees('not sent yet');
    await other.restart({ port });
    await until(() => ben.state === 'open');
    await ben.post('general', 'after the crash');
    await tui.sees('after the crash');
    await until(() => !tui.screen.includes('not sent yet'));
    const bodies = (await ben.messages({ channel: 'general', tail: true, limit: 10 })).map(({ body }) => body);
    expect(bodies.filter((body) => body === 'said meanwhile')).toHaveLength(1);
    expect(tui.screen.split('said meanwhile')).toHaveLength(2);
    expect(tui.screen.split('before the crash')).toHaveLength(2);
  });

  it('announces another hub at the same address, and posts nothing to it that was written for the first', async () => {
    const first = await startHub();
    using tui = new PtyProgram(['tui', '--base-url', first.url]);
    await tui.sees('● connected');
    const { port } = first;
    await first.kill();
    await tui.sees('CONNECTION LOST');
    tui.write('for the first hub only\r');
    await tui.sees('not sent yet');
    await using second = await startHub({ port });
    await first[Symbol.asyncDispose]();
    await tui.sees('Another hub answers here');
    await tui.sees('NOT SENT: the hub is another one now');
    await using ben = await HubClient.connect('ben', { baseUrl: second.url });
    expect((await ben.messages({ channel: 'general' })).map(({ body }) => body)).toEqual([]);
  });

  it('signs in beside an operator that is there already', async () => {
    await using operator = await HubClient.connect('operator', { baseUrl: hub.url });
    using tui = openTui();
    await tui.sees(/operator-[0-9a-f]{4} · /);
    expect(operator.state).toBe('open');
  });
});

describe('without a screen', () => {
  it('`arc tui | cat` prints plain lines and ends', async () => {
    await ana.claim('piped', { ttl_sec: 60 });
    const child = spawn(process.execPath, [HUB_MAIN, 'tui', '--base-url', hub.url], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    expect(code).toBe(0);
    expect(output).toContain('Agent ana');
    expect(output).toContain('piped');
    expect(output).toMatch(/ana in general \(number \d+\): /);
    expect(output).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it('--plain goes on in lines, takes posts and commands, and asks before it acts', async () => {
    await ana.claim('by-plain', { ttl_sec: 60 });
    using tui = openTui({ columns: 100, rows: 40 }, '--plain');
    await tui.sees('Connection: connected');
    await until(() => !tui.screen.includes('signing in'));
    tui.write('hello in plain\r');
    await tui.sees(/operator(-\w+)? in general \(number \d+\): hello in plain/);
    tui.write('/release by-plain\r');
    await tui.sees('anything else: no');
    tui.write('y\r');
    await tui.sees('Note: released claim by-plain');
    tui.write('/nonsense\r');
    await tui.sees('Error: unknown command');
    expect(tui.isAlternate).toBe(false);
    tui.write('\u0003');
    expect(await tui.ends()).toBe(0);
    expect(tui.output).not.toContain('\u001b[2J');
  });
});

describe('the demonstration', () => {
  const waysOut: readonly (readonly [string, number, (tui: PtyProgram) => void])[] = [
    ['Ctrl+C', 0, (tui) => tui.write('\u0003')],
    ['SIGTERM', 0, (tui) => tui.kill('SIGTERM')],
    ['a crash', 1, (tui) => tui.kill('SIGUSR2')],
  ];

  const demoFolders = async ({ home }: PtyProgram) =>
    (await readdir(home)).filter((name) => name.startsWith('arc-demo-'));

  it.each(waysOut)('leaves nothing behind after %s', async (_, code, leave) => {
    using tui = new PtyProgram(['tui', '--demo'], { columns: 120, rows: 40, env: BOMB });
    await tui.sees('○ 2 Rate limit');
    expect(await demoFolders(tui)).toHaveLength(1);
    leave(tui);
    expect(await tui.ends()).toBe(code);
    expect(tui.isAlternate).toBe(false);
    expect(tui.modesLeftOn).toEqual([]);
    expect(await demoFolders(tui)).toEqual([]);
  });

  it('plays by itself, up to the question that is for whoever looks on', async () => {
    using tui = new PtyProgram(['tui', '--demo'], { columns: 120, rows: 40 });
    await tui.sees('I take the bucket');
    await tui.sees('1 to answer');
  });

  it('ends on a signal that comes before there is a screen, and takes its hub with it', async () => {
    using tui = new PtyProgram(['tui', '--demo']);
    await until(async () => (await demoFolders(tui)).length > 0);
    tui.kill('SIGTERM');
    expect(await tui.ends()).toBe(0);
    expect(tui.modesLeftOn).toEqual([]);
    expect(await demoFolders(tui)).toEqual([]);
  });
});
