/** The WebSocket door `/v1/ws`: the native one (websocket §1). Checks come before the upgrade. */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { HubError, requestCapBytes, SUBPROTOCOL, WEBSOCKET_PATH } from '../../../protocol/index.js';
import type { Guards } from '../../access/authorize.js';
import type { BrowserDefence } from '../../access/browser-defence.js';
import type { Caller, CallerOf } from '../../access/caller.js';
import type { HubConfig } from '../../config.js';
import type { Batch } from '../../domain/feed.js';
import type { Hub, HubLog } from '../../domain/hub.js';
import type { SessionRow } from '../../domain/rows.js';
import type { Dispatcher } from '../../operations/dispatch.js';
import { isArcp } from '../arcp/door.js';
import { Connection, type ConnectionHost } from './connection.js';

/** How long the last answers may keep a connection of a hub that goes down. */
const ANSWERS_MS = 500;

export class WebSocketDoor implements ConnectionHost {
  readonly hub: Hub;
  readonly dispatcher: Dispatcher;
  readonly log: HubLog;
  readonly highWaterBytes: number;
  readonly #defence: BrowserDefence;
  readonly #callerOf: CallerOf;
  readonly #server: WebSocketServer;
  readonly #connections = new Set<Connection>();
  readonly #byAgent = new Map<string, Set<Connection>>();
  readonly #stallMs: number;
  readonly #pings: NodeJS.Timeout;
  #corked: Socket[] = [];
  #closing = false;

  constructor(
    hub: Hub,
    dispatcher: Dispatcher,
    defence: BrowserDefence,
    callerOf: CallerOf,
    config: HubConfig,
    log: HubLog,
  ) {
    this.hub = hub;
    this.dispatcher = dispatcher;
    this.log = log;
    this.highWaterBytes = config.high_water_bytes;
    this.#defence = defence;
    this.#callerOf = callerOf;
    this.#stallMs = config.stall_sec * 1_000;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: requestCapBytes(hub.settings.limits),
      perMessageDeflate: config.compression,
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    });
    hub.feed.listen((batch) => this.#follow(batch));
    this.#pings = setInterval(() => this.#beat(), config.ping_sec * 1_000);
    this.#pings.unref();
  }

  attach(server: Server): void {
    server.on('upgrade', (req, socket, head) => {
      // Other offers are the HTTP door's, which declines them.
      if (req.headers.upgrade?.toLowerCase() === 'websocket' && !isArcp(req))
        this.#upgrade(req, socket as Socket, head);
    });
  }

  get subscriptionCount(): number {
    let count = 0;
    for (const connection of this.#connections) count += connection.subscriptionCount;
    return count;
  }
  lag(): number {
    const latest = this.hub.store.latestId();
    let lag = 0;
    for (const connection of this.#connections) lag = Math.max(lag, connection.lag(latest));
    return lag;
  }

  cork(socket: Socket): void {
    if (socket.writableCorked > 0) return;
    // After the answers of this turn too, which promises carry: a tick that a microtask asks for comes after all microtasks.
    if (this.#corked.length === 0) queueMicrotask(() => process.nextTick(this.#uncork));
    socket.cork();
    this.#corked.push(socket);
  }

  bound(connection: Connection): void {
    const agentId = connection.agent_id ?? '';
    const peers = this.#byAgent.get(agentId) ?? new Set();
    for (const older of peers) {
      if (older === connection) continue;
      peers.delete(older);
      if (connection.session !== undefined) older.replace(connection.session);
    }
    peers.add(connection);
    this.#byAgent.set(agentId, peers);
  }

  unbound(connection: Connection): void {
    const agentId = connection.agent_id ?? '';
    const peers = this.#byAgent.get(agentId);
    peers?.delete(connection);
    if (peers?.size === 0) this.#byAgent.delete(agentId);
  }

  /** Ends whoever goes by a name that now has a token. */
  guard(guarded: Guards): void {
    for (const connection of this.#connections) connection.guard(guarded);
  }

  /** Says goodbye to everyone, once their writes are answered; who does not answer is cut off by `terminate`. */
  close(): void {
    this.#closing = true;
    clearInterval(this.#pings);
    for (const connection of this.#connections) connection.finish();
    this.#uncork();
    setTimeout(() => {
      for (const connection of this.#connections) connection.close('going_down');
    }, ANSWERS_MS).unref();
  }

  terminate(): void {
    for (const connection of this.#connections) connection.terminate();
  }

  #upgrade(req: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    let caller: Caller;
    try {
      caller = this.#check(req);
    } catch (cause) {
      refuse(socket, HubError.from(cause), this.hub.store.instance_id);
      return;
    }
    this.#server.handleUpgrade(req, socket as Duplex, head, (ws) => {
      socket.setNoDelay(true);
      const connection = new Connection(ws, socket, this, caller);
      this.#connections.add(connection);
      ws.on('close', () => this.#connections.delete(connection));
    });
  }

  #check(req: IncomingMessage): Caller {
    this.#defence.check(req);
    const caller = this.#callerOf('websocket', req);
    if (this.#closing) throw new HubError('unavailable', 'hub is shutting down');
    if ((req.url ?? '').replace(/\?.*$/s, '') !== WEBSOCKET_PATH) throw new HubError('not_found', 'not found');
    const offered = req.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim());
    if (offered !== undefined && !offered.includes(SUBPROTOCOL)) {
      throw new HubError('bad_request', `subprotocol must be ${SUBPROTOCOL}`);
    }
    return caller;
  }

  #follow(batch: Batch): void {
    for (const published of batch.changes) {
      if (published.topic === 'hub' && published.change === 'shutdown_final') {
        for (const connection of this.#connections) connection.tell(published);
      }
      if (published.topic === 'session' && (published.change === 'replaced' || published.change === 'opened')) {
        this.#followSession(published.row);
      }
    }
  }

  /**
   * A session of a connected agent was opened by other means than its connection. By the next turn a connection that
   * opened it is bound to it and has closed its elders.
   */
  #followSession(session: SessionRow): void {
    if (!this.#byAgent.has(session.agent_id)) return;
    setImmediate(() => {
      for (const connection of this.#byAgent.get(session.agent_id) ?? []) {
        if (connection.session_id !== session.session_id) connection.rebind(session);
      }
    });
  }

  readonly #uncork = (): void => {
    const corked = this.#corked;
    this.#corked = [];
    for (const socket of corked) socket.uncork();
  };

  #beat(): void {
    const nowMs = Date.now();
    for (const connection of this.#connections) connection.beat(nowMs, this.#stallMs);
  }
}

function refuse(socket: Socket, error: HubError, instanceId: string): void {
  const body = JSON.stringify({ ok: false, error: error.message });
  socket.end(
    `HTTP/1.1 ${error.status} ${STATUS_TEXT[error.status] ?? 'Error'}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nX-Arc-Instance: ${instanceId}\r\nX-Arc-Error: ${error.code}\r\n` +
      `${error.code === 'unauthorized' ? 'WWW-Authenticate: Bearer\r\n' : ''}${retryAfter(error)}` +
      `Connection: close\r\n\r\n${body}`,
  );
}

const retryAfter = ({ details }: HubError) =>
  details?.retry_after_sec === undefined ? '' : `Retry-After: ${Number(details.retry_after_sec)}\r\n`;

const STATUS_TEXT: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};
