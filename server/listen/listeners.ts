/** Where the hub listens. All doors are on all listeners; what stands in front of them is settled here. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigError, type HubConfig } from '../config.js';
import { Front } from './front.js';
import { Peers } from './peers.js';
import { listenAt, socketPath } from './unix-socket.js';

const BACKLOG = 2_048;

export class Listeners {
  readonly peers: Peers;
  readonly #host: string;
  readonly #tcp: Front | undefined;
  readonly #unix: Front | undefined;
  /** The bound one, also when 0 was asked for; 0 without TCP. */
  readonly port: number;
  /** Path of the Unix socket. */
  readonly socket: string | undefined;

  private constructor(config: HubConfig, tcp: Front | undefined, unix: Front | undefined) {
    this.peers = new Peers(config.trusted_proxy);
    this.#host = config.host;
    this.#tcp = tcp;
    this.#unix = unix;
    this.port = tcp === undefined ? 0 : (tcp.server.address() as AddressInfo).port;
    this.socket = unix === undefined ? undefined : (unix.server.address() as string);
  }

  /** @throws {ConfigError} an address is taken, or may not be used */
  static async bind(config: HubConfig): Promise<Listeners> {
    const tcp = config.no_tcp ? undefined : new Front(config.max_connections);
    if (tcp !== undefined) await listen(tcp, config.host, config.port);
    const unix = config.socket === '' ? undefined : new Front(config.max_connections);
    try {
      if (unix !== undefined) await listenAt(unix.server, socketPath(config.socket));
    } catch (cause) {
      await tcp?.close();
      throw cause;
    }
    return new Listeners(config, tcp, unix);
  }

  /** The address that reaches the hub from this machine: `http://…`, or `unix:PATH` where there is no other. */
  get url(): string {
    return this.#tcp === undefined ? `unix:${this.socket}` : `http://${urlHost(this.#host)}:${this.port}`;
  }

  /** Opens the doors: `server` gets every connection, as if it listened itself. */
  serve(server: Server): void {
    // Node starts the watch over slow requests when a server listens; this one does so through others.
    server.emit('listening');
    this.#tcp?.serve((socket) => {
      this.peers.accepted(socket, 'tcp');
      server.emit('connection', socket);
    });
    this.#unix?.serve((socket) => {
      this.peers.accepted(socket, 'unix');
      server.emit('connection', socket);
    });
  }

  /** Takes no more connections; resolves when all are closed. */
  async close(): Promise<void> {
    await Promise.all([this.#tcp?.close(), this.#unix?.close()]);
  }

  destroyAll(): void {
    this.#tcp?.destroyAll();
    this.#unix?.destroyAll();
  }
}

function listen({ server }: Front, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(describe(error, host, port)));
    server.listen({ host, port, backlog: BACKLOG }, () => resolve());
  });
}

function describe(error: NodeJS.ErrnoException, host: string, port: number): ConfigError {
  if (error.code === 'EADDRINUSE') return new ConfigError(`port ${port} on ${host} is in use`);
  if (error.code === 'EACCES') return new ConfigError(`port ${port} on ${host} may not be used`);
  return new ConfigError(`cannot listen on ${host}:${port}: ${error.message}`);
}

function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
