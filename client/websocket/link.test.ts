import { describe, expect, it } from 'vitest';
import { BackOff } from '../../base/back-off.js';
import { FakeClock } from '../../tests/support/fake-clock.js';
import { until } from '../../tests/support/until.js';
import type { StateChange } from '../transport.js';
import { Link, type LinkOwner } from './link.js';
import type { Socket, SocketEvents, SocketFactory } from './socket.js';

/** Sockets without a wire: the test plays the hub. */
class Wires {
  readonly sockets: { events: SocketEvents; sent: string[]; terminated: boolean }[] = [];
  refuse = false;
  readonly open: SocketFactory = async (_url, _protocols, events) => {
    if (this.refuse) throw new Error('refused');
    const wire = { events, sent: [] as string[], terminated: false };
    this.sockets.push(wire);
    return {
      send: (text) => wire.sent.push(text),
      close: () => undefined,
      terminate: () => {
        wire.terminated = true;
      },
    } satisfies Socket;
  };
}

function start(options: { random?: () => number; persistent?: boolean } = {}) {
  const clock = new FakeClock();
  const wires = new Wires();
  const changes: StateChange[] = [];
  const owner: LinkOwner = {
    greet: async () => undefined,
    opened: () => undefined,
    lost: () => undefined,
    notification: () => undefined,
    changed: (change) => changes.push(change),
    ended: () => undefined,
  };
  const link = new Link(owner, {
    target: async () => ({ url: 'ws://hub', access: { baseUrl: 'http://hub' } }),
    clock,
    backOff: new BackOff({ baseMs: 100, maxMs: 1_000 }, options.random ?? (() => 0.999)),
    openSocket: wires.open,
    persistent: options.persistent ?? true,
    frameCapBytes: () => undefined,
  });
  link.start();
  return { clock, wires, changes, link };
}

describe('reconnecting', () => {
  it('backs off exponentially with full jitter, and starts afresh after a steady connection', async () => {
    const { clock, wires, changes, link } = start();
    await until(() => link.isOpen);
    wires.refuse = true;
    wires.sockets[0]?.events.onClose(1006, '');
    await clock.advance(6_000);
    const delays = changes.flatMap(({ delayMs }) => (delayMs === undefined ? [] : [Math.round(delayMs)]));
    expect(delays.slice(0, 6)).toEqual([100, 200, 400, 799, 999, 999]);
    wires.refuse = false;
    await clock.advance(1_000);
    expect(link.isOpen).toBe(true);
    await clock.advance(6_000);
    wires.sockets[1]?.events.onClose(1001, 'hub going down');
    expect(changes.at(-1)).toMatchObject({ state: 'reconnecting', closeCode: 1001, delayMs: 99.9 });
    link.close();
  });

  it('does not start afresh for a hub that takes connections only to drop them', async () => {
    const { clock, wires, changes, link } = start();
    for (let i = 0; i < 4; i++) {
      await until(() => link.isOpen);
      wires.sockets[i]?.events.onClose(1001, '');
      await clock.advance(1_000);
    }
    const delays = changes.flatMap(({ delayMs }) => (delayMs === undefined ? [] : [Math.round(delayMs)]));
    expect(delays).toEqual([100, 200, 400, 799]);
    link.close();
  });

  it('draws from the whole range at once after 4029', async () => {
    const { wires, changes, link } = start();
    await until(() => link.isOpen);
    wires.sockets[0]?.events.onClose(4029, '');
    expect(changes.at(-1)?.delayMs).toBeCloseTo(999);
    link.close();
  });
});

describe('silence', () => {
  it('makes the client ask, and reconnect when there is no answer', async () => {
    const { clock, wires, link } = start();
    await until(() => link.isOpen);
    await clock.advance(19_000);
    wires.sockets[0]?.events.onAlive();
    await clock.advance(19_000);
    expect(wires.sockets[0]?.sent).toEqual([]);
    await clock.advance(2_000);
    expect(wires.sockets[0]?.sent[0]).toContain('hub.info');
    await clock.advance(6_000);
    expect(wires.sockets[0]?.terminated).toBe(true);
    expect(wires.sockets).toHaveLength(2);
    expect(link.isOpen).toBe(true);
    link.close();
  });

  it('is broken by any answer, an error included', async () => {
    const { clock, wires, link } = start();
    await until(() => link.isOpen);
    await clock.advance(20_500);
    wires.sockets[0]?.events.onText('{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"unknown method"}}');
    await clock.advance(15_000);
    expect(wires.sockets).toHaveLength(1);
    await clock.advance(6_000);
    expect(wires.sockets[0]?.sent.filter((frame) => frame.includes('hub.info'))).toHaveLength(2);
    link.close();
  });
});

describe('frames', () => {
  it('that are no JSON-RPC are passed over', async () => {
    const { wires, link } = start();
    await until(() => link.isOpen);
    const answer = link.call('hub.info', {}, { timeoutMs: 1_000 });
    for (const text of ['', 'null', '[]', '{"id":1}{', '7', '"x"', '{"id":99,"result":1}', '{"id":"1","result":2}']) {
      wires.sockets[0]?.events.onText(text);
    }
    wires.sockets[0]?.events.onText('[{"jsonrpc":"2.0","id":1,"result":"right"}]');
    expect(await answer).toBe('right');
    link.close();
  });
});
