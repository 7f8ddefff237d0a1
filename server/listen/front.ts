import { createServer, type Server, type Socket } from 'node:net';

/**
 * One listening socket of the hub. What connects before the doors are open waits; what is open is known, so that a hub that
 * goes down can end it, a handshake under way included.
 */
export class Front {
  readonly server: Server;
  readonly #open = new Set<Socket>();
  #early: Socket[] | undefined = [];
  #take: (socket: Socket) => void = (socket) => this.#early?.push(socket);

  /** @param admits asked of each connection; one that it does not admit is closed at once */
  constructor(maxConnections: number, admits: (socket: Socket) => boolean = () => true) {
    // As node:http has them: a client may end its half once it has asked.
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      if (!admits(socket)) {
        socket.destroy();
        return;
      }
      this.#open.add(socket);
      socket.on('close', () => this.#open.delete(socket));
      // Whoever takes it listens too; until then a reset must not end the process.
      socket.on('error', () => undefined);
      this.#take(socket);
    });
    this.server.maxConnections = maxConnections;
  }

  /** Hands every connection on, those that wait first. */
  serve(take: (socket: Socket) => void): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#take = take;
    for (const socket of early) if (!socket.destroyed) take(socket);
  }

  /** Takes no more; resolves when all that it has taken are closed. */
  close(): Promise<void> {
    return new Promise((done) => {
      this.server.close(() => done());
    });
  }

  destroyAll(): void {
    for (const socket of this.#open) socket.destroy();
  }
}
