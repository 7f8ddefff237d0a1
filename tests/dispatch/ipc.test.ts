import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.js';
import { callDaemon } from '../../dispatch/ipc/client.js';
import { encodeFrame, FrameDecoder, MAX_FRAME_BYTES } from '../../dispatch/ipc/frames.js';
import { type Handler, openSocket } from '../../dispatch/ipc/server.js';
import { TestHome } from './support/home.js';

describe('frames (dispatch §3)', () => {
  it('come whole and in order, however the bytes are split', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 5 }), fc.array(fc.nat(200)), (values, cuts) => {
        const bytes = Buffer.concat(values.map(encodeFrame));
        const [decoder, texts] = [new FrameDecoder(), [] as string[]];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          texts.push(...decoder.push(bytes.subarray(at, at + cut)));
          at += cut;
        }
        expect(texts).toEqual(values.map((value) => JSON.stringify(value)));
        expect(decoder.isTorn).toBe(false);
      }),
    );
  });

  it('byte by byte, and 100 kB', () => {
    const value = { prompt: 'ü'.repeat(50_000) };
    const decoder = new FrameDecoder();
    const texts = [...encodeFrame(value)].flatMap((byte) => decoder.push(Buffer.from([byte])));
    expect(texts.map((text) => JSON.parse(text))).toEqual([value]);
  });

  it.each([0, MAX_FRAME_BYTES + 1, 0xffffffff])('refuses a length of %d', (length) => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(length);
    expect(() => new FrameDecoder().push(head)).toThrowError('frame too large');
  });
});

async function setUp(handle: Handler = async (request) => ({ status: 'ok', result: request.prompt })) {
  const home = new TestHome();
  home.config();
  const path = join(home.home.path, 'arc.sock');
  const server = await openSocket(path, systemClock, handle);
  const call = (request: object) => callDaemon(path, request, { clock: systemClock, connectSec: 5, replySec: 20 });
  return {
    ...{ home, path, call },
    [Symbol.dispose]: () => {
      server.close();
      home[Symbol.dispose]();
    },
  };
}

/** Sends bytes as they are and gives the reply. */
function raw(path: string, bytes: Buffer): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const decoder = new FrameDecoder();
    const socket = connect(path, () => socket.write(bytes));
    socket.once('error', reject);
    socket.on('data', (chunk) => {
      const [text] = decoder.push(chunk);
      if (text !== undefined) {
        socket.destroy();
        resolve(JSON.parse(text));
      }
    });
  });
}

describe('the socket', () => {
  it('answers a hundred at once, for this account alone', async () => {
    using at = await setUp();
    expect(at.home.mode(at.path)).toBe('600');
    const replies = await Promise.all(Array.from({ length: 100 }, (_, i) => at.call({ prompt: `p${i}` })));
    expect(replies.map((reply) => reply?.result)).toEqual(Array.from({ length: 100 }, (_, i) => `p${i}`));
  });

  it('refuses what is no request, and goes on', async () => {
    using at = await setUp();
    const body = Buffer.from('{nonsense');
    const head = Buffer.alloc(4);
    head.writeUInt32BE(body.length);
    expect(await raw(at.path, Buffer.concat([head, body]))).toMatchObject({ status: 'error', error: 'not valid JSON' });
    expect(await raw(at.path, encodeFrame([1]))).toMatchObject({ error: 'expected one object of JSON' });
    expect(await raw(at.path, Buffer.from([255, 255, 255, 255]))).toMatchObject({ error: 'frame too large' });
    expect(await at.call({ prompt: 'still there' })).toMatchObject({ result: 'still there' });
  });

  it('is not there: null, and nothing is thrown', async () => {
    using home = new TestHome();
    home.config();
    const options = { clock: systemClock, connectSec: 5, replySec: 5 };
    expect(await callDaemon(join(home.home.path, 'none.sock'), {}, options)).toBeNull();
    const stale = join(home.home.path, 'stale');
    writeFileSync(stale, '');
    expect(await callDaemon(stale, {}, options)).toBeNull();
  });

  it('a daemon that dies in the middle of its reply is an error, never a reason to ask again', async () => {
    using home = new TestHome();
    home.config();
    const path = join(home.home.path, 's');
    const server = createServer((socket) =>
      socket.once('data', () => socket.end(encodeFrame({ status: 'ok' }).subarray(0, 7))),
    );
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const call = callDaemon(path, { prompt: 'x' }, { clock: systemClock, connectSec: 5, replySec: 5 });
    await expect(call).rejects.toThrowError('IPC connection lost');
    await new Promise((resolve) => server.close(resolve));
  });

  it('refuses a path that no system can bind', async () => {
    await expect(openSocket(`/tmp/${'x'.repeat(100)}`, systemClock, async () => ({}))).rejects.toThrowError(
      'is longer than 100 bytes',
    );
  });
});
