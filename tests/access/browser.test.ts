/** A page of another origin, in a real browser: it reads nothing and writes nothing (websocket §1, identity §1). */
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HubClient } from '../../client/index.js';
import { type InProcessHub, startInProcess } from '../support/in-process.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
if (CHROMIUM === undefined) console.log('no Chromium here: what a web page may do is SKIPPED');

const POST = JSON.stringify({ from_agent: 'evil', channel: 'general', body: 'from a web page' });

/** Each takes the address of the hub and resolves when it is known how it ended. */
const ATTACKS: Readonly<Record<string, string>> = {
  'a simple fetch': `fetch(hub + '/v1/channels').then((answer) => answer.text(), () => 'refused')`,
  'a fetch of anything that it may not read': `
    fetch(hub + '/v1/messages', { method: 'POST', mode: 'no-cors', body: post })
      .then((answer) => (answer.type === 'opaque' ? 'refused' : answer.text()), () => 'refused')`,
  'a fetch that asks first': `
    fetch(hub + '/v1/messages', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: post })
      .then((answer) => answer.text(), () => 'refused')`,
  'a fetch with a token': `
    fetch(hub + '/v1/channels', { headers: { Authorization: 'Bearer x' } }).then((answer) => answer.text(), () => 'refused')`,
  'a form': `new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.name = 'target-' + Math.random();
    document.body.append(frame);
    const form = document.createElement('form');
    Object.assign(form, { method: 'post', action: hub + '/v1/messages', target: frame.name, enctype: 'text/plain' });
    const field = document.createElement('input');
    // The equals sign that the form puts between the two ends up within a string.
    Object.assign(field, { name: post.slice(0, -1) + ',"thread_id":"', value: '"}' });
    form.append(field);
    document.body.append(form);
    frame.addEventListener('load', () => {
      let text = '';
      try { text = frame.contentDocument?.body?.innerText ?? ''; } catch {}
      if (frame.contentWindow?.location === undefined || text === '') resolve('refused');
      else resolve(text);
    });
    form.submit();
  })`,
  'an image': `new Promise((resolve) => {
    const image = new Image();
    image.onload = () => resolve('loaded');
    image.onerror = () => resolve('refused');
    image.src = hub + '/v1/channels';
  })`,
  'a script': `new Promise((resolve) => {
    const script = document.createElement('script');
    script.onload = () => resolve('loaded');
    script.onerror = () => resolve('refused');
    script.src = hub + '/v1/channels';
    document.body.append(script);
  })`,
  'an EventSource': `new Promise((resolve) => {
    const source = new EventSource(hub + '/v1/stream?agent_id=evil');
    source.onopen = () => resolve('opened');
    source.onerror = () => { source.close(); resolve('refused'); };
  })`,
  'a WebSocket': `new Promise((resolve) => {
    const socket = new WebSocket(hub.replace('http', 'ws') + '/v1/ws', 'arc.v1');
    socket.onopen = () => resolve('opened');
    socket.onclose = () => resolve('refused');
  })`,
  'a WebSocket with a token': `new Promise((resolve) => {
    const socket = new WebSocket(hub.replace('http', 'ws') + '/v1/ws', ['arc.v1', 'bearer.x']);
    socket.onopen = () => resolve('opened');
    socket.onclose = () => resolve('refused');
  })`,
};

describe.skipIf(CHROMIUM === undefined)('a page of another origin', () => {
  let browser: Browser;
  let site: Server;
  let page: Page;
  beforeAll(async () => {
    site = createServer((_, res) => res.setHeader('Content-Type', 'text/html').end('<!doctype html><body>evil'));
    await new Promise<void>((listening) => site.listen(0, '127.0.0.1', listening));
    browser = await chromium.launch({
      ...(CHROMIUM !== undefined && { executablePath: CHROMIUM }),
      // As a name that was bound to this machine after the page was loaded.
      args: ['--no-sandbox', '--host-resolver-rules=MAP evil.test 127.0.0.1'],
    });
  });
  afterAll(async () => {
    await browser?.close();
    site?.closeAllConnections();
    site?.close();
  });

  const port = () => (site.address() as AddressInfo).port;
  const attack = async (name: string, hub: string): Promise<string> =>
    page.evaluate(
      `(async (hub, post) => String(await ${ATTACKS[name]}))(${JSON.stringify(hub)}, ${JSON.stringify(POST)})`,
    );

  describe.each(['open', 'required'] as const)('at a hub whose auth is %s', (auth) => {
    let hub: InProcessHub;
    let operator: HubClient;
    beforeAll(async () => {
      hub = await startInProcess({ auth });
      const token = auth === 'open' ? undefined : hub.ownToken();
      operator = HubClient.overHttp('op', { baseUrl: hub.hub.url, ...(token !== undefined && { token }) });
      await operator.post('general', 'a secret');
    });
    afterAll(async () => {
      await operator.close();
      await hub[Symbol.asyncDispose]();
    });

    it.each(['127.0.0.1', 'evil.test'])('reads nothing and writes nothing, served by %s', async (host) => {
      page = await browser.newPage();
      await page.goto(`http://${host}:${port()}/`);
      const { port: hubPort } = hub.hub;
      for (const target of [
        `http://127.0.0.1:${hubPort}`,
        `http://localhost:${hubPort}`,
        `http://evil.test:${hubPort}`,
      ]) {
        for (const name of Object.keys(ATTACKS)) {
          const outcome = await attack(name, target);
          expect([name, target, outcome]).toEqual([name, target, 'refused']);
        }
      }
      const bodies = (await operator.messages({ channel: 'general' })).map(({ body }) => body);
      expect(bodies).toEqual(['a secret']);
      expect(await operator.agents()).toEqual([]);
      await page.close();
    });

    it('gets no data where it leads the browser itself', async () => {
      const visitor = await browser.newPage();
      for (const path of ['/v1/messages?channel=general', '/v1/channels', '/v1/hub-info']) {
        const answer = await visitor.goto(`http://evil.test:${hub.hub.port}${path}`);
        expect(answer?.status()).toBe(403);
        expect(await answer?.text()).not.toContain('a secret');
      }
      await visitor.close();
    });
  });
});
