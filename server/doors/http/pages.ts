import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Express, type Request, type RequestHandler, type Response, Router } from 'express';
import { openApi } from '../../../protocol/description/openapi.js';
import { HubError } from '../../../protocol/index.js';
import type { Hub } from '../../domain/hub.js';
import { send } from './answers.js';

/** Something that is no operation, served on the hub's port by whoever put the hub together. */
export interface Mounted {
  /** Answers the request; a rejection before the answer has begun becomes an error of the hub. */
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
  /** The hub goes down: what is open should end. */
  close(): void;
}

/** All that is no operation: the page, the health check, the description, and what others mount. */
export class Pages {
  readonly #app: Express;
  readonly #mounts = Router({ caseSensitive: true, strict: true });
  readonly #mounted: Mounted[] = [];

  constructor(hub: Hub) {
    const { version } = hub.settings;
    const instanceId = hub.store.instance_id;
    const app = express();
    this.#app = app;
    app.disable('x-powered-by');
    app.enable('case sensitive routing');
    app.enable('strict routing');
    app.set('etag', false);

    app.get('/', (_req, res) => {
      res.set({
        'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
        'X-Content-Type-Options': 'nosniff',
      });
      res.type('text/html; charset=utf-8').send(page(instanceId, version));
    });
    app.get('/healthz', (_req, res) => {
      const { problem } = hub.store;
      if (problem !== undefined) throw new HubError('unavailable', `the store is lost: ${problem}`);
      send(res, { status: 200, body: JSON.stringify({ ok: true, result: { status: 'ok', version } }) }, instanceId);
    });
    let description: string | undefined;
    app.get('/v1/openapi.json', (_req, res) => {
      description ??= JSON.stringify(openApi(version));
      send(res, { status: 200, body: description }, instanceId);
    });
    app.use(this.#mounts);
    app.use((req, res, next) => {
      if (KNOWN_METHODS.has(req.method)) return next(new HubError('not_found', 'not found'));
      const error = { status: 405, body: '{"ok":false,"error":"method not allowed"}', code: 'unknown_method' as const };
      send(res, error, instanceId, { Allow: 'GET, POST, PUT, DELETE' });
    });
  }

  /** Resolves when it is answered. @throws {HubError} `not_found`, and whatever failed before the answer began */
  serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    return new Promise((resolve, reject) => {
      res.once('close', resolve);
      // express makes them its own; its types only say so for handlers inside.
      this.#app(req as Request, res as Response, reject);
    });
  }

  /** @param prefix such as `/mcp`: that path and everything below it */
  mount(prefix: string, mounted: Mounted): void {
    const handler: RequestHandler = (req, res) => {
      // express hides the prefix from what is mounted; this one is to see the whole address.
      req.url = req.originalUrl;
      return mounted.handle(req, res);
    };
    this.#mounts.use(prefix, handler);
    this.#mounted.push(mounted);
  }

  close(): void {
    for (const mounted of this.#mounted) mounted.close();
  }
}

const KNOWN_METHODS = new Set(['GET', 'POST', 'DELETE']);

const page = (instanceId: string, version: string) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Arc Hub</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}code{background:#8882;padding:.1em .3em}</style>
<h1>Arc Hub</h1>
<p>Version ${version}, instance <code>${instanceId}</code>. It is running.</p>
<p>People watch and steer it from a terminal: <code>arc tui</code>, or <code>arc watch</code> for the plain feed.
Agents connect by WebSocket at <code>/v1/ws</code> or by HTTP at <code>/v1/…</code>.</p>
</html>
`;
