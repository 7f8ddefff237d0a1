import { DIRECT_CHANNEL, type Message } from '../../protocol/index.js';
import { withAudit } from './access.js';
import type { Action } from './actions.js';
import { applyChange, countInThread, knownThreads, listed, newest, openRequests, withTitles } from './hub-facts.js';
import { append, HISTORY_MESSAGES, merge } from './messages.js';
import { withNotice } from './notices.js';
import { NO_HISTORY, NOTHING_HEARD, RATE_SECONDS, RIGHT_PANES, type Shutdown, type State } from './state.js';
import { hasFilter, inView, passes, type View, viewKey, viewsOf } from './view.js';

const DIRECTS = 200;

/** The next state. Pure: it takes the time from `tick`, and never touches the old state. */
export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case 'link': {
      const { which, state: link, text } = action;
      const before = state[which];
      if (before.state === link && before.text === text) return state;
      return { ...state, [which]: { state: link, text, sinceMs: state.nowMs } };
    }
    case 'identity':
      return { ...state, self: action.self, display_name: action.display_name };
    case 'hub':
      return {
        ...state,
        info: action.info,
        instance_id: action.info.instance_id,
        allow_remote: action.info.allow_remote,
        storeProblem: action.info.store_problem ?? undefined,
      };
    case 'reading':
      return { ...state, reading: action.reading };
    case 'tokens':
      return { ...state, tokens: action.tokens };
    case 'audit':
      return withAudit(state, action.lines);
    case 'instance':
      return otherHub(state, action.current, action.seen);
    case 'started': {
      // A hub that was never looked at has nothing unread: what was said before is history.
      const seen = state.seen.has(BASE) ? state.seen : new Map(state.seen).set(BASE, action.latest_id);
      // A post of the operator's may be acknowledged before the reader begins.
      const window = { ...state.window, floorId: action.since_id };
      return {
        ...state,
        seen,
        window,
        startId: action.latest_id,
        latestId: Math.max(state.latestId, action.latest_id),
      };
    }
    case 'messages':
      return withMessages(state, action.messages);
    case 'history-loading':
      return { ...state, historyState: 'loading' };
    case 'history-failed':
      return { ...state, historyState: 'idle' };
    case 'history': {
      if (viewKey(action.view) !== viewKey(state.view)) return state;
      const { messages, from, gapAfter } = action;
      const isApart = gapAfter !== undefined;
      return {
        ...state,
        history: isApart ? messages : merge(messages, state.history),
        historyState: from <= 1 ? 'complete' : 'idle',
        historyFrom: from,
        gapAfter: isApart ? gapAfter : state.gapAfter,
      };
    }
    case 'channels':
      return { ...state, channels: action.channels.map(({ name }) => name) };
    case 'agents':
      return { ...state, agents: new Map(action.agents.map((agent) => [agent.agent_id, agent])) };
    case 'threads':
      return { ...state, threads: knownThreads(action.threads) };
    case 'tasks':
      return { ...state, tasks: newest(new Map(action.tasks.map((task) => [task.task_id, task]))) };
    case 'titles':
      return { ...state, titles: withTitles(state.titles, action.messages) };
    case 'claims':
      return { ...state, claims: listed(action.claims, ({ claim_key }) => claim_key) };
    case 'locks':
      return { ...state, locks: listed(action.locks, ({ file_path }) => file_path) };
    case 'requests':
      return { ...state, requests: new Map(action.messages.map((message) => [message.id, message])) };
    case 'shutdown':
      return { ...state, shutdown: action.pending === null ? undefined : shutdownAt(state.nowMs, action.pending) };
    case 'network':
      return { ...state, allow_remote: action.allow_remote };
    case 'change':
      return applyChange(state, action.change);
    case 'unsent': {
      const others = state.unsent.filter(({ key }) => key !== action.post.key);
      return { ...state, unsent: [...others, action.post].toSorted((a, b) => a.sinceMs - b.sinceMs) };
    }
    case 'unsent-gone':
      return { ...state, unsent: state.unsent.filter(({ key }) => key !== action.key) };
    case 'notice': {
      return withNotice(state, action.text, action.tone);
    }
    case 'view':
      return openView(state, action.view);
    case 'scroll':
      return atEnd({ ...state, scroll: action.scroll });
    case 'select':
      return { ...state, selectedId: action.id };
    case 'filter':
      return { ...state, filter: action.filter, scroll: { kind: 'end' }, below: 0, selectedId: undefined };
    case 'mute': {
      const muted = new Set(state.muted);
      if (action.muted) muted.add(action.agent);
      else muted.delete(action.agent);
      return { ...state, muted };
    }
    case 'focus':
      return {
        ...state,
        focus: action.pane,
        selectedId: action.pane === 'feed' ? state.selectedId : undefined,
        right: RIGHT_PANES.find((pane) => pane === action.pane) ?? state.right,
      };
    case 'row':
      return { ...state, rows: { ...state.rows, [action.pane]: action.key } };
    case 'show-right':
      return { ...state, showRight: action.show };
    case 'overlay':
      return { ...state, overlay: action.overlay };
    case 'input':
      return { ...state, input: action.input, completionIndex: 0 };
    case 'completion':
      return { ...state, completionIndex: action.index };
    case 'composing':
      return { ...state, composing: action.composing };
    case 'bell':
      return { ...state, bell: action.bell };
    case 'seen-all':
      return { ...state, seen: new Map([[BASE, state.latestId]]), unread: new Map() };
    case 'tick': {
      const passed = Math.floor(action.nowMs / 1_000) - Math.floor(state.nowMs / 1_000);
      const rate = passed <= 0 ? state.rate : shiftRate(state.rate, passed);
      return { ...state, nowMs: action.nowMs, rate };
    }
  }
}

/** Mark below which everything counts as seen, in every view. */
export const BASE = '*';

const seenIn = (seen: ReadonlyMap<string, number>, key: string): number =>
  Math.max(seen.get(key) ?? 0, seen.get(BASE) ?? 0);

function withMessages(state: State, incoming: readonly Message[]): State {
  const { window, added, dropped } = append(state.window, incoming);
  if (added.length === 0) return state;
  const unread = new Map(state.unread);
  const seen = new Map(state.seen);
  const directs = new Map(state.directs);
  const threads = new Map(state.threads);
  let threadsChanged = false;
  const here = viewKey(state.view);
  // A window over the feed hides nothing for good: the newest is there again when it closes. What was said while nobody
  // looked on stays unread until its place is opened.
  const isSeen = (message: Message) =>
    state.scroll.kind === 'end' && shows(state, message) && (state.view.kind !== 'all' || message.id > state.startId);
  let below = state.below;
  let latestId = state.latestId;
  for (const message of added) {
    latestId = Math.max(latestId, message.id);
    threadsChanged = countInThread(threads, message) || threadsChanged;
    for (const view of viewsOf(message, state.self)) {
      const key = viewKey(view);
      if (view.kind === 'direct') directs.set(key, { view, latestId: message.id });
      if (isSeen(message)) {
        if (key === here) unread.delete(key);
        if (seenIn(seen, key) < message.id) seen.set(key, message.id);
      } else if (counts(state, message) && message.id > seenIn(seen, key)) {
        unread.set(key, (unread.get(key) ?? 0) + 1);
      }
    }
    if (state.scroll.kind === 'at' && shows(state, message)) below += 1;
  }
  const rate = [...state.rate];
  rate[RATE_SECONDS - 1] = (rate[RATE_SECONDS - 1] ?? 0) + added.filter(({ id }) => id > state.startId).length;
  const kept = keepInHistory(state, dropped);
  return {
    ...state,
    ...kept,
    window,
    unread,
    seen,
    directs: directs.size > DIRECTS ? latestDirects(directs) : directs,
    threads: threadsChanged ? threads : state.threads,
    titles: withTitles(state.titles, added),
    requests: openRequests(state, added),
    below,
    latestId,
    rate,
  };
}

const counts = ({ self, muted }: State, { from_agent }: Message): boolean =>
  from_agent !== self && !muted.has(from_agent);

const shows = (state: State, message: Message): boolean =>
  inView(message, state.view, state.self) && passes(message, state.filter, state.muted);

/** What leaves the window stays with somebody who reads back, up to a bound; beyond it the gap is told. */
function keepInHistory(state: State, dropped: readonly Message[]): Partial<State> {
  if (dropped.length === 0) return {};
  if (state.scroll.kind === 'end') return NO_HISTORY;
  const history = merge(
    state.history,
    dropped.filter((message) => inView(message, state.view, state.self)),
  );
  if (history.length <= HISTORY_MESSAGES) return { history };
  const { gapAfter } = state;
  const kept = gapAfter === undefined ? history.slice(0, HISTORY_MESSAGES) : history.filter(({ id }) => id <= gapAfter);
  return { history: kept, gapAfter: gapAfter ?? kept.at(-1)?.id };
}

function latestDirects(directs: Map<string, { view: View; latestId: number }>): typeof directs {
  const newestFirst = [...directs].sort(([, a], [, b]) => b.latestId - a.latestId);
  return new Map(newestFirst.slice(0, DIRECTS / 2));
}

function openView(state: State, view: View): State {
  const same = viewKey(view) === viewKey(state.view);
  return atEnd({
    ...state,
    view,
    scroll: { kind: 'end' },
    selectedId: undefined,
    composing: same ? state.composing : {},
    ...NO_HISTORY,
  });
}

/** At its end, the feed shows the newest: what it counted as unseen is seen. */
function atEnd(state: State): State {
  if (state.scroll.kind !== 'end') return state;
  // Loaded history is let go when its reader comes back, unless it is all there is to see.
  const far = state.history.length > 1_000 || state.gapAfter !== undefined;
  const next = { ...state, ...(far && NO_HISTORY), below: 0 };
  if (hasFilter(state.filter)) return next;
  if (state.view.kind === 'all') return { ...next, unread: new Map(), seen: new Map([[BASE, state.latestId]]) };
  const key = viewKey(state.view);
  const unread = new Map(state.unread);
  unread.delete(key);
  return { ...next, unread, seen: new Map(state.seen).set(key, state.latestId) };
}

function otherHub(state: State, current: string, seen: ReadonlyMap<string, number>): State {
  const { view } = state;
  return {
    ...state,
    instance_id: current,
    ...NOTHING_HEARD,
    seen,
    view: view.kind === 'channel' && view.channel === DIRECT_CHANNEL ? { kind: 'all' } : view,
    scroll: { kind: 'end' },
    below: 0,
    selectedId: undefined,
    composing: {},
    // A question was about the hub before.
    overlay: state.overlay?.kind === 'question' ? undefined : state.overlay,
  };
}

export const shutdownAt = (nowMs: number, pending: { remaining_sec: number; delay_sec: number }): Shutdown => ({
  atMs: nowMs + pending.remaining_sec * 1_000,
  delay_sec: pending.delay_sec,
});

function shiftRate(rate: readonly number[], by: number): readonly number[] {
  const kept = rate.slice(Math.min(by, RATE_SECONDS));
  return [...kept, ...new Array<number>(RATE_SECONDS - kept.length).fill(0)];
}
