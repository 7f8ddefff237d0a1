/** The ARCP door `/arcp`: agents of the hub as executors of another protocol's clients (arcp §A.6). */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { ARCP_PATH, ARCP_SUBPROTOCOL } from '../../../protocol/arcp/envelope.js';
import { HubError } from '../../../protocol/index.js';
import type { BrowserDefence } from '../../access/browser-defence.js';
import type { CallerOf } from '../../access/caller.js';
import type { Hub, HubLog } from '../../domain/hub.js';
import type { Dispatcher } from '../../operations/dispatch.js';
import { ArcpConnection } from './connection.js';
import { Desk } from './desk.js';
import { g1Encoder } from './g1.js';
import { g2Encoder } from './g2.js';

const MAX_FRAME_BYTES = 16_777_216;
const TICK_MS = 1_000;

export class ArcpDoor {
  readonly desk: Desk;
  readonly #defence: BrowserDefence;
  readonly #callerOf: CallerOf;
  readonly #server: WebSocketServer;
  readonly #connections = new Set<ArcpConnection>();
  readonly #ticks: NodeJS.Timeout;
  #closing = false;

  constructor(hub: Hub, dispatcher: Dispatcher, defence: BrowserDefence, callerOf: CallerOf, log: HubLog) {
    this.desk = new Desk(hub, dispatcher, { g1: g1Encoder, g2: g2Encoder }, log);
    this.#defence = defence;
    this.#callerOf = callerOf;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: MAX_FRAME_BYTES,
      handleProtocols: (offered) => (offered.has(ARCP_SUBPROTOCOL) ? ARCP_SUBPROTOCOL : false),
    });
    this.#ticks = setInterval(() => {
      for (const connection of this.#connections) connection.tick(hub.clock.nowMs());
    }, TICK_MS);
    this.#ticks.unref();
  }

  attach(server: Server): void {
    server.on('upgrade', (req, socket, head) => {
      if (isArcp(req)) this.#upgrade(req, socket as Socket, head);
    });
  }

  close(): void {
    this.#closing = true;
    clearInterval(this.#ticks);
    for (const connection of this.#connections) connection.close(1001, 'going down');
  }

  terminate(): void {
    for (const connection of this.#connections) connection.terminate();
  }

  #upgrade(req: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    try {
      this.#defence.check(req);
      if (this.#closing) throw new HubError('unavailable', 'hub is shutting down');
    } catch (cause) {
      const { status, code } = HubError.from(cause);
      socket.end(`HTTP/1.1 ${status} ${code}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    this.#server.handleUpgrade(req, socket, head, (ws) => {
      socket.setNoDelay(true);
      const connection = new ArcpConnection(ws, socket, req, this.desk, this.#callerOf);
      this.#connections.add(connection);
      ws.on('close', () => this.#connections.delete(connection));
    });
  }
}

/** Whether an upgrade is for this door; the native one leaves those alone. */
export const isArcp = ({ url = '', headers }: IncomingMessage): boolean =>
  headers.upgrade?.toLowerCase() === 'websocket' && url.replace(/\?.*$/s, '') === ARCP_PATH;
