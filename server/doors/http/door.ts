/** The HTTP door: browser defence, then the operations table, then pages. It has no behaviour of its own. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { HubError, matchRest, type RestMatch, requestCapBytes, splitTarget } from '../../../protocol/index.js';
import type { BrowserDefence } from '../../access/browser-defence.js';
import type { CallerOf } from '../../access/caller.js';
import type { HubConfig } from '../../config.js';
import type { Hub, HubLog } from '../../domain/hub.js';
import type { StreamPort } from '../../operations/context.js';
import type { Dispatcher } from '../../operations/dispatch.js';
import { type RestAnswer, toRest, toRestError } from '../rest/envelope.js';
import { Routes } from '../rest/routes.js';
import { send, sendEarly } from './answers.js';
import { readBody } from './body.js';
import { EventStreams } from './event-stream.js';
import { Pages } from './pages.js';

const KEEP_ALIVE_MS = 75_000;
const NEVER = new AbortController().signal;

export class HttpDoor {
  readonly streams: EventStreams;
  readonly pages: Pages;
  readonly #hub: Hub;
  readonly #dispatcher: Dispatcher;
  readonly #defence: BrowserDefence;
  readonly #callerOf: CallerOf;
  readonly #log: HubLog;
  readonly #routes: Routes;
  readonly #capBytes: number;

  constructor(
    hub: Hub,
    dispatcher: Dispatcher,
    defence: BrowserDefence,
    callerOf: CallerOf,
    config: Pick<HubConfig, 'high_water_bytes' | 'stall_sec'>,
    log: HubLog,
  ) {
    this.#hub = hub;
    this.#dispatcher = dispatcher;
    this.#defence = defence;
    this.#callerOf = callerOf;
    this.#log = log;
    this.#routes = new Routes(hub.settings.limits);
    this.#capBytes = requestCapBytes(hub.settings.limits);
    this.streams = new EventStreams(hub, config);
    this.pages = new Pages(hub);
  }

  /** Serves one request of `createHttpServer`. */
  readonly listener = (req: IncomingMessage, res: ServerResponse): void => {
    this.#serve(req, res).catch((cause) => this.#refuse(req, res, cause));
  };

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    this.#defence.check(req);
    const headers = this.#cors(req);
    const method = req.method ?? '';
    const { path, query } = splitTarget(req.url ?? '');
    if (method === 'OPTIONS' && headers['Access-Control-Allow-Origin'] !== undefined) {
      res.writeHead(204, { ...headers, ...PREFLIGHT }).end();
      return;
    }
    // Before anything that may depend on who asks, the form of the request included.
    const caller = OPEN_PAGES.has(path) ? undefined : this.#callerOf('http', req);
    const matched = caller && matchRest(method, path);
    if (caller === undefined || matched === undefined) {
      for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
      res.setHeader('X-Arc-Instance', this.#hub.store.instance_id);
      await this.pages.serve(req, res);
      return;
    }
    const hasBody = method === 'POST' || method === 'PUT';
    const body = hasBody ? await readBody(req, this.#capBytes, this.#hub.settings.limits.max_json_depth) : {};
    const fields = this.#routes.fieldsOf(matched, new URLSearchParams(query), body, keyOf(req));
    if (matched.operation.kind === 'stream') {
      const stream: StreamPort = {
        open: (request, ended) => this.streams.serve(req, res, request, headers, caller, ended),
      };
      await this.#dispatcher.run(matched.name, fields, { caller, stream, signal: NEVER });
      return;
    }
    const answer = toRest(
      await this.#dispatcher.run(matched.name, fields, { caller, signal: this.#signalOf(matched, res) }),
    );
    if (await this.#isGone(matched, fields)) headers['X-Arc-Session'] = 'inactive';
    send(res, answer, this.#hub.store.instance_id, headers);
  }

  /** Waits end when their caller goes away (arc-v1 §12 D2). */
  #signalOf({ operation }: RestMatch, res: ServerResponse): AbortSignal {
    if (operation.kind !== 'wait') return NEVER;
    const gone = new AbortController();
    res.on('close', () => {
      if (!res.writableFinished) gone.abort();
    });
    return gone.signal;
  }

  /** Whether the agent that acts is one that nobody sees any more, which it is told (arc-v1 §12 A7). */
  async #isGone({ operation }: RestMatch, fields: Record<string, unknown>): Promise<boolean> {
    // A session that has just been opened is seen.
    const field = operation.session === 'opens' ? undefined : operation.actor?.[0];
    const agent = field === undefined ? undefined : fields[field];
    return typeof agent === 'string' && agent !== '' && !(await this.#hub.isActive(agent));
  }

  #cors(req: IncomingMessage): Record<string, string> {
    const { origin } = req.headers;
    return this.#defence.isListed(origin)
      ? { 'Access-Control-Allow-Origin': origin, Vary: 'Origin', 'Access-Control-Expose-Headers': EXPOSED }
      : {};
  }

  #refuse(req: IncomingMessage, res: ServerResponse, cause: unknown): void {
    const answer = this.#toError(cause);
    const seconds = answer.details?.retry_after_sec ?? (answer.code === 'rate_limited' ? 1 : undefined);
    const retry: Record<string, string> = seconds === undefined ? {} : { 'Retry-After': String(seconds) };
    const challenge: Record<string, string> = answer.code === 'unauthorized' ? { 'WWW-Authenticate': 'Bearer' } : {};
    const headers = { ...this.#cors(req), ...retry, ...challenge };
    const { instance_id } = this.#hub.store;
    if (req.complete) send(res, answer, instance_id, headers);
    else sendEarly(req, res, answer, instance_id, headers, this.#capBytes + 65_536);
  }

  #toError(cause: unknown): RestAnswer {
    const error = HubError.from(cause);
    if (error.code === 'internal') this.#log.error({ err: error.cause ?? error }, 'operation failed');
    return toRestError(error);
  }
}

/** These say nothing of what the hub holds, and need no token (identity §1). */
const OPEN_PAGES: ReadonlySet<string> = new Set(['/', '/healthz']);

const EXPOSED = 'X-Arc-Instance, X-Arc-Error, X-Arc-Details, X-Arc-Session, Mcp-Session-Id';
const PREFLIGHT = {
  'Access-Control-Allow-Methods': 'GET, POST, PUT, DELETE',
  'Access-Control-Allow-Headers':
    'Content-Type, Idempotency-Key, Last-Event-ID, Authorization, Mcp-Session-Id, Mcp-Protocol-Version',
  'Access-Control-Max-Age': '600',
};

/** A header is bytes, read as Latin-1; a key beyond ASCII is sent as UTF-8, so that it is the same on every door. */
function keyOf(req: IncomingMessage): string | undefined {
  const header = req.headers['idempotency-key'];
  const bytes = Array.isArray(header) ? header[0] : header;
  if (bytes === undefined || !/[\x80-\xff]/.test(bytes)) return bytes;
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? bytes : text;
}

/** A server with timeouts, for the connections that `Listeners` brings; requests that are no HTTP get the envelope too. */
export function createHttpServer(
  instanceId: () => string,
  { max_headers_sec, max_request_sec }: Pick<HubConfig, 'max_headers_sec' | 'max_request_sec'>,
): Server {
  const server = createServer({
    headersTimeout: max_headers_sec * 1_000,
    requestTimeout: max_request_sec * 1_000,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 5_000,
  });
  server.on('clientError', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket: Duplex) => {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const { status, text } = describeParserError(error);
    const body = JSON.stringify({ ok: false, error: text });
    socket.end(
      `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
        `X-Arc-Instance: ${instanceId()}\r\nX-Arc-Error: bad_request\r\nConnection: close\r\n\r\n${body}`,
    );
  });
  server.on('upgrade', (req, socket, head) => {
    if (req.headers.upgrade?.toLowerCase() !== 'websocket') serveWithoutUpgrade(server, req, socket, head);
  });
  return server;
}

/**
 * HTTP clients may offer to go over to another protocol, as those that would rather have HTTP/2 do; a server that does not
 * want to answers as if nobody had asked (RFC 9110 §7.8). Node has taken the request off its parser by now: it gets it again.
 */
function serveWithoutUpgrade(server: Server, req: IncomingMessage, socket: Duplex, head: Buffer): void {
  let text = `${req.method} ${req.url} HTTP/${req.httpVersion}\r\n`;
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    const name = req.rawHeaders[i] ?? '';
    if (!/^(upgrade|connection|http2-settings)$/i.test(name)) text += `${name}: ${req.rawHeaders[i + 1]}\r\n`;
  }
  if (/\bclose\b/i.test(req.headers.connection ?? '')) text += 'Connection: close\r\n';
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

function describeParserError(error: NodeJS.ErrnoException & { rawPacket?: Buffer }): { status: string; text: string } {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return { status: '431 Request Header Fields Too Large', text: 'request headers exceed max size' };
  }
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return { status: '408 Request Timeout', text: 'request timed out' };
  const length = /^content-length:[ \t]*([^\r\n]*)/im.exec(error.rawPacket?.toString('latin1') ?? '')?.[1]?.trim();
  if (length !== undefined && !/^\d+$/.test(length)) {
    const negative = /^-\d+$/.test(length);
    return { status: '400 Bad Request', text: `Content-Length must be ${negative ? '>= 0' : 'an integer'}` };
  }
  return { status: '400 Bad Request', text: 'malformed HTTP request' };
}
