/** Where the hub listens. All doors are on all listeners; what stands in front of them is settled here. */
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '../../base/clock.js';
import { ConfigError, type HubConfig } from '../config.js';
import type { HubLog } from '../domain/hub.js';
import { Front } from './front.js';
import { Peers } from './peers.js';
import { TlsFront } from './tls-front.js';
import { openTls, type TlsSource } from './tls-source.js';
import { listenAt, socketPath } from './unix-socket.js';

const BACKLOG = 2_048;

/** How many connections come in, and stay (identity §8). */
export interface ConnectionLimits {
  mayConnect(address: string | undefined): boolean;
  opened(socket: Socket, address: string | undefined): boolean;
}

export class Listeners {
  readonly peers: Peers;
  readonly #config: HubConfig;
  readonly #limits: ConnectionLimits;
  readonly #tcp: Front | undefined;
  readonly #unix: Front | undefined;
  /** The bound one, also when 0 was asked for; 0 without TCP. */
  readonly port: number;
  /** Path of the Unix socket. */
  readonly socket: string | undefined;
  #tls: TlsSource | undefined;
  #tlsFront: TlsFront | undefined;

  private constructor(
    config: HubConfig,
    limits: ConnectionLimits,
    peers: Peers,
    tcp: Front | undefined,
    unix: Front | undefined,
  ) {
    this.peers = peers;
    this.#config = config;
    this.#limits = limits;
    this.#tcp = tcp;
    this.#unix = unix;
    this.port = tcp === undefined ? 0 : (tcp.server.address() as AddressInfo).port;
    this.socket = unix === undefined ? undefined : (unix.server.address() as string);
  }

  /** @throws {ConfigError} an address is taken, or may not be used */
  static async bind(config: HubConfig, limits: ConnectionLimits): Promise<Listeners> {
    const peers = new Peers(config.trusted_proxy);
    const admits = (socket: Socket) => limits.mayConnect(peers.countedFor(socket));
    const tcp = config.no_tcp ? undefined : new Front(config.max_connections, admits);
    if (tcp !== undefined) await listen(tcp, config.host, config.port);
    const unix = config.socket === '' ? undefined : new Front(config.max_connections);
    try {
      if (unix !== undefined) await listenAt(unix.server, socketPath(config.socket));
    } catch (cause) {
      tcp?.destroyAll();
      await tcp?.close();
      throw cause;
    }
    return new Listeners(config, limits, peers, tcp, unix);
  }

  /**
   * Opens the certificate, which lies beside the store or where the settings say. The Unix socket needs none.
   *
   * @param onKey called when a certificate with another key has come
   * @throws {ConfigError} it cannot be used
   */
  async openTls(storage: string, clock: Clock, log: HubLog, onKey: () => void): Promise<void> {
    this.#tls = this.#tcp === undefined ? undefined : await openTls(this.#config, storage, clock, log);
    let known = this.fingerprint;
    this.#tls?.onChange((pair) => {
      this.#tlsFront?.use(pair);
      if (pair.fingerprint === known) return;
      known = pair.fingerprint;
      onKey();
    });
  }

  /** What clients pin of the certificate; undefined without TLS. */
  get fingerprint(): string | undefined {
    return this.#tls?.pair.fingerprint;
  }

  /** The address that reaches the hub from this machine: `http(s)://…`, or `unix:PATH` where there is no other. */
  get url(): string {
    if (this.#tcp === undefined) return `unix:${this.socket}`;
    return `${this.#tls === undefined ? 'http' : 'https'}://${urlHost(this.#config.host)}:${this.port}`;
  }

  /** Looks for a new certificate now. */
  async reload(): Promise<void> {
    await this.#tls?.reload();
  }

  /** Opens the doors: `server` gets every connection, as if it listened itself. */
  serve(server: Server): void {
    // Node starts the watch over slow requests when a server listens; this one does so through others.
    server.emit('listening');
    const take = (how: 'tcp' | 'tls' | 'unix') => (socket: Socket) => {
      if (how !== 'unix' && !this.#limits.opened(socket, this.peers.countedFor(socket))) {
        socket.destroy();
        return;
      }
      this.peers.accepted(socket, how);
      server.emit('connection', socket);
    };
    this.#unix?.serve(take('unix'));
    if (this.#tls === undefined) {
      this.#tcp?.serve(take('tcp'));
      return;
    }
    const front = new TlsFront(this.#tls.pair, this.#config.max_headers_sec * 1_000, take('tls'));
    this.#tlsFront = front;
    this.#tcp?.serve((socket) => front.accept(socket));
  }

  /** Takes no more connections; resolves when all are closed. */
  async close(): Promise<void> {
    this.#tls?.close();
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
