import { describe, expect, it } from 'vitest';
import { textOf } from '../line.js';
import { reduce } from '../state/reduce.js';
import type { State } from '../state/state.js';
import { channelView, threadView } from '../state/view.js';
import { many, message, NOW_MS, stateAfter } from '../testing/make.js';
import { buildFeed, feedMessages, neighbour, reveal, scrollBy } from './feed.js';

const SIZE = { columns: 60, rows: 10 };
const shown = (state: State) => buildFeed(state, SIZE).lines.map((line) => textOf(line).trimEnd());
const scrolled = (state: State, by: number) => reduce(state, { type: 'scroll', scroll: scrollBy(state, SIZE, by) });

describe('the feed', () => {
  it('puts one name over what one agent says in a row, and a rule over each day', () => {
    const yesterday = message(1, { ts: '2026-03-01T12:00:00Z', body: 'old' });
    const state = stateAfter({
      type: 'messages',
      messages: [
        yesterday,
        message(2, { body: 'first' }),
        message(3, { body: 'second' }),
        message(4, { from_agent: 'ben', body: 'third' }),
      ],
    });
    const lines = shown(state);
    expect(lines[0]).toMatch(/── Yesterday, Sunday 2026-03-01 ─+$/);
    expect(lines[2]).toMatch(/^ {8}old/);
    expect(lines[3]).toMatch(/── Today, Monday 2026-03-02 ─+$/);
    expect(lines.filter((line) => / ana /.test(line))).toHaveLength(2);
    expect(lines.slice(5, 7).map((line) => line.trim())).toEqual(['first', 'second']);
    expect(lines.at(-1)?.trim()).toBe('third');
  });

  it('tells kinds, recipients, tasks and replies in words', () => {
    const state = stateAfter(
      {
        type: 'messages',
        messages: [
          message(1, { kind: 'task_request', to_agent: 'operator', channel: 'direct', body: 'May I?' }),
          message(2, { from_agent: 'ben', reply_to: 1, body: 'He may.' }),
        ],
      },
      {
        type: 'tasks',
        tasks: [
          {
            task_id: 1,
            parent_task_id: null,
            channel: 'direct',
            thread_id: null,
            status: 'open',
            created_at: '2026-03-02T11:00:00Z',
            completed_at: null,
          },
        ],
      },
    );
    const text = shown(state).join('\n');
    expect(text).toContain('ana → you [request] ○ open');
    expect(text).toContain('↳ ana May I?');
  });

  it('keeps its place when messages come while it is scrolled back', () => {
    let state = scrolled(stateAfter({ type: 'messages', messages: many(1, 60) }), -20);
    const before = shown(state);
    state = reduce(state, { type: 'messages', messages: many(61, 90) });
    expect(shown(state)).toEqual(before);
    expect(state.below).toBe(30);
  });

  it('scrolls line by line, without skipping or repeating one, from one end to the other', () => {
    let state = stateAfter({
      type: 'messages',
      messages: many(1, 40).map((each) => ({ ...each, body: `a${each.id}\nb${each.id}` })),
    });
    const bottoms: string[] = [];
    for (let i = 0; i < 200; i++) {
      bottoms.push(shown(state).at(-1) ?? '');
      const next = scrolled(state, -1);
      if (JSON.stringify(next.scroll) === JSON.stringify(state.scroll)) break;
      state = next;
    }
    expect(buildFeed(state, SIZE).atTop).toBe(true);
    expect(new Set(bottoms).size).toBe(bottoms.length);
    while (state.scroll.kind === 'at') {
      expect(shown(state).at(-1)).toBe(bottoms.pop());
      state = scrolled(state, 1);
    }
    expect(bottoms).toHaveLength(1);
  });

  it('does not scroll where everything is on the screen', () => {
    const state = stateAfter({ type: 'messages', messages: many(1, 2) });
    expect(scrollBy(state, SIZE, -5)).toEqual({ kind: 'end' });
    expect(scrollBy(state, SIZE, 5)).toEqual({ kind: 'end' });
  });

  it('reveals a message whole, with as little scrolling as it takes', () => {
    const state = stateAfter({ type: 'messages', messages: many(1, 60) });
    const up = reduce(state, { type: 'scroll', scroll: reveal(state, SIZE, 20) });
    expect(buildFeed(up, SIZE).ids[0]).toBe(20);
    const down = reduce(up, { type: 'scroll', scroll: reveal(up, SIZE, 40) });
    expect(buildFeed(down, SIZE).ids.at(-1)).toBe(40);
    expect(neighbour(down, SIZE, 40, 1)).toBe(41);
    expect(neighbour(state, SIZE, undefined, 0)).toBe(60);
  });

  it('shows what passes the view, the filter and the mutes', () => {
    let state = stateAfter({
      type: 'messages',
      messages: [
        message(1, { thread_id: 't' }),
        message(2, { channel: 'build', kind: 'notice', body: 'Red' }),
        message(3, { from_agent: 'ben', to_agent: 'ana', channel: 'direct', thread_id: 't' }),
      ],
    });
    const ids = (each: State) => feedMessages(each).map(({ id }) => id);
    expect(ids(state)).toEqual([1, 2, 3]);
    expect(ids(reduce(state, { type: 'view', view: threadView('t') }))).toEqual([1, 3]);
    expect(ids(reduce(state, { type: 'view', view: channelView('general') }))).toEqual([1]);
    expect(ids(reduce(state, { type: 'filter', filter: { agent: 'ana' } }))).toEqual([1, 2, 3]);
    expect(ids(reduce(state, { type: 'filter', filter: { kind: 'notice', text: 'red' } }))).toEqual([2]);
    state = reduce(state, { type: 'mute', agent: 'ana', muted: true });
    expect(ids(state)).toEqual([3]);
  });

  it('marks what is not sent, and why', () => {
    let state = stateAfter({
      type: 'unsent',
      post: { key: 'k', params: { channel: 'general', body: 'hello' }, status: 'sending', sinceMs: NOW_MS - 4_000 },
    });
    expect(shown(state).join('\n')).toContain('… sending');
    state = reduce(state, { type: 'link', which: 'actor', state: 'lost' });
    expect(shown(state).join('\n')).toContain('not sent yet, for 4s');
    const failed = {
      key: 'k',
      params: { channel: 'general', body: 'hello' },
      status: 'failed',
      error: 'too large',
      sinceMs: NOW_MS,
    } as const;
    expect(shown(reduce(state, { type: 'unsent', post: failed })).join('\n')).toContain('✗ NOT SENT: too large');
  });

  it('folds a long body and many lines', () => {
    const state = stateAfter({ type: 'messages', messages: [message(1, { body: 'word '.repeat(20_000) })] });
    const block = buildFeed(state, { columns: 60, rows: 100 }).lines.map(textOf);
    expect(block.length).toBeLessThan(30);
    expect(block.at(-1)).toContain('folded, 100,000 characters');
  });
});
