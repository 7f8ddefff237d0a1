import type { Notice, State } from './state.js';

/** The latest are kept. */
const NOTICES = 50;

/** What the dashboard itself has to say, behind the newest message. */
export function withNotice(state: State, text: string, tone: Notice['tone']): State {
  const id = (state.notices.at(-1)?.id ?? 0) + 1;
  const notice = { id, atMs: state.nowMs, text, tone, afterId: state.latestId };
  return { ...state, notices: [...state.notices, notice].slice(-NOTICES) };
}
