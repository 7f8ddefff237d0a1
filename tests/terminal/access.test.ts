/** The dashboard and who may speak: marks, tokens, audit, and what whoever is no operator sees (identity §4). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import { arc } from '../cli/arc.js';
import { type InProcessHub, startInProcess } from '../support/in-process.js';
import { until } from '../support/until.js';
import { openDashboard } from './support/dashboard.js';

describe('at a hub that asks for a token', () => {
  let hub: InProcessHub;
  let operator: HubClient;
  const tell = (to_agent: string, body: string) =>
    operator.request('messages.post', { from_agent: 'op', to_agent, body });
  beforeAll(async () => {
    hub = await startInProcess({ auth: 'required' });
    operator = HubClient.overHttp('op', { baseUrl: hub.hub.url, token: hub.ownToken() });
    await operator.post('general', 'to all');
    await tell('ana', 'for ana only');
  });
  afterAll(async () => {
    await operator.close();
    await hub[Symbol.asyncDispose]();
  });
  const open = (token: string, agent_id: string) => openDashboard({ baseUrl: hub.hub.url, token, agent_id });

  it('an operator keeps tokens: issues, renews, revokes, and sees the audit go on', async () => {
    await using tui = await open(hub.ownToken(), 'operator');
    await tui.sees('✓ operator');
    tui.enter('/issue-token ana,ci-* channels=general expires=30d label=for the laptop');
    await tui.sees(/Token \S+ for ana, ci-\*/);
    const text = /arct_[\w-]{54}/.exec(tui.screen)?.[0] ?? '';
    expect(text).toHaveLength(59);
    tui.type('c');
    expect(tui.copied).toEqual([text]);
    tui.type('\u001b');
    await until(() => tui.state.overlay === undefined);
    expect(JSON.stringify([tui.state.notices, tui.state.overlay, tui.state.input, tui.state.tokens])).not.toContain(
      text.slice(16),
    );

    await using ana = await HubClient.connect('ana', { baseUrl: hub.hub.url, token: text });
    expect(await ana.identity()).toMatchObject({
      names: ['ana', 'ci-*'],
      channels: ['general'],
      label: 'for the laptop',
    });
    // Whoever has shown who it is has a mark.
    await tui.sees(/● ana ✓/);
    const ended = new Promise<void>((resolve) => {
      ana.on('state', ({ state }) => {
        if (state === 'closed') resolve();
      });
    });

    tui.enter('/tokens');
    await tui.sees('for the laptop');
    tui.type('d');
    await tui.sees('Revoke token');
    tui.type('n');
    expect(tui.screen).toContain('Revoke token');
    tui.type('y');
    await tui.sees('is revoked');
    await ended;
    await until(() => tui.state.tokens?.some(({ revoked_at }) => revoked_at !== null) === true);

    tui.enter('/audit');
    await tui.sees(/✓ tokens\.revoke/);
    await ana.close();
    const again = HubClient.overHttp('ana', { baseUrl: hub.hub.url, token: text });
    await again.hubInfo().catch(() => undefined);
    await tui.sees(/✗ sign in unauthorized/);
  });

  it('renews a token after a question, and shows the new secret once', async () => {
    const issued = await operator.issueToken({ names: ['ben'] });
    await using tui = await open(hub.ownToken(), 'steward');
    tui.enter('/tokens');
    await tui.sees('▸ ✓');
    tui.type('r');
    await tui.sees(`Give token ${issued.id} a new secret?`);
    tui.type('y');
    await tui.sees(`Token ${issued.id}, renewed`);
    const text = /arct_[\w-]{54}/.exec(tui.screen)?.[0] ?? '';
    expect(text).not.toBe(issued.token);
    await using ben = HubClient.overHttp('ben', { baseUrl: hub.hub.url, token: text });
    expect(await ben.identity()).toMatchObject({ token_id: issued.id });
  });

  it('shows an agent what is for it, and says what it may not', async () => {
    const { token } = await operator.issueToken({ names: ['dora'] });
    await tell('dora', 'for dora only');
    await tell('cleo', 'for cleo only');
    // Another program of hers is here already, and stays.
    await using other = await HubClient.connect('dora', { baseUrl: hub.hub.url, token });
    await using tui = await open(token, 'dora');
    await tui.sees('✓ agent');
    await tui.sees('for dora only');
    expect(tui.screen).toContain('to all');
    expect(tui.screen).not.toContain('for cleo only');
    tui.enter('/tokens');
    await tui.sees('tokens.list is for operator only');
    await tui.sees('or use arc token');
    expect(tui.screen).not.toContain('read only');
    expect(other.state).toBe('open');
    tui.enter('hello from dora');
    await until(
      async () => (await operator.messages({ channel: 'general', tail: true })).at(-1)?.from_agent === 'dora',
    );
  });

  it('ends when it is not on a terminal, though the last message is for somebody else', async () => {
    await tell('cleo', 'for cleo only');
    const { token } = await operator.issueToken({ role: 'observer' });
    const shown = await arc(['tui', '--base-url', hub.hub.url], { env: { ARC_TOKEN: token } });
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toContain('to all');
    expect(shown.stdout).not.toContain('for cleo only');
  });

  it('says why it is closed when its token is revoked', async () => {
    const { token, id } = await operator.issueToken({ names: ['eve'] });
    await using tui = await open(token, 'eve');
    await operator.revokeToken(id);
    await tui.sees('✗ CLOSED');
    await tui.sees('Start the dashboard again');
  });

  it('shows an observer what is said to all, and lets it only read', async () => {
    const { token } = await operator.issueToken({ role: 'observer' });
    const { Dashboard } = await import('./support/dashboard.js');
    await using tui = new Dashboard({ baseUrl: hub.hub.url, token, agent_id: 'screen' });
    await tui.reader.open();
    await tui.actor.open();
    await tui.sees('✓ observer');
    await tui.sees('to all');
    await tui.sees('(read only)');
    expect(tui.screen).not.toContain('for ana only');
  });
});

it('says that an open hub takes everybody for anybody, and how to keep tokens there', async () => {
  await using hub = await startInProcess();
  await using tui = await openDashboard({ baseUrl: hub.hub.url });
  await tui.sees('? open hub');
  tui.enter('/audit');
  await tui.sees('or use arc token and arc audit');
});
