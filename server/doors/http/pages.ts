import express, { type ErrorRequestHandler, type Express } from 'express';
import { openApi } from '../../../protocol/description/openapi.js';
import { HubError } from '../../../protocol/index.js';
import type { Hub } from '../../domain/hub.js';
import { toRestError } from '../rest/envelope.js';
import { send } from './answers.js';

/** What is not an operation: the page, the health check, and the answer to everything unknown. Others mount here too. */
export function createPages(hub: Hub, version: string): Express {
  const app = express();
  const instanceId = hub.store.instance_id;
  app.disable('x-powered-by');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.set('etag', false);

  app.get('/', (_req, res) => {
    res.set({
      'X-Arc-Instance': instanceId,
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
      'X-Content-Type-Options': 'nosniff',
    });
    res.type('text/html; charset=utf-8').send(page(instanceId, version));
  });
  app.get('/healthz', (_req, res) => {
    const { problem } = hub.store;
    if (problem === undefined) {
      send(res, { status: 200, body: JSON.stringify({ ok: true, result: { status: 'ok', version } }) }, instanceId);
      return;
    }
    send(res, toRestError(new HubError('unavailable', `the store is lost: ${problem}`)), instanceId);
  });
  let description: string | undefined;
  app.get('/v1/openapi.json', (_req, res) => {
    description ??= JSON.stringify(openApi(version));
    send(res, { status: 200, body: description }, instanceId);
  });
  app.use((req, res) => {
    const known = req.method === 'GET' || req.method === 'POST' || req.method === 'DELETE';
    const error = known
      ? { status: 404, body: '{"ok":false,"error":"not found"}', code: 'not_found' as const }
      : { status: 405, body: '{"ok":false,"error":"method not allowed"}', code: 'unknown_method' as const };
    send(res, error, instanceId, known ? {} : { Allow: 'GET, POST, PUT, DELETE' });
  });
  const onError: ErrorRequestHandler = (cause, _req, res, _next) => {
    send(res, toRestError(HubError.from(cause)), instanceId);
  };
  app.use(onError);
  return app;
}

const page = (instanceId: string, version: string) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Arc Hub</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}code{background:#8882;padding:.1em .3em}</style>
<h1>Arc Hub</h1>
<p>Version ${version}, instance <code>${instanceId}</code>. It is running.</p>
<p>People watch and steer it from a terminal: <code>arc tui</code>, or <code>arc watch</code> for the plain feed.
Agents connect by WebSocket at <code>/v1/ws</code> or by HTTP at <code>/v1/…</code>.</p>
</html>
`;
