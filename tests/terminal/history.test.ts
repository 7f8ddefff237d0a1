/** Reading back: everything that was ever said can be reached, each message once, direct ones of others included. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import type { Message } from '../../protocol/index.js';
import { directView, inView, type View, viewKey } from '../../tui/state/view.js';
import { feedMessages } from '../../tui/view/feed.js';
import { type HubProcess, startHub } from '../support/hub-process.js';
import { until } from '../support/until.js';
import { type Dashboard, openDashboard } from './support/dashboard.js';

const PAGE_UP = '\u001b[5~';
const PAGE_DOWN = '\u001b[6~';
const END = '\u001b[F';
const LOADED_AT_FIRST = 500;

let hub: HubProcess;
let tui: Dashboard;
/** All that was said, oldest first. */
const log: Message[] = [];

beforeAll(async () => {
  hub = await startHub();
  await using ana = await HubClient.connect('ana', { baseUrl: hub.url });
  await using ben = await HubClient.connect('ben', { baseUrl: hub.url });
  await ana.createChannel('rare');
  const said = async (count: number, say: (i: number) => Promise<Message>) => {
    for (let i = 0; i < count; i += 100)
      log.push(...(await Promise.all(Array.from({ length: 100 }, (_, k) => say(i + k)))));
  };
  // More of others lies between this and now than one look at an inbox goes back.
  log.push(await ana.dm('dora', 'long ago'));
  await said(1_100, (i) => ben.dm('dora', `later ${i}`));
  await said(900, (i) => {
    if (i % 10 === 0) return ana.dm('ben', `secret ${i}`);
    return ana.post(i % 100 === 1 ? 'rare' : 'general', `said ${i}`, i % 50 === 2 ? { thread_id: 'plan' } : {});
  });
  // The newest of all is for somebody else.
  log.push(await ana.dm('ben', 'the last secret'));
  log.sort((a, b) => a.id - b.id);
  tui = await openDashboard({ baseUrl: hub.url, columns: 100, rows: 30 });
});

afterAll(async () => {
  await tui?.[Symbol.asyncDispose]();
  await hub?.[Symbol.asyncDispose]();
});

const idsOf = (messages: readonly Message[]) => messages.map(({ id }) => id);
const shown = () => idsOf(feedMessages(tui.state));
const saidIn = (view: View) => idsOf(log.filter((message) => inView(message, view, 'operator')));

/** Turns pages back until there is nothing older. */
const readBack = () =>
  until(() => {
    if (tui.state.historyState === 'idle') tui.type(PAGE_UP);
    return tui.state.historyState === 'complete';
  });

it('starts with the newest, and loads older ones without gap or repeat', async () => {
  await until(() => shown().at(-1) === log.at(-1)?.id);
  expect(shown()).toEqual(idsOf(log).slice(-LOADED_AT_FIRST));
  expect([...tui.state.unread]).toEqual([]);
  await readBack();
  expect(shown()).toEqual(idsOf(log));
  tui.type(END);
  expect(tui.screen).toContain('the last secret');
});

it.each([
  ['/channel rare', { kind: 'channel', channel: 'rare' }],
  ['/thread plan', { kind: 'thread', thread_id: 'plan' }],
] as const)('%s loads its own', async (command, view) => {
  tui.enter(command);
  await until(() => viewKey(tui.state.view) === viewKey(view));
  await readBack();
  expect(shown()).toEqual(saidIn(view));
});

it.each([
  ['a conversation of two others', directView('ana', 'ben')],
  ['one that ended long ago', directView('ana', 'dora')],
])('loads %s', async (_, view) => {
  tui.app.openView(view);
  await readBack();
  expect(shown()).toEqual(saidIn(view));
});

it('loads older ones for a filter that few pass', async () => {
  tui.enter('/all');
  tui.enter('/filter text=long ago');
  await tui.sees('PgUp looks further back');
  await readBack();
  expect(tui.screen).toContain('ana → dora');
  tui.enter('/filter off');
});

it('says what goes wrong where it is seen while reading back, and keeps the text', async () => {
  tui.app.openView(directView('ana', 'ben'));
  tui.type(PAGE_UP);
  await tui.sees('reading back');
  expect(tui.screen).toContain('reading along: ana and ben');
  tui.enter('may I?');
  expect(tui.screen).toContain('✗ you only read along here');
  expect(tui.state.input.text).toBe('may I?');
});

it('jumps to what is far back, tells what is not loaded after it, and ends the gap', async () => {
  const far = log[400];
  tui.enter('/all');
  tui.enter(`/jump ${far?.id}`);
  await tui.sees(far?.body ?? '');
  expect(tui.state.selectedId).toBe(far?.id);
  const { gapAfter = 0, window } = tui.state;
  expect(shown()).toEqual(idsOf(log).filter((id) => (id > gapAfter - 200 && id <= gapAfter) || id > window.floorId));
  const gap = `what was said from ${gapAfter + 1} to ${window.floorId} is not loaded`;
  while (!tui.screen.includes(gap) && tui.state.scroll.kind === 'at') tui.type(PAGE_DOWN);
  expect(tui.screen).toContain(gap);
  tui.enter(`/jump ${gapAfter + 1}`);
  await until(() => tui.state.selectedId === gapAfter + 1);
  tui.type('\u001b');
  tui.type(END);
  await until(() => tui.state.gapAfter === undefined);
  expect(shown()).toEqual(idsOf(log).slice(-LOADED_AT_FIRST));
});
