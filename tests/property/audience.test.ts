/** The index of followers against asking everybody: nobody misses what they want, and whom it does not concern is left alone. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Feed, type PublishedChange, type PublishedMessage } from '../../server/domain/feed.js';
import { interestOf, type MessageFilter, matches } from '../../server/domain/filter.js';
import type { MessageRow } from '../../server/domain/rows.js';
import { Subscriptions } from '../../server/doors/websocket/subscriptions.js';
import type { SubscriptionRequest } from '../../server/operations/context.js';

const agent = fc.constantFrom('ana', 'ben', 'cleo');
const channel = fc.constantFrom('general', 'build', 'every');
const thread = fc.constantFrom('t1', 't2');
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const message = fc.record({
  from_agent: agent,
  to_agent: fc.option(agent),
  channel,
  kind: fc.constantFrom('chat', 'task_request', 'task_result'),
  thread_id: fc.option(thread),
  reply_to: fc.option(fc.integer({ min: 1, max: 5 })),
});

const rowsOf = (messages: readonly Omit<MessageRow, 'id' | 'ts' | 'body' | 'attachments_json' | 'metadata_json'>[]) =>
  messages.map((given, index): MessageRow => {
    return { ...given, id: index + 1, ts: '', body: '', attachments_json: '[]', metadata_json: '{}' };
  });

const filter: fc.Arbitrary<MessageFilter> = fc.record({
  viewer: optional(agent),
  inbox_of: optional(agent),
  all_direct: optional(fc.boolean()),
  channel: optional(channel),
  thread_id: optional(thread),
  exclude_from: optional(agent),
});

const request: fc.Arbitrary<SubscriptionRequest> = fc.record({
  since_id: fc.constant(undefined),
  agent_id: optional(agent),
  channels: optional(fc.array(channel, { maxLength: 3 })),
  thread_id: optional(thread),
  kinds: optional(fc.array(fc.constantFrom('chat', 'task_result'), { maxLength: 2 })),
  topics: optional(fc.array(fc.constantFrom('claim', 'task', 'hub'), { maxLength: 3 })),
  exclude_self: fc.boolean(),
  include_direct: optional(fc.boolean()),
}) as fc.Arbitrary<SubscriptionRequest>;

class Follower {
  readonly ids: number[] = [];
  readonly topics: string[] = [];
  constructor(readonly wants: (row: MessageRow) => boolean = () => true) {}

  offer({ row }: PublishedMessage): void {
    if (this.ids.at(-1) !== row.id && this.wants(row)) this.ids.push(row.id);
  }
  changed({ topic }: PublishedChange): void {
    this.topics.push(topic);
  }
}

describe('the audience of a message', () => {
  it('holds everyone whose filter matches it, until they leave', () => {
    fc.assert(
      fc.property(fc.array(filter, { minLength: 1, maxLength: 8 }), fc.array(message), (filters, messages) => {
        const feed = new Feed(() => undefined);
        const followers = filters.map((each) => new Follower((row) => matches(each, row)));
        const ends = filters.map((each, index) => feed.follow(interestOf(each), followers[index] as Follower));
        const rows = rowsOf(messages);
        feed.publish({ messages: rows, changes: [] });
        const wanted = filters.map((each) => rows.filter((row) => matches(each, row)).map(({ id }) => id));
        expect(followers.map(({ ids }) => ids)).toEqual(wanted);
        for (const end of [...ends, ...ends]) end();
        feed.publish({ messages: rows, changes: [] });
        expect(followers.map(({ ids }) => ids)).toEqual(wanted);
      }),
    );
  });

  it('holds every connection with a subscription that matches it, and each topic is told once', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 5 }), fc.array(message), (requests, messages) => {
        const feed = new Feed(() => undefined);
        const follower = new Follower();
        const subscriptions = new Subscriptions(feed, follower);
        const opened = requests.map((each) => subscriptions.add(each, 0, () => undefined));
        const rows = rowsOf(messages);
        for (let left = opened.length; left >= 0; left -= 1) {
          follower.ids.length = 0;
          follower.topics.length = 0;
          feed.publish({ messages: rows, changes: [] });
          for (const topic of ['claim', 'task', 'hub'] as const) {
            feed.announce({ topic, change: 'x', value: null } as unknown as PublishedChange);
          }
          const wanted = rows.filter((row) => subscriptions.wants(row)).map(({ id }) => id);
          expect(follower.ids).toEqual(expect.arrayContaining(wanted));
          expect([...follower.topics].sort()).toEqual([...subscriptions.topics].sort());
          if (left === 0) expect(follower.ids).toEqual([]);
          else subscriptions.remove(opened[left - 1]);
        }
      }),
    );
  });

  it('holds nobody whom it does not concern', () => {
    const feed = new Feed(() => undefined);
    const follow = (...interests: Parameters<Feed['follow']>[0][]) => {
      const follower = new Follower();
      for (const interest of interests) feed.follow(interest, follower);
      return follower;
    };
    const build = follow({ channels: ['build'] });
    const ana = follow({ agents: ['ana'] });
    const t1 = follow({ threads: ['t1'] });
    const results = follow({ requests: [3] });
    const plain = {
      from_agent: 'cleo',
      to_agent: null,
      channel: 'general',
      kind: 'chat',
      thread_id: null,
      reply_to: null,
    };
    feed.publish({
      changes: [],
      messages: rowsOf([
        plain,
        { ...plain, to_agent: 'ben', channel: 'build' },
        { ...plain, channel: 'build', reply_to: 3 },
        { ...plain, to_agent: 'ana', thread_id: 't1' },
        { ...plain, thread_id: 't2', kind: 'task_result', reply_to: 3 },
        { ...plain, channel: 'ana', kind: 'task_result', reply_to: 4 },
      ]),
    });
    expect([build.ids, ana.ids, t1.ids, results.ids]).toEqual([[3], [4], [4], [5]]);
  });
});
