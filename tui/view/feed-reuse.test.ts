import { describe, expect, it } from 'vitest';
import { reduce } from '../state/reduce.js';
import { message, stateAfter } from '../testing/make.js';
import { buildFeed, neighbour, reveal } from './feed.js';

const SIZE = { columns: 60, rows: 10 } as const;

describe('the lines of the feed', () => {
  const state = stateAfter({
    type: 'messages',
    messages: Array.from({ length: 30 }, (_, i) =>
      message(i + 1, { body: `message ${i + 1} with a text of some length` }),
    ),
  });

  it('are made once for a step of the selection, and drawn with its mark', () => {
    const before = buildFeed(state, SIZE);
    const id = neighbour(state, SIZE, 30, -1);
    expect(id).toBe(29);
    const selected = reduce(state, { type: 'select', id });
    const scrolled = reduce(selected, { type: 'scroll', scroll: reveal(selected, SIZE, 29) });
    const after = buildFeed(scrolled, SIZE);
    expect(after.ids).toEqual(before.ids);
    const at = after.ids.indexOf(29);
    // The same spans, not equal ones: nothing was laid out again.
    expect(after.lines[at]?.at(-1)).toBe(before.lines[at]?.at(-1));
    expect(after.lines[at]?.[0]).not.toEqual(before.lines[at]?.[0]);
  });

  it('are made anew for whatever may change one', () => {
    const before = buildFeed(state, SIZE);
    const later = reduce(state, { type: 'messages', messages: [message(31, { body: 'something new' })] });
    expect(buildFeed(later, SIZE).lines).not.toEqual(before.lines);
    expect(buildFeed(state, { ...SIZE, columns: 30 }).lines).not.toEqual(before.lines);
  });
});
