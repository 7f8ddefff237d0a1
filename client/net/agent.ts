import { Agent, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Access } from '../access.js';
import { openConnection } from './connect.js';

/** For `node:http`: connections to a hub, whichever way it is reached. Requests are made as to a hub without TLS. */
export class HubAgent extends Agent {
  readonly #access: Access;

  constructor(access: Access, options: { keepAlive: boolean }) {
    super(options);
    this.#access = access;
  }

  override createConnection(_args: ClientRequestArgs, done?: (error: Error | null, socket: Duplex) => void): Duplex {
    openConnection(this.#access).then(
      (socket) => done?.(null, socket),
      // Node takes an error alone; its type wants both.
      (cause: Error) => (done as ((error: Error) => void) | undefined)?.(cause),
    );
    // Nothing yet: Node then waits for the callback, which its type does not say.
    return undefined as unknown as Duplex;
  }
}
