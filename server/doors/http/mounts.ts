import type { IncomingMessage, ServerResponse } from 'node:http';

/** Something that is no operation, served on the hub's port by whoever put the hub together. */
export interface Mounted {
  /** Answers the request; a rejection before the answer has begun becomes an error of the hub. */
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
  /** The hub goes down: what is open should end. */
  close(): void;
}

/** Paths that others serve, behind the same browser defence as everything else. */
export class Mounts {
  readonly #mounted = new Map<string, Mounted>();

  /** @param prefix such as `/mcp`: that path and everything below it */
  add(prefix: string, mounted: Mounted): void {
    this.#mounted.set(prefix, mounted);
  }

  find(path: string): Mounted | undefined {
    const end = path.indexOf('/', 1);
    return this.#mounted.get(end === -1 ? path : path.slice(0, end));
  }

  close(): void {
    for (const mounted of this.#mounted.values()) mounted.close();
  }
}
