/** The dashboard on a terminal: connections, keys, frames, and the way out. */
import { randomUUID } from 'node:crypto';
import { render } from 'ink';
import { App } from '../app/app.js';
import { cursorOf, App as Dashboard } from '../components/App.js';
import { Actor } from '../hub/actor.js';
import { Reader } from '../hub/reader.js';
import { KeyParser } from '../input/key-parser.js';
import { NO_PREFS, type Prefs, prefsPath, readPrefs, withSeen, writePrefs } from '../prefs.js';
import { initialState } from '../state/state.js';
import { Store } from '../store.js';
import { createPaint, depthOfBits, type ThemeName, themeOfEnv } from '../theme.js';
import { CanvasContext } from './canvas.js';
import { Frames } from './frames.js';
import { Job } from './job.js';
import { Screen } from './screen.js';

export interface RunOptions {
  readonly baseUrl: string;
  /** Who the person is; by default the client finds out. */
  readonly token?: string | undefined;
  readonly agent_id: string;
  readonly display_name?: string | undefined;
  readonly theme?: ThemeName | undefined;
  /** Takes the wheel from the terminal (default true); selecting text then needs Shift. */
  readonly mouse?: boolean | undefined;
  /** Remembers what was seen (default true). */
  readonly remember?: boolean | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Ends it, as leaving does. */
  readonly signal?: AbortSignal | undefined;
}

/** How long a lone Escape waits for the rest of a sequence. */
const ESCAPE_MS = 25;
const SAVE_MS = 5_000;
const GOODBYE_MS = 1_500;

/** Runs until the person leaves or `signal` ends it; the exit code. */
export async function runOnTerminal(options: RunOptions): Promise<number> {
  const { baseUrl, token, agent_id, env = process.env, mouse = true, remember = true, signal } = options;
  const { stdin, stdout } = process;
  const path = prefsPath(env);
  let prefs: Prefs = remember ? readPrefs(path) : NO_PREFS;
  const store = new Store(
    initialState({ baseUrl, self: agent_id, nowMs: Date.now(), ...(prefs.bell && { bell: prefs.bell }) }),
  );
  const paint = createPaint(options.theme ?? themeOfEnv(env.COLORFGBG), depthOfBits(stdout.getColorDepth(env)));
  const screen = new Screen(stdout);
  const size = () => ({ columns: stdout.columns, rows: stdout.rows });

  let leave: (code: number) => void = () => undefined;
  const left = new Promise<number>((resolve) => {
    leave = resolve;
  });
  const actor: Actor = new Actor({
    baseUrl,
    token,
    agent_id,
    display_name: options.display_name ?? prefs.display_name,
    dispatch: store.dispatch,
    state: () => store.state,
    randomId: randomUUID,
    onIdentity: () => void reader.loadRequests().catch(() => undefined),
  });
  const reader = new Reader({
    baseUrl,
    token,
    dispatch: store.dispatch,
    state: () => store.state,
    seenOf: (instance) => prefs.seen.get(instance) ?? new Map(),
    onLive: (messages) => app.arrived(messages),
  });
  const app = new App({
    store,
    reader,
    actor,
    size,
    remember: (chosen) => {
      prefs = { ...prefs, ...chosen };
    },
    redraw: () => {
      screen.redraw();
      frames.request();
    },
    copy: (text) => screen.copy(text),
    ring: (text, how) => (how === 'notice' ? screen.notify(text) : screen.ring()),
    leave: () => leave(0),
    suspend: () => job.suspend(),
  });

  const drawn = () => {
    screen.canvas.begin();
    return (
      <CanvasContext.Provider value={screen.canvas}>
        <Dashboard state={store.state} size={size()} paint={paint} />
      </CanvasContext.Provider>
    );
  };
  const instance = render(drawn(), {
    // Ink lays out; the screen decides what is written.
    stdout: screen.sink as unknown as NodeJS.WriteStream,
    debug: true,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  const frames = new Frames(() => {
    if (!screen.flows) return false;
    instance.rerender(drawn());
    screen.show(cursorOf(store.state, size()));
    return true;
  });

  const parser = new KeyParser();
  let escapeTimer: NodeJS.Timeout | undefined;
  const onData = (chunk: string) => {
    clearTimeout(escapeTimer);
    for (const event of parser.push(chunk)) app.input(event);
    frames.request(true);
    if (parser.isWaiting) {
      escapeTimer = setTimeout(() => {
        for (const event of parser.flush()) app.input(event);
        frames.request(true);
      }, ESCAPE_MS);
    }
  };
  const onResize = () => {
    screen.redraw();
    frames.request();
  };
  const save = () => {
    const { instance_id, seen } = store.state;
    if (!remember || instance_id === undefined) return;
    prefs = withSeen(prefs, instance_id, seen);
    writePrefs(path, prefs);
  };
  const restore = () => {
    screen.leave();
    if (stdin.isTTY) stdin.setRawMode(false);
  };
  const crashed = (cause: unknown) => {
    restore();
    process.stderr.write(
      `arc tui ended by a fault of its own:\n${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`,
    );
    process.exit(1);
  };
  process.on('uncaughtException', crashed);
  process.on('unhandledRejection', crashed);
  process.on('exit', restore);
  const unpatch = silenceConsole();

  stdin.setEncoding('utf8');
  stdin.setRawMode(true);
  stdin.on('data', onData);
  stdin.once('end', () => leave(0));
  stdout.on('resize', onResize);
  stdout.on('drain', () => {
    screen.drained();
    frames.request();
  });
  store.subscribe(() => frames.request());
  screen.enter({ mouse });
  const job = new Job({
    leave: restore,
    enter: () => {
      stdin.setRawMode(true);
      screen.leave();
      screen.enter({ mouse });
      frames.request(true);
    },
    refused: () => app.say('nothing was stopped: there is no shell here', 'bad'),
  });
  const tick = setInterval(() => store.dispatch({ type: 'tick', nowMs: Date.now() }), 1_000);
  const saving = setInterval(save, SAVE_MS);
  frames.request();
  void reader.open();
  void actor.open();
  if (signal?.aborted) leave(0);
  signal?.addEventListener('abort', () => leave(0));

  const code = await left;
  clearInterval(tick);
  clearInterval(saving);
  clearTimeout(escapeTimer);
  job.end();
  frames.stop();
  instance.unmount();
  stdin.off('data', onData);
  stdin.pause();
  restore();
  const said = unpatch();
  if (said !== '') process.stderr.write(said);
  save();
  const patience = new Promise<void>((resolve) => setTimeout(resolve, GOODBYE_MS).unref());
  await Promise.race([Promise.all([actor.close(), reader.close()]), patience]);
  return code;
}

/** What libraries print would land in the middle of the screen; it is kept until the screen is left. */
function silenceConsole(): () => string {
  let said = '';
  const names = ['log', 'info', 'warn', 'error', 'debug'] as const;
  const before = names.map((name) => console[name]);
  for (const name of names) {
    console[name] = (...parts: unknown[]) => {
      if (said.length < 100_000) said += `${parts.map(String).join(' ')}\n`;
    };
  }
  return () => {
    for (const [i, name] of names.entries()) {
      const original = before[i];
      if (original !== undefined) console[name] = original;
    }
    return said;
  };
}
