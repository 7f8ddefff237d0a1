import { describe, expect, it } from 'vitest';
import { many, message, NOW_MS, session, stateAfter, task } from '../testing/make.js';
import { HISTORY_MESSAGES, WINDOW_MESSAGES } from './messages.js';
import { reduce } from './reduce.js';
import { ALL, channelView, directView, INBOX, viewKey } from './view.js';

const unread = (state: ReturnType<typeof stateAfter>) => Object.fromEntries(state.unread);

describe('messages', () => {
  it('keeps each id once, ascending, whatever overtakes what', () => {
    let state = stateAfter({ type: 'messages', messages: many(1, 3) });
    // An acknowledged post of one's own arrives before what was posted ahead of it.
    state = reduce(state, { type: 'messages', messages: [message(6, { from_agent: 'operator' })] });
    state = reduce(state, { type: 'messages', messages: many(3, 7) });
    expect(state.window.messages.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(state.latestId).toBe(7);
  });

  it('holds a bounded window, and says below which id it is incomplete', () => {
    let state = stateAfter();
    for (let from = 1; from <= 100_000; from += 1_000) {
      state = reduce(state, { type: 'messages', messages: many(from, from + 999) });
    }
    const { messages, floorId, chars } = state.window;
    expect(messages.length).toBeLessThanOrEqual(WINDOW_MESSAGES);
    expect(messages[0]?.id).toBe(floorId + 1);
    expect(messages.at(-1)?.id).toBe(100_000);
    expect(chars).toBe(messages.reduce((sum, { body }) => sum + body.length + 300, 0));
  });

  it('is bounded by the size of the texts, too', () => {
    const big = 'x'.repeat(1_000_000);
    const state = many(1, 40, { body: big }).reduce(
      (each, one) => reduce(each, { type: 'messages', messages: [one] }),
      stateAfter(),
    );
    expect(state.window.messages.length).toBeLessThan(20);
    expect(state.window.messages.at(-1)?.id).toBe(40);
  });

  it('keeps what leaves the window for somebody who reads back, up to a bound that it tells of', () => {
    let state = stateAfter({ type: 'messages', messages: many(1, 10) });
    state = reduce(state, { type: 'scroll', scroll: { kind: 'at', id: 5, line: 0 } });
    for (let from = 11; from <= 40_000; from += 1_000) {
      state = reduce(state, { type: 'messages', messages: many(from, from + 999) });
    }
    expect(state.history[0]?.id).toBe(1);
    expect(state.history.length).toBe(HISTORY_MESSAGES);
    expect(state.gapAfter).toBe(HISTORY_MESSAGES);
    state = reduce(state, { type: 'scroll', scroll: { kind: 'end' } });
    expect(state.history).toEqual([]);
    expect(state.gapAfter).toBeUndefined();
  });
});

describe('unread counts', () => {
  it('count what came where nobody looks, and end where somebody does', () => {
    let state = stateAfter({ type: 'view', view: channelView('build') });
    state = reduce(state, {
      type: 'messages',
      messages: [
        message(1),
        message(2, { thread_id: 'plan' }),
        message(3, { channel: 'build' }),
        message(4, { to_agent: 'operator', channel: 'direct' }),
        message(5, { body: 'ask @operator' }),
        message(6, { from_agent: 'operator' }),
      ],
    });
    const direct = viewKey(directView('ana', 'operator'));
    expect(unread(state)).toEqual({ '#general': 3, '~plan': 1, inbox: 2, [direct]: 1 });
    state = reduce(state, { type: 'view', view: channelView('general') });
    expect(unread(state)).toEqual({ '~plan': 1, inbox: 2, [direct]: 1 });
    state = reduce(state, { type: 'view', view: ALL });
    expect(unread(state)).toEqual({});
  });

  it('begin at the marks of the last run', () => {
    let state = stateAfter({
      type: 'instance',
      current: 'i1',
      seen: new Map([
        ['*', 2],
        ['#build', 5],
      ]),
    });
    state = reduce(state, { type: 'view', view: INBOX });
    state = reduce(state, { type: 'started', since_id: 0, latest_id: 6 });
    state = reduce(state, { type: 'messages', messages: [...many(1, 4), ...many(5, 6, { channel: 'build' })] });
    expect(unread(state)).toEqual({ '#general': 2, '#build': 1 });
  });

  it('show what was said since the last run, also beside everything, until its place is opened', () => {
    let state = stateAfter({ type: 'instance', current: 'i1', seen: new Map([['*', 2]]) });
    state = reduce(state, { type: 'started', since_id: 0, latest_id: 4 });
    state = reduce(state, { type: 'messages', messages: many(1, 5) });
    expect(unread(state)).toEqual({ '#general': 2 });
    expect(unread(reduce(state, { type: 'view', view: channelView('general') }))).toEqual({});
  });

  it('leave out what is on the screen, wherever else it belongs', () => {
    let state = stateAfter({ type: 'view', view: directView('ana', 'operator') });
    const direct = { to_agent: 'operator', channel: 'direct', thread_id: 'plan' };
    state = reduce(state, { type: 'messages', messages: [message(1, direct), message(2, { thread_id: 'plan' })] });
    expect(unread(state)).toEqual({ '#general': 1, '~plan': 1 });
  });

  it('leave out who is muted', () => {
    let state = stateAfter({ type: 'view', view: INBOX }, { type: 'mute', agent: 'ana', muted: true });
    state = reduce(state, { type: 'messages', messages: [message(1), message(2, { from_agent: 'ben' })] });
    expect(unread(state)).toEqual({ '#general': 1 });
  });

  it('treat what was said before the first look at a hub as seen', () => {
    let state = stateAfter({ type: 'view', view: INBOX }, { type: 'started', since_id: 0, latest_id: 4 });
    state = reduce(state, { type: 'messages', messages: many(1, 5) });
    expect(unread(state)).toEqual({ '#general': 1 });
  });

  it('go on while the feed is scrolled back, which counts what is new below', () => {
    let state = stateAfter({ type: 'messages', messages: many(1, 3) });
    state = reduce(state, { type: 'scroll', scroll: { kind: 'at', id: 1, line: 0 } });
    state = reduce(state, { type: 'messages', messages: many(4, 5) });
    expect(state.below).toBe(2);
    expect(unread(state)).toEqual({ '#general': 2 });
    state = reduce(state, { type: 'scroll', scroll: { kind: 'end' } });
    expect(state.below).toBe(0);
    expect(unread(state)).toEqual({});
  });
});

describe('changes', () => {
  it('follow sessions; the end of a replaced one is no absence', () => {
    let state = stateAfter();
    const next = session('ana', { session_id: 's2', display_name: 'Ana' });
    state = reduce(state, { type: 'change', change: { topic: 'session', change: 'opened', value: next, seq: 1 } });
    state = reduce(state, {
      type: 'change',
      change: { topic: 'session', change: 'replaced', value: session('ana'), seq: 2 },
    });
    expect(state.agents.get('ana')?.display_name).toBe('Ana');
    state = reduce(state, { type: 'change', change: { topic: 'session', change: 'closed', value: next, seq: 3 } });
    expect(state.agents.has('ana')).toBe(false);
  });

  it('keep requests to the operator until they are answered', () => {
    const request = message(1, { kind: 'task_request', to_agent: 'operator', channel: 'direct' });
    let state = stateAfter({ type: 'messages', messages: [request] });
    expect([...state.requests.keys()]).toEqual([1]);
    const answered = reduce(state, { type: 'messages', messages: [message(2, { kind: 'task_result', reply_to: 1 })] });
    expect(answered.requests.size).toBe(0);
    state = reduce(state, {
      type: 'change',
      change: { topic: 'task', change: 'done', value: task(1, { status: 'done' }), seq: 1 },
    });
    expect(state.requests.size).toBe(0);
  });

  it('say that the store is lost for as long as it is', () => {
    const lost = { topic: 'hub', change: 'store_lost', value: { problem: '/a was removed' }, seq: 1 } as const;
    const state = stateAfter({ type: 'change', change: lost });
    expect(state).toMatchObject({ storeProblem: '/a was removed', notices: [{ tone: 'bad' }] });
    const back = { topic: 'hub', change: 'store_back', value: { problem: null }, seq: 2 } as const;
    expect(reduce(state, { type: 'change', change: back }).storeProblem).toBeUndefined();
  });

  it('say who meets a limit', () => {
    const value = { what: 'posts', who: 'ana', retry_after_sec: 1 };
    const state = stateAfter({ type: 'change', change: { topic: 'hub', change: 'limited', value, seq: 1 } });
    expect(state.notices).toMatchObject([
      { tone: 'info', text: 'ana posts too fast and is refused for now (1 s at least).' },
    ]);
  });

  it('count down to a shutdown, and forget it when it is cancelled', () => {
    let state = stateAfter({
      type: 'change',
      change: { topic: 'hub', change: 'shutdown_armed', value: { remaining_sec: 59, delay_sec: 60 }, seq: 1 },
    });
    expect(state.shutdown).toEqual({ atMs: NOW_MS + 59_000, delay_sec: 60 });
    state = reduce(state, {
      type: 'change',
      change: { topic: 'hub', change: 'shutdown_cancelled', value: null, seq: 2 },
    });
    expect(state.shutdown).toBeUndefined();
  });

  it('know nothing any more of another hub, but the input and what is not sent', () => {
    let state = stateAfter(
      { type: 'messages', messages: many(1, 3) },
      { type: 'input', input: { text: 'draft', cursor: 5 } },
    );
    state = reduce(state, { type: 'unsent', post: { key: 'k', params: { body: 'x' }, status: 'failed', sinceMs: 1 } });
    state = reduce(state, { type: 'instance', current: 'other', seen: new Map() });
    expect(state.window.messages).toEqual([]);
    expect(state.agents.size).toBe(0);
    expect(state.latestId).toBe(0);
    expect(state.input.text).toBe('draft');
    expect(state.unsent).toHaveLength(1);
  });
});

it('counts messages a second, and shifts them on', () => {
  let state = stateAfter({ type: 'messages', messages: many(1, 7) });
  expect(state.rate.at(-1)).toBe(7);
  state = reduce(state, { type: 'tick', nowMs: NOW_MS + 2_000 });
  expect(state.rate.slice(-3)).toEqual([7, 0, 0]);
});

it('never changes the state it was given', () => {
  const before = stateAfter({ type: 'messages', messages: many(1, 3) });
  const copy = structuredClone({ ...before, window: before.window });
  reduce(before, { type: 'messages', messages: many(2, 9, { thread_id: 't' }) });
  reduce(before, { type: 'view', view: INBOX });
  reduce(before, { type: 'mute', agent: 'ana', muted: true });
  expect(before).toEqual(copy);
});
