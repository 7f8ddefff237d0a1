import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { onAbort } from '../../base/abort.js';
import type { HubClient } from '../../client/hub-client.js';
import { HubError } from '../../protocol/errors.js';
import { McpAdapter } from './adapter.js';

/** Who sends a request. */
export interface Visitor {
  /** By which its requests are known to belong together; undefined for one that has not said who it is. */
  readonly id: string | undefined;
  /** The one agent that it stands for, where the URL names none. */
  readonly only: string | undefined;
  /** Whether it may act as this agent. */
  mayBe(agentId: string): boolean;
  /** Told that it was refused the name. */
  refused(agentId: string): void;
  /** Aborted when it may no longer be here. */
  readonly ended: AbortSignal | undefined;
  /** A client that is the agent; it is closed with the session. */
  openHub(agentId: string): HubClient;
}

export interface HttpSessionsOptions {
  /** @throws {HubError} for one that is not let in */
  readonly visitorOf: (req: IncomingMessage) => Visitor;
  readonly version: string;
  readonly hubAt: string;
  /** Most sessions at once; one more is refused (default 1_000). */
  readonly maxSessions?: number | undefined;
  /** Most bytes of one request (default 4 MiB). */
  readonly maxBodyBytes?: number | undefined;
  /** A session without a request or an open stream for so long is over (default 30 minutes). */
  readonly idleMs?: number | undefined;
  /** The agent of a session without a request or an open stream is kept present for so long (default 2 minutes). */
  readonly presentMs?: number | undefined;
}

interface Session {
  readonly visitorId: string | undefined;
  readonly agentId: string;
  readonly adapter: McpAdapter;
  readonly transport: StreamableHTTPServerTransport;
  /** Requests and streams that are open. */
  open: number;
  usedMs: number;
}

/** A failure that is answered in MCP's form, with the status that its specification has for it. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code = -32600,
  ) {
    super(message);
  }
}

const NAME_IT = 'name the agent in the URL: /mcp/NAME or /mcp?agent=NAME';
const MAX_SESSIONS = 1_000;
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const IDLE_MS = 30 * 60_000;
const PRESENT_MS = 2 * 60_000;

/**
 * MCP over Streamable HTTP. The agent is named in the URL, `/mcp/NAME` or `/mcp?agent=NAME`, or by the token that is shown,
 * if it is for one agent; a session belongs to whoever opened it.
 */
export class HttpSessions {
  readonly #options: HttpSessionsOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #idleMs: number;
  readonly #sweep: NodeJS.Timeout;
  #over = false;

  constructor(options: HttpSessionsOptions) {
    this.#options = options;
    this.#idleMs = options.idleMs ?? IDLE_MS;
    this.#sweep = setInterval(() => this.#endIdle(), Math.max(1, this.#idleMs / 10)).unref();
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** Answers one request of any method. */
  async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    try {
      await this.#handle(req, res);
    } catch (cause) {
      const refusal = cause instanceof HubError ? new Refusal(cause.status, cause.message) : cause;
      if (!(refusal instanceof Refusal) || res.headersSent) throw cause;
      if (!req.complete) res.setHeader('Connection', 'close');
      if (refusal.status === 401) res.setHeader('WWW-Authenticate', 'Bearer');
      res.writeHead(refusal.status, { 'Content-Type': 'application/json' });
      res.end(JSON.stringify({ jsonrpc: '2.0', error: { code: refusal.code, message: refusal.message }, id: null }));
    }
  }

  /** Ends every session and its streams; no further one begins. */
  async close(): Promise<void> {
    this.#over = true;
    clearInterval(this.#sweep);
    await Promise.all([...this.#sessions.values()].map(({ adapter }) => adapter[Symbol.asyncDispose]()));
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const visitor = this.#options.visitorOf(req);
    const agentId = agentOf(req.url ?? '');
    const body = req.method === 'POST' ? await this.#bodyOf(req) : undefined;
    const session = this.#find(req, visitor) ?? (await this.#begin(visitor, agentId ?? visitor.only, body));
    if (agentId !== undefined && agentId !== session.agentId) {
      throw new Refusal(403, `this session is that of another agent than ${agentId}`);
    }
    session.usedMs = Date.now();
    // A client that is gone already will not be seen to leave.
    if (!res.closed) {
      session.open += 1;
      res.once('close', () => {
        session.open -= 1;
        session.usedMs = Date.now();
      });
    }
    await session.transport.handleRequest(req, res, body);
    // Refused by the SDK, for its headers: no session has begun.
    if (session.transport.sessionId === undefined) await session.adapter[Symbol.asyncDispose]();
  }

  #find(req: IncomingMessage, visitor: Visitor): Session | undefined {
    const header = req.headers['mcp-session-id'];
    if (header === undefined) return undefined;
    const session = this.#sessions.get(String(header));
    // The client answers it by beginning anew.
    if (session === undefined || session.visitorId !== visitor.id) throw new Refusal(404, 'session not found', -32001);
    return session;
  }

  async #begin(visitor: Visitor, agentId: string | undefined, body: unknown): Promise<Session> {
    if (agentId === undefined) throw new Refusal(400, NAME_IT);
    if (!visitor.mayBe(agentId)) {
      visitor.refused(agentId);
      throw new Refusal(403, `${agentId} is not a name that the caller may act as`);
    }
    if (this.#over) throw new Refusal(503, 'the hub is going down', -32000);
    const messages = Array.isArray(body) ? body : [body];
    if (!messages.some((message) => isInitializeRequest(message))) {
      throw new Refusal(400, 'no Mcp-Session-Id: a session begins with initialize');
    }
    if (this.#sessions.size >= (this.#options.maxSessions ?? MAX_SESSIONS)) {
      throw new Refusal(503, 'too many MCP sessions; try again later', -32000);
    }
    const { version, hubAt, presentMs = PRESENT_MS } = this.#options;
    const isPresent = () => session.open > 0 || Date.now() - session.usedMs < presentMs;
    const adapter = new McpAdapter({ hub: visitor.openHub(agentId), version, hubAt, isPresent });
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => {
        this.#sessions.set(id, session);
      },
    });
    const session: Session = { visitorId: visitor.id, agentId, adapter, transport, open: 0, usedMs: Date.now() };
    // The SDK declares its own members in a way that `exactOptionalPropertyTypes` refuses.
    await adapter.connect(transport as Parameters<McpAdapter['connect']>[0]);
    const { onclose } = transport;
    const forget = onAbort(visitor.ended, () => void transport.close());
    transport.onclose = () => {
      forget();
      onclose?.();
      const { sessionId } = transport;
      if (sessionId === undefined || !this.#sessions.delete(sessionId)) return;
      void adapter[Symbol.asyncDispose]();
    };
    return session;
  }

  async #bodyOf(req: IncomingMessage): Promise<unknown> {
    const most = this.#options.maxBodyBytes ?? MAX_BODY_BYTES;
    const parts: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const part of req as AsyncIterable<Buffer>) {
        bytes += part.length;
        if (bytes > most) throw new Refusal(413, `a request has at most ${most} bytes`);
        parts.push(part);
      }
    } catch (cause) {
      throw cause instanceof Refusal ? cause : new Refusal(400, 'the request was cut off');
    }
    try {
      return JSON.parse(Buffer.concat(parts).toString('utf8'));
    } catch {
      throw new Refusal(400, 'parse error: not JSON', -32700);
    }
  }

  #endIdle(): void {
    const before = Date.now() - this.#idleMs;
    for (const { open, usedMs, transport } of this.#sessions.values()) {
      if (open === 0 && usedMs < before) void transport.close();
    }
  }
}

/** The agent that the URL names; undefined when it names none. */
function agentOf(url: string): string | undefined {
  const { pathname, searchParams } = new URL(url, 'http://hub');
  const [, , ...rest] = pathname.split('/');
  if (rest.length > 1) throw new Refusal(400, NAME_IT);
  try {
    return decodeURIComponent(rest[0] ?? '').trim() || searchParams.get('agent')?.trim() || undefined;
  } catch {
    throw new Refusal(400, NAME_IT);
  }
}
