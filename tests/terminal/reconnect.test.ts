/** A hub that goes and comes back: what the dashboard shows is what the hub holds, once, and what was dropped stays unsaid. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import { feedMessages } from '../../tui/view/feed.js';
import { type HubProcess, startHub } from '../support/hub-process.js';
import { until } from '../support/until.js';
import { type Dashboard, openDashboard } from './support/dashboard.js';

let hub: HubProcess;
let tui: Dashboard;

beforeEach(async () => {
  hub = await startHub();
  await using ana = await HubClient.connect('ana', { baseUrl: hub.url });
  for (let i = 0; i < 30; i++) await ana.post('general', `before ${i}`);
  await ana.claim('kept', { ttl_sec: 600 });
  tui = await openDashboard({ baseUrl: hub.url });
  await tui.sees('before 29');
});

afterEach(async () => {
  await tui?.[Symbol.asyncDispose]();
  await hub?.[Symbol.asyncDispose]();
});

const ids = () => feedMessages(tui.state).map(({ id }) => id);

it('has neither gap nor repeat, and lists anew what it could not be told', async () => {
  const { port } = hub;
  await hub.kill();
  await tui.sees('CONNECTION LOST');
  expect(tui.screen).toContain('before 29');
  await hub.restart({ port });
  await using ben = await HubClient.connect('ben', { baseUrl: hub.url });
  await ben.createChannel('new');
  await ben.lock('src/new.ts');
  const said = [];
  for (let i = 0; i < 300; i++) said.push(ben.post(i % 2 === 0 ? 'new' : 'general', `after ${i}`));
  const last = (await Promise.all(said)).at(-1)?.id ?? 0;
  await until(() => ids().at(-1) === last);
  // Notices of the hub are messages, too: every number there is stands here once.
  expect(ids()).toEqual(Array.from({ length: last }, (_, i) => i + 1));
  await tui.sees('# new');
  await tui.sees('src/new.ts');
  await tui.sees('● connected');
  tui.enter('I am still here');
  await until(async () =>
    (await ben.messages({ channel: 'general', tail: true, limit: 5 })).some(({ body }) => body === 'I am still here'),
  );
});

it('counts down to a shutdown, and offers to cancel it only while there is a hub that could', async () => {
  tui.enter('/quit 1');
  tui.type('y');
  await tui.sees('SHUTDOWN in 0:0');
  await tui.sees('CONNECTION LOST');
  expect(tui.screen).not.toContain('SHUTDOWN');
  tui.enter('too late?');
  await tui.sees('not sent yet');
  expect(tui.state.overlay).toBeUndefined();
});

it('sends once what waits, and never what was dropped', async () => {
  const { port } = hub;
  await hub.kill();
  await tui.sees('CONNECTION LOST');
  tui.enter('think again');
  await tui.sees('not sent yet, for');
  tui.enter('/drop');
  await until(() => tui.state.unsent.length === 0);
  tui.enter('this one');
  tui.enter('/request ana that one');
  expect(tui.state.unsent.map(({ params }) => params.body)).toEqual(['this one', 'that one']);
  await hub.restart({ port });
  await until(() => tui.state.unsent.length === 0);
  await using ben = await HubClient.connect('ben', { baseUrl: hub.url });
  const bodies = (await ben.messages({ channel: 'general', tail: true, limit: 20 })).map(({ body }) => body);
  expect(bodies.filter((body) => /think again|this one/.test(body))).toEqual(['this one']);
  expect((await ben.inbox({ agent_id: 'ana' })).map(({ body }) => body)).toEqual(['that one']);
});
