/** Any cut of a subscription at any point, and resume from the last id seen: each message once, in order (websocket §5). */
import { once } from 'node:events';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type InProcessHub, startInProcess } from '../support/in-process.js';
import { RawSocket } from '../support/raw-socket.js';
import { until } from '../support/until.js';

interface Step {
  /** Messages posted at once, before the cut is looked for. */
  posts: number;
  /** So many more go between them to a channel that a filtered subscription does not ask for. */
  others: number;
  /** The connection is cut after so many more messages have arrived; undefined: not now. */
  cutAfter: number | undefined;
  how: 'close' | 'terminate' | 'unsubscribe';
}

let hub: InProcessHub;
let writer: RawSocket;
beforeAll(async () => {
  hub = await startInProcess({ high_water_bytes: 65_536 });
  writer = await RawSocket.open(hub.wsUrl, 'writer');
});
afterAll(async () => {
  await writer[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
});

const step = fc.record<Step>({
  posts: fc.integer({ min: 0, max: 60 }),
  others: fc.integer({ min: 0, max: 20 }),
  cutAfter: fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }),
  how: fc.constantFrom('close', 'terminate', 'unsubscribe'),
});

describe('a subscription', () => {
  let run = 0;
  it('that is cut anywhere and resumed gives each message once and in order', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), fc.boolean(), async (steps, filtered) => {
        const channel = `room-${++run}`;
        await writer.call('channels.create', { name: channel });
        const { latest_id } = await writer.call<{ latest_id: number }>('events.subscribe', { kinds: [] });
        await writer.call('events.unsubscribe');
        const posted: number[] = [];
        const seen: number[] = [];
        let last = latest_id;
        let reader: RawSocket | undefined;
        let stop = Number.POSITIVE_INFINITY;
        const open = async () => {
          const socket = reader ?? (await RawSocket.open(hub.wsUrl));
          if (reader === undefined) {
            socket.socket.on('message', (data) => {
              const { method, params } = JSON.parse(String(data));
              // What arrives after the moment of the cut is lost with the connection.
              if (method !== 'message' || seen.length >= stop) return;
              seen.push(params.id);
              last = params.id;
            });
          }
          reader = socket;
          await socket.call('events.subscribe', { since_id: last, ...(filtered && { channels: [channel] }) });
        };
        const cut = async (how: Step['how']) => {
          const socket = reader as RawSocket;
          if (how === 'unsubscribe') {
            stop = Number.POSITIVE_INFINITY;
            await socket.call('events.unsubscribe');
            return; // the same connection goes on from what it has passed
          }
          const closed = once(socket.socket, 'close');
          if (how === 'terminate') socket.socket.terminate();
          else socket.socket.close();
          await closed;
          reader = undefined;
          stop = Number.POSITIVE_INFINITY;
        };
        await open();
        for (const { posts, others, cutAfter, how } of steps) {
          const before = seen.length;
          const body = 'x'.repeat(3_000);
          const answers = Array.from({ length: posts }, (_, index) => {
            if (filtered && index < others) void writer.call('messages.post', { body });
            return writer.call<{ id: number }>('messages.post', { channel, body });
          });
          const target = Math.min(before + (cutAfter ?? 0), posted.length + posts);
          if (cutAfter !== undefined && how !== 'unsubscribe') stop = Math.max(before, target);
          const ids = (await Promise.all(answers)).map(({ id }) => id);
          expect(ids).toEqual([...ids].sort((a, b) => a - b));
          posted.push(...ids);
          if (cutAfter === undefined) continue;
          await until(() => seen.length >= target);
          await cut(how);
          await open();
        }
        await until(() => seen.length >= posted.length);
        await reader?.call('hub.shutdown.get');
        expect(seen).toEqual(posted);
        expect(new Set(posted).size).toBe(posted.length);
        reader?.socket.terminate();
      }),
      { numRuns: 40 },
    );
  });

  it('over a stream of server-sent events too', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 5 }), async (cuts) => {
        const channel = `stream-${++run}`;
        await writer.call('channels.create', { name: channel });
        const posted: number[] = [];
        const seen: number[] = [];
        let last = 0;
        for (const after of [...cuts, Number.POSITIVE_INFINITY]) {
          const ids = await Promise.all(
            Array.from({ length: 20 }, () => writer.call<{ id: number }>('messages.post', { channel, body: 'x' })),
          );
          posted.push(...ids.map(({ id }) => id));
          const target = Math.min(seen.length + after, posted.length);
          const over = new AbortController();
          const headers: Record<string, string> = last === 0 ? {} : { 'Last-Event-ID': String(last) };
          const url = `${hub.hub.url}/v1/stream?agent_id=reader&channels=${channel}`;
          const answer = await fetch(url, { headers, signal: over.signal });
          let text = '';
          try {
            for await (const part of answer.body as unknown as AsyncIterable<Uint8Array>) {
              text += Buffer.from(part).toString();
              for (let end = text.indexOf('\n\n'); end !== -1 && seen.length < target; end = text.indexOf('\n\n')) {
                const id = /^id: (\d+)$/m.exec(text.slice(0, end))?.[1];
                text = text.slice(end + 2);
                if (id === undefined) continue;
                last = Number(id);
                seen.push(last);
              }
              if (seen.length >= target) break;
            }
          } finally {
            over.abort();
          }
        }
        expect(seen).toEqual(posted);
      }),
      { numRuns: 15 },
    );
  });

  it('leaves no connection behind', async () => {
    await until(async () => {
      const { connections } = await writer.call<{ connections: number }>('hub.stats');
      return connections <= 2;
    });
    expect(writer.socket.readyState).toBe(WebSocket.OPEN);
  });
});
