/** `fetch` over connections of our own making. Only a client that needs them loads this, and undici with it. */
import { Agent, fetch as undiciFetch } from 'undici';
import type { Access } from '../access.js';
import { openConnection } from './connect.js';

export interface OwnFetch {
  readonly fetch: typeof fetch;
  /** Takes no more; resolves when what is under way is over. */
  close(): Promise<void>;
}

export function fetchOver(access: Access): OwnFetch {
  const agent = new Agent({
    // The caller gives up by itself, and a call may wait for ten minutes.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (_options, callback) => {
      openConnection(access).then(
        (socket) => callback(null, socket),
        (cause: Error) => callback(cause, null),
      );
    },
  });
  // The same function of the same specification, as undici types it and as the platform does.
  const own = undiciFetch as unknown as (url: unknown, init: unknown) => Promise<Response>;
  return {
    fetch: (url, init) => own(url, { ...init, dispatcher: agent }),
    close: () => agent.close(),
  };
}
