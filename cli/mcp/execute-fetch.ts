/** The hub's own REST without a socket, in the shape of `fetch`, for a client that lives in the hub's process. */
import { setImmediate } from 'node:timers/promises';
import type { RunningHub } from '../../server/main.js';
import { asciiJson } from '../output.js';

export function executeFetch(hub: Pick<RunningHub, 'execute' | 'instance_id' | 'url'>): typeof fetch {
  return async (url, init = {}) => {
    const headers = new Headers(init.headers);
    const key = headers.get('Idempotency-Key');
    const { status, text, code, details } = await hub.execute({
      method: init.method ?? 'GET',
      path: String(url).slice(hub.url.length),
      ...(typeof init.body === 'string' && { body: init.body }),
      // Headers carry bytes (arc client: text beyond ASCII travels as its UTF-8).
      ...(key !== null && { idempotency_key: Buffer.from(key, 'latin1').toString('utf8') }),
      ...(init.signal && { signal: init.signal }),
    });
    // A hub that stops answers waits at once. Whoever asks again and again would leave nobody else a turn, since no
    // socket lies between.
    await setImmediate();
    return new Response(text, {
      status,
      headers: {
        'X-Arc-Instance': hub.instance_id,
        ...(code !== undefined && { 'X-Arc-Error': code }),
        ...(details !== undefined && { 'X-Arc-Details': asciiJson(details) }),
      },
    });
  };
}
