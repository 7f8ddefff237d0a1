/** Every slash command and every way to act, from the keys to a real hub and back to the screen. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import { COMMANDS } from '../../tui/commands/table.js';
import { type HubProcess, startHub } from '../support/hub-process.js';
import { until } from '../support/until.js';
import { type Dashboard, openDashboard } from './support/dashboard.js';

let hub: HubProcess;
let ana: HubClient;
let tui: Dashboard;
const covered = new Set<string>();

beforeAll(async () => {
  hub = await startHub();
  ana = await HubClient.connect('ana', { baseUrl: hub.url, capabilities: ['plan'] });
  tui = await openDashboard({ baseUrl: hub.url });
});

afterAll(async () => {
  await tui?.[Symbol.asyncDispose]();
  await ana?.close();
  await hub?.[Symbol.asyncDispose]();
  // A command that is added is tested here, too.
  expect([...covered].sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
});

// What a test leaves open is not the next one's business.
beforeEach(() => {
  while (tui.state.overlay !== undefined || tui.state.focus !== 'input') tui.type('\u001b');
});

/** Runs a command on the dashboard, noting that it was. */
function run(text: string): void {
  covered.add(text.slice(1).split(' ')[0] ?? '');
  tui.enter(text);
}

const lastOf = async (channel: string) => (await ana.messages({ channel, tail: true, limit: 1 })).at(-1);
const inbox = async (agent_id: string) => (await ana.inbox({ agent_id, tail: true, limit: 1 })).at(-1);

describe('places', () => {
  it('/channels lists, /create-channel makes and opens, /channel switches', async () => {
    run('/channels');
    await tui.sees('channels: direct, general');
    run('/create-channel build');
    await tui.sees('to #build');
    expect((await ana.channels()).map(({ name }) => name)).toContain('build');
    run('/channel #general');
    await tui.sees('to #general');
    run('/channel nowhere');
    await tui.sees('there is no channel “nowhere”');
  });

  it('/thread opens a thread, and posts go into it', async () => {
    await ana.post('general', 'in the thread', { thread_id: 'plan' });
    await ana.post('general', 'outside of it');
    run('/thread plan');
    await tui.sees('to thread plan');
    tui.enter('so do I');
    const posted = await until(async () =>
      (await ana.messages({ thread_id: 'plan' })).find(({ body }) => body === 'so do I'),
    );
    expect(posted).toMatchObject({ thread_id: 'plan', channel: 'general', from_agent: 'operator' });
    expect(tui.screen).not.toContain('outside of it');
  });

  it('/all and /inbox open, /read marks everything read', async () => {
    run('/inbox');
    await ana.post('build', 'unread one');
    await tui.sees(/# build +1/);
    run('/read');
    await until(() => !/# build +1/.test(tui.screen));
    run('/all');
    await tui.sees('Everything');
    await tui.sees('unread one');
  });

  it('/help shows the keys and the commands', async () => {
    run('/help');
    await tui.sees('you are here');
    tui.type('\u001b');
    expect(tui.state.overlay).toBeUndefined();
  });
});

describe('saying', () => {
  it('posts what is typed, over several lines, and pasted text whole', async () => {
    tui.type('hello');
    tui.type('\u001b\r');
    tui.type('\u001b[200~pasted\nlines\u001b[201~\r');
    await tui.sees('hello');
    await until(async () => {
      expect((await lastOf('general'))?.body).toBe('hello\npasted\nlines');
      return true;
    });
  });

  it('/dm writes directly, over several lines; alone it opens the conversation', async () => {
    run('/dm ana one\ntwo');
    await until(async () => expect(await inbox('ana')).toMatchObject({ body: 'one\ntwo', from_agent: 'operator' }));
    run('/dm ana');
    await tui.sees('direct to ana');
    tui.enter('three');
    await until(async () => (await inbox('ana'))?.body === 'three');
    run('/all');
  });

  it('/reply answers publicly what is public, and directly what is direct', async () => {
    const open = await ana.post('build', 'a question', { thread_id: 'plan' });
    run(`/reply ${open.id} an answer`);
    await until(async () => expect(await lastOf('build')).toMatchObject({ reply_to: open.id, thread_id: 'plan' }));
    const secret = await ana.dm('operator', 'a secret');
    run(`/reply ${secret.id} kept`);
    await until(async () => expect(await inbox('ana')).toMatchObject({ reply_to: secret.id, body: 'kept' }));
  });

  it('/task, /request, /post and /nudge post what they say', async () => {
    run('/all');
    run('/task do this');
    await until(async () => expect(await lastOf('general')).toMatchObject({ kind: 'task', body: 'do this' }));
    run('/request ana do that');
    await until(async () => expect(await inbox('ana')).toMatchObject({ kind: 'task_request', body: 'do that' }));
    run('/post notice all quiet');
    await until(async () => expect(await lastOf('general')).toMatchObject({ kind: 'notice', body: 'all quiet' }));
    run('/nudge ana');
    await until(async () => (await inbox('ana'))?.body.includes('where do you stand'));
    run('/post shout hi');
    await tui.sees('unknown kind “shout”');
  });

  it('/attach posts a file with what it says, or lines of it', async () => {
    run('/all');
    const folder = await mkdtemp(join(tmpdir(), 'arc-attach-'));
    await writeFile(join(folder, 'a b.ts'), 'one\ntwo\nthree\n');
    await writeFile(join(folder, 'c.json'), '{"d": 1}');
    run(`/attach "${join(folder, 'a b.ts')}:2-3" look at this`);
    await until(async () => {
      const path = join(folder, 'a b.ts');
      expect(await lastOf('general')).toMatchObject({
        body: 'look at this',
        attachments: [
          { type: 'file_ref', path, start_line: 2, end_line: 3 },
          { type: 'code', language: 'ts', content: 'two\nthree' },
        ],
      });
      return true;
    });
    await tui.sees('│ three');
    run(`/attach ${join(folder, 'c.json')}`);
    await tui.sees('{} json {1 key: d}');
    run(`/attach ${join(folder, 'none')}`);
    await tui.sees('cannot read');
    await rm(folder, { recursive: true });
  });

  it('takes what is chosen from the list, and what was typed before', async () => {
    tui.type('/net');
    await tui.sees('▸ /network');
    tui.type('\r');
    expect(tui.state.input.text).toBe('/network ');
    tui.type('\u001b[B\r');
    expect(tui.state.input.text).toBe('/network off');
    tui.type('\u0015hello @a\t');
    expect(tui.state.input.text).toBe('hello @ana ');
    tui.enter('said before');
    await until(async () => (await lastOf('general'))?.body === 'said before');
    tui.type('draft\u001b[A');
    expect(tui.state.input.text).toBe('said before');
    tui.type('\u001b[B');
    expect(tui.state.input.text).toBe('draft');
    tui.type('\u0015');
  });

  it('refuses unknown commands, and keeps them to be corrected', async () => {
    const before = await ana.bootstrap();
    tui.enter('/chanel build');
    await tui.sees('unknown command: /chanel');
    expect(tui.state.input.text).toBe('/chanel build');
    expect((await ana.bootstrap()).latest_visible_id).toBe(before.latest_visible_id);
  });

  it('marks a post that the hub refuses, and /drop forgets it', async () => {
    tui.enter('x'.repeat(128_001));
    await tui.sees('NOT SENT: body exceeds max size');
    run('/retry');
    await tui.sees('sending 1 again');
    await tui.sees('NOT SENT');
    run('/drop');
    await until(() => tui.state.unsent.length === 0);
  });
});

describe('answering', () => {
  it('shows a request, rings, and /answer completes its task', async () => {
    const request = await ana.dm('operator', 'May I merge?', { kind: 'task_request' });
    await tui.sees('1 to answer');
    expect(tui.rung.at(-1)).toBe('ana: May I merge?');
    run(`/answer ${request.id} yes, go on`);
    await until(async () => {
      const answer = await inbox('ana');
      expect(answer).toMatchObject({
        kind: 'task_result',
        reply_to: request.id,
        metadata: { task_completed: request.id },
      });
      return true;
    });
    await until(() => tui.state.requests.size === 0);
  });

  it('answers by keys: feed, a, text', async () => {
    const request = await ana.dm('operator', 'And this?', { kind: 'task_request' });
    await tui.sees('And this?');
    tui.type('\t\t');
    await until(() => tui.state.selectedId === request.id);
    tui.type('a');
    await tui.sees(`answer to ${request.id} of ana`);
    tui.type('sure\r');
    await until(async () => (await inbox('ana'))?.body === 'sure');
    await until(() => tui.state.tasks.get(request.id)?.status === 'done');
  });

  it('answers with lines of a file', async () => {
    const request = await ana.dm('operator', 'Where is it written?', { kind: 'task_request' });
    await tui.sees('Where is it written?');
    tui.type('\t\t');
    await until(() => tui.state.selectedId === request.id);
    tui.type('a');
    tui.enter(`/attach ${fileURLToPath(import.meta.url)}:1 there`);
    await until(async () => {
      const answer = await inbox('ana');
      expect(answer).toMatchObject({ kind: 'task_result', reply_to: request.id, body: 'there' });
      expect(answer?.attachments).toHaveLength(2);
      return true;
    });
  });

  it('/bell turns the bell off', async () => {
    run('/bell off');
    await tui.sees('the bell is off');
    const rung = tui.rung.length;
    await ana.dm('operator', 'psst');
    await tui.sees('psst');
    expect(tui.rung).toHaveLength(rung);
  });
});

describe('steering', () => {
  it('/complete completes a task', async () => {
    const task = await ana.post('general', 'work', { kind: 'task' });
    await until(() => tui.state.tasks.has(task.id));
    run(`/complete ${task.id}`);
    await tui.sees(`task ${task.id} is done`);
    expect((await ana.tasks({ status: 'open' })).some(({ task_id }) => task_id === task.id)).toBe(false);
  });

  it('completes by keys: detail, c, y', async () => {
    const task = await ana.post('general', 'by keys', { kind: 'task' });
    await until(() => tui.state.tasks.has(task.id));
    tui.type('\u001b[Z');
    while (tui.state.rows.detail !== `task:${task.id}`) tui.type('j');
    tui.type('c');
    expect(tui.screen).toContain(`Mark task ${task.id} done?`);
    tui.type('y');
    await until(() => tui.state.tasks.get(task.id)?.status === 'done');
  });

  it('/release and /unlock free what somebody else holds, after a question, with a public notice', async () => {
    await ana.claim('deploy');
    await ana.lock('src/a.ts');
    await tui.sees(/ana.*holds 2/);
    run('/release deploy');
    await tui.sees('ana holds it, may be at work on it');
    tui.type('n');
    expect(tui.state.overlay?.kind).toBe('question');
    tui.type('\u001b');
    expect(await ana.claims({ active_only: true })).toHaveLength(1);
    run('/release deploy');
    tui.type('y');
    await tui.sees('released claim deploy');
    expect(await ana.claims({ active_only: true })).toHaveLength(0);
    expect((await lastOf('general'))?.body).toMatch(/operator.*deploy|deploy.*operator/);
    run('/unlock src/a.ts');
    tui.type('y');
    await tui.sees('released lock src/a.ts');
    expect(await ana.locks({ active_only: true })).toHaveLength(0);
    await until(() => tui.state.claims.size + tui.state.locks.size === 0);
    run('/release deploy');
    await tui.sees('nobody holds the claim');
  });

  it('releases by keys: detail, x, y', async () => {
    await ana.claim('by-keys');
    await tui.sees('by-keys');
    tui.type('\u001b[Z');
    while (tui.state.rows.detail !== 'claim:by-keys') tui.type('j');
    tui.type('xy');
    await until(async () => (await ana.claims({ active_only: true })).length === 0);
    tui.type('\u001b');
  });

  it('/nick renames, /agents tells who is there, /network says how it is', async () => {
    run('/nick The Boss');
    await tui.sees('you are called The Boss now');
    await until(async () => (await ana.agents()).some(({ display_name }) => display_name === 'The Boss'));
    run('/agents');
    await tui.sees('ana; can plan');
    // What an operator's token opens is shown in access.test.ts; without one each says how to come by it.
    for (const command of ['/tokens', '/audit', '/issue-token cleo']) {
      const before = tui.state.notices.at(-1)?.id ?? 0;
      run(command);
      const said = await until(() => tui.state.notices.find(({ id }) => id > before));
      expect(said.text).toContain('arc token issue --role operator');
    }
    run('/network');
    await tui.sees('remote access is off');
    run('/network on');
    await tui.sees('cannot enable remote access at runtime');
  });

  it('/network closes a hub to other machines, and opens it again', async () => {
    await using open = await startHub({ args: ['--host', '0.0.0.0', '--allow-remote', '--insecure-no-auth'] });
    await using other = await openDashboard({ baseUrl: `http://127.0.0.1:${open.port}` });
    await other.sees('REMOTE ON');
    other.enter('/network off');
    await other.sees('remote access is off; the hub listens on 0.0.0.0');
    expect(other.screen).not.toContain('REMOTE ON');
    other.enter('/network on');
    await other.sees('remote access is ON; the hub listens on 0.0.0.0');
    expect(other.screen).toContain('REMOTE ON');
  });

  it('/quit arms the shutdown after a question, a post offers to cancel it, /cancel does', async () => {
    run('/quit 300');
    await tui.sees('Shut the hub down in 300 s?');
    tui.type('y');
    await tui.sees(/SHUTDOWN in (4:5\d|5:00)/);
    tui.enter('wait, one more');
    await tui.sees('The hub is about to shut down.');
    tui.type('y');
    await until(async () => (await lastOf('general'))?.body === 'wait, one more');
    expect(await ana.getShutdown()).toBeNull();
    await until(() => tui.state.shutdown === undefined);
    await ana.startShutdown(300);
    await tui.sees('SHUTDOWN in');
    run('/cancel');
    await tui.sees('Cancel the shutdown?');
    tui.type('y');
    await until(async () => (await ana.getShutdown()) === null);
    run('/quit');
    tui.type('\u001b');
    expect(await ana.getShutdown()).toBeNull();
  });

  it('/leave leaves the dashboard only', async () => {
    run('/leave');
    expect(tui.left).toBe(true);
    expect(hub.isRunning).toBe(true);
  });
});

describe('finding', () => {
  it('/search finds in all that the hub keeps while one types, and jumps there', async () => {
    const { id } = await ana.post('general', 'a treasure is buried');
    const secret = await ana.request('messages.post', { from_agent: 'ana', to_agent: 'ben', body: 'buried, psst' });
    run('/search tre');
    await tui.sees(/ana #general\s+a \[\[treasure]] is buried/);
    tui.type('\u0015');
    for (const letter of 'buried') tui.type(letter);
    await tui.sees('[[buried]], psst');
    tui.type('\u001b[B');
    tui.type('\r');
    await until(() => tui.state.overlay === undefined && tui.state.selectedId === id);
    run('/search nothing-like-this');
    await tui.sees('nothing found');
    expect((secret as { to_agent: string }).to_agent).toBe('ben');
  });

  it('/filter, /mute and /unmute choose what is shown', async () => {
    run('/all');
    await ana.post('general', 'needle in here');
    await ana.post('general', 'only hay');
    await tui.sees('only hay');
    run('/filter needle');
    await until(() => !tui.screen.includes('only hay'));
    run('/filter off');
    await tui.sees('only hay');
    run('/filter kind=task_result');
    await until(() => !tui.screen.includes('only hay'));
    run('/filter agent=ana hay');
    await tui.sees('only hay');
    expect(tui.screen).not.toContain('needle in here');
    expect(tui.screen).toContain('filter agent=ana “hay”');
    run('/filter off');
    run('/mute ana');
    await until(() => !tui.screen.includes('only hay'));
    run('/unmute ana');
    await tui.sees('only hay');
  });

  it('/jump goes to a message, and the palette to a place', async () => {
    const far = await ana.post('build', 'far away');
    for (let i = 0; i < 60; i++) await ana.post('general', `filler ${i}`);
    await tui.sees('filler 59');
    run(`/jump ${far.id}`);
    await tui.sees('▸');
    await tui.sees('far away');
    tui.type('\u001b');
    tui.type('\u0010#build\r');
    await tui.sees('to #build');
    run('/jump 999999');
    await tui.sees('✗ there is no message 999999');
  });

  it('/signin signs in again after another program took the name', async () => {
    const thief = await HubClient.connect('operator', { baseUrl: hub.url });
    await tui.sees('(read only)');
    tui.enter('not from me');
    await tui.sees('NOT SENT');
    run('/drop');
    await thief.close();
    run('/signin');
    await until(() => tui.state.actor.state === 'open');
    expect(tui.state.self).toBe('operator');
  });
});
