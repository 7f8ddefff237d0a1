/** The client and a real hub with a line between them that breaks at any byte. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HubProcess, startHub } from '../tests/support/hub-process.js';
import { HubClient, type Message } from './index.js';

/** Forwards to `port`; each connection breaks after the next number of bytes from the hub, until there are none left. */
class BrokenLine implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number, breaks: number[]) {
    this.#server = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      let bytesLeft = breaks.shift() ?? Number.POSITIVE_INFINITY;
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.#sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far);
      far.on('data', (bytes) => {
        near.write(bytes.subarray(0, bytesLeft));
        bytesLeft -= bytes.length;
        if (bytesLeft <= 0) near.destroySoon();
      });
    });
  }

  static async open(port: number, breaks: readonly number[]): Promise<BrokenLine> {
    const line = new BrokenLine(port, [...breaks]);
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

let hub: HubProcess;
let runs = 0;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

const quick = { backOff: { baseMs: 1, maxMs: 5 }, waitForHub: true };

const TRANSPORTS = [
  ['websocket', (agentId: string, baseUrl: string) => HubClient.connect(agentId, { baseUrl, ...quick })],
  ['http', async (agentId: string, baseUrl: string) => HubClient.overHttp(agentId, { baseUrl, ...quick })],
] as const;

it.each(TRANSPORTS)('stores each post once and reads each message once, over %s', async (_name, open) => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        count: fc.integer({ min: 1, max: 40 }),
        breaks: fc.array(fc.nat(6_000), { maxLength: 12 }),
        bufferMessages: fc.integer({ min: 1, max: 10 }),
      }),
      async ({ count, breaks, bufferMessages }) => {
        runs += 1;
        const channel = `run-${runs}`;
        await using observer = HubClient.overHttp('observer', { baseUrl: hub.url });
        await observer.createChannel(channel);
        const { latest_visible_id: since_id } = await observer.bootstrap();
        await using line = await BrokenLine.open(hub.port, breaks);
        await using ana = await open(`ana-${runs}`, line.url);
        const messages = ana.subscribe({ since_id, bufferMessages, channels: [channel] });
        const bodies = Array.from({ length: count }, (_, i) => `${i}`);
        const posted = Promise.all(bodies.map((body) => ana.post(channel, body)));
        const read: Message[] = [];
        while (read.length < count) read.push((await messages.next()).value);
        await posted;
        const stored = await observer.messages({ channel, limit: 500 });
        expect(stored.map(({ body }) => body).sort()).toEqual([...bodies].sort());
        expect(read.map(({ id }) => id)).toEqual(stored.map(({ id }) => id));
      },
    ),
    { numRuns: 25 },
  );
});
