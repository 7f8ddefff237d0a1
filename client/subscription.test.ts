import { describe, expect, it } from 'vitest';
import { until } from '../tests/support/until.js';
import { HubError, type Message, type SubscribeOptions, Subscription } from './index.js';
import type { Feed, FeedSink } from './transport.js';

class ScriptedFeed implements Feed {
  resumed = 0;
  closed = 0;
  constructor(readonly sink: FeedSink) {}

  /** Gives messages as long as there is room; the number of them that were taken. */
  give(first: number, last: number): number {
    for (let id = first; id <= last; id++) {
      if (!this.sink.hasRoom) return id - first;
      this.sink.message({ id } as Message, 100);
    }
    return last - first + 1;
  }

  resume(): void {
    this.resumed += 1;
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

function open(options: SubscribeOptions = {}): { subscription: Subscription; feed: ScriptedFeed } {
  let feed: ScriptedFeed | undefined;
  const subscription = new Subscription(options, (sink) => {
    feed = new ScriptedFeed(sink);
    return feed;
  });
  if (feed === undefined) throw new Error('the subscription opened no feed');
  return { subscription, feed };
}

describe('a slow reader', () => {
  it('stops its feed when the buffer is full, and starts it again when it is half empty', async () => {
    const { subscription, feed } = open({ bufferMessages: 4 });
    expect(feed.give(1, 10)).toBe(4);
    expect(subscription.buffered).toBe(4);
    await subscription.next();
    expect(feed.resumed).toBe(0);
    await subscription.next();
    expect(feed.resumed).toBe(1);
    expect(feed.give(5, 10)).toBe(2);
    const ids: unknown[] = [];
    for (let i = 0; i < 4; i++) ids.push((await subscription.next()).value.id);
    expect(ids).toEqual([3, 4, 5, 6]);
  });

  it('stops its feed by size too', () => {
    const { feed } = open();
    feed.sink.message({ id: 1 } as Message, 9 * 1024 * 1024);
    expect(feed.sink.hasRoom).toBe(false);
  });

  it('is served in the order in which it asked', async () => {
    const { subscription, feed } = open();
    const asked = [subscription.next(), subscription.next(), subscription.next()];
    feed.give(1, 3);
    const answers = await Promise.all(asked);
    expect(answers.map(({ value }) => value.id)).toEqual([1, 2, 3]);
    expect(subscription.lastId).toBe(3);
  });
});

describe('the end', () => {
  it('comes after what had arrived, as an error when it is one', async () => {
    const { subscription, feed } = open();
    feed.give(1, 2);
    feed.sink.end(new HubError('conflict', 'replaced'));
    expect((await subscription.next()).value).toMatchObject({ id: 1 });
    expect((await subscription.next()).value).toMatchObject({ id: 2 });
    await expect(subscription.next()).rejects.toMatchObject({ code: 'conflict' });
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
    expect(await subscription.closed).toMatchObject({ code: 'conflict' });
    await expect(subscription.ready).rejects.toMatchObject({ code: 'conflict' });
  });

  it('reaches everyone who waits', async () => {
    const { subscription, feed } = open();
    const asked = [subscription.next(), subscription.next()];
    feed.sink.end(new HubError('forbidden', 'no'));
    await expect(asked[0]).rejects.toMatchObject({ code: 'forbidden' });
    expect(await asked[1]).toEqual({ done: true, value: undefined });
  });

  it('closes the feed on break', async () => {
    const { subscription, feed } = open();
    feed.give(1, 2);
    for await (const message of subscription) {
      expect(message.id).toBe(1);
      break;
    }
    expect(feed.closed).toBe(1);
    expect(await subscription.closed).toBeUndefined();
  });

  it('comes by a signal', async () => {
    const giveUp = new AbortController();
    const { subscription, feed } = open({ signal: giveUp.signal });
    const waiting = subscription.next();
    giveUp.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    await until(() => feed.closed === 1);
    expect((await open({ signal: giveUp.signal }).subscription.next()).done).toBe(true);
  });
});

describe('callbacks', () => {
  it('get one message at a time, each when the one before is done', async () => {
    const seen: string[] = [];
    const { feed } = open({
      bufferMessages: 2,
      onMessage: async ({ id }) => {
        seen.push(`+${id}`);
        await new Promise((resolve) => setTimeout(resolve, 1));
        seen.push(`-${id}`);
      },
    });
    for (let id = 1; id <= 5; id++) {
      await until(() => feed.sink.hasRoom);
      feed.give(id, id);
    }
    await until(() => seen.length === 10);
    expect(seen).toEqual([1, 2, 3, 4, 5].flatMap((id) => [`+${id}`, `-${id}`]));
  });

  it('end the subscription with what they throw', async () => {
    const failure = new Error('broken');
    for (const onMessage of [
      () => {
        throw failure;
      },
      () => Promise.reject(failure),
    ]) {
      const { subscription, feed } = open({ onMessage });
      feed.give(1, 3);
      expect(await subscription.closed).toBe(failure);
      expect(feed.closed).toBe(1);
    }
    const { subscription, feed } = open({
      onChange: () => {
        throw failure;
      },
    });
    feed.sink.change({ topic: 'claim', change: 'resync', value: null, seq: 0 });
    expect(await subscription.closed).toBe(failure);
  });

  it('leave nothing to iterate', async () => {
    const { subscription } = open({ onMessage: () => undefined });
    await expect(subscription.next()).rejects.toMatchObject({ code: 'bad_request' });
  });
});
