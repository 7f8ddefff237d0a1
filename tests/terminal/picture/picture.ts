/** The picture of the README: the demonstration, played on a real hub, at a time that is always the same. */
import { fileURLToPath } from 'node:url';
import { playDemo } from '../../../tui/demo/play.js';
import type { State } from '../../../tui/state/state.js';
import { drawFrame } from '../../../tui/testing/frame.js';
import { startHub } from '../../support/hub-process.js';
import { until } from '../../support/until.js';
import { openDashboard } from '../support/dashboard.js';
import { toSvg } from './svg.js';

export const PICTURE = fileURLToPath(new URL('../../../docs/tui.svg', import.meta.url));

const SIZE = { columns: 132, rows: 44 } as const;
const START_MS = Date.parse('2026-03-02T09:30:00Z');
const STEP_MS = 20_000;

export async function drawPicture(): Promise<string> {
  // The clock on the wall is the reader's; the picture has one of its own.
  process.env.TZ = 'UTC';
  await using hub = await startHub();
  await using tui = await openDashboard({ baseUrl: hub.url, ...SIZE });
  const over = new AbortController();
  await playDemo(hub.url, { signal: over.signal, atOnce: true });
  await until(() => tui.state.requests.size === 1 && tui.state.locks.size === 1 && tui.state.claims.size === 2);
  await until(
    () => tui.state.agents.size === 5 && tui.state.window.messages.some(({ body }) => body.includes('@operator')),
  );
  const lines = drawFrame(timeless(tui.state), SIZE, { depth: 'truecolor' });
  const description =
    'The dashboard: channels, agents and threads on the left, what they say in the middle, tasks, claims and locks on the right';
  return toSvg(lines, { columns: SIZE.columns, title: 'arc tui --demo', description });
}

const at = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const saidAt = (id: number): string => at(START_MS + id * STEP_MS);
const spanMs = (from: string, to: string): number => Math.round((Date.parse(to) - Date.parse(from)) / 60_000) * 60_000;

/** The state with times, addresses and ids that do not differ from one run to the next. */
function timeless(state: State): State {
  const messages = state.window.messages.map((message) => ({ ...message, ts: saidAt(message.id) }));
  const since = START_MS + 6 * STEP_MS;
  return {
    ...state,
    baseUrl: 'http://127.0.0.1:6969',
    instance_id: 'mh1-4f2a9c07',
    nowMs: START_MS + (messages.length + 1) * STEP_MS,
    rate: state.rate.map((_, i) => (i * 7) % 5),
    window: { ...state.window, messages },
    threads: new Map([...state.threads].sort(([a], [b]) => (a < b ? -1 : 1))),
    tasks: new Map(
      [...state.tasks].map(([id, task]) => {
        const completed_at = task.completed_at === null ? null : saidAt(messages.length);
        return [id, { ...task, created_at: saidAt(id), completed_at }];
      }),
    ),
    claims: new Map(
      [...state.claims]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, claim]) => {
          const expires_at = at(since + spanMs(claim.claimed_at, claim.expires_at));
          return [key, { ...claim, claimed_at: at(since), expires_at }];
        }),
    ),
    locks: new Map(
      [...state.locks].map(([path, lock]) => {
        const expires_at = at(since + spanMs(lock.locked_at, lock.expires_at));
        return [path, { ...lock, locked_at: at(since), expires_at }];
      }),
    ),
  };
}
