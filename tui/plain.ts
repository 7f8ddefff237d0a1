/**
 * The dashboard as lines: one after the other, none ever changed, for screen readers, dumb terminals and pipes. On a
 * terminal it goes on, and reads posts and commands; elsewhere it prints what there is, and ends.
 */
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { printable } from '../base/terminal-text.js';
import { App } from './app/app.js';
import { Actor } from './hub/actor.js';
import { Reader } from './hub/reader.js';
import { textOf } from './line.js';
import { initialState, type State } from './state/state.js';
import { viewKey, viewTitle } from './state/view.js';
import { Store } from './store.js';
import type { RunOptions } from './terminal/run.js';
import { linkSpans } from './view/bars.js';
import { detailLines } from './view/detail.js';
import { feedMessages } from './view/feed.js';
import { plainMessage } from './view/plain-message.js';
import { commandLines } from './windows/help.js';
import { windowOf } from './windows/table.js';

/** Wide enough that lines are not broken here; the reader's own program does that better. */
const COLUMNS = 100;
const RECENT = 50;

export async function runPlain({ baseUrl, token, agent_id, display_name, signal }: RunOptions): Promise<number> {
  const { stdin, stdout } = process;
  const follows = stdout.isTTY === true && stdin.isTTY === true;
  const write = (text: string) => stdout.write(`${text}\n`);
  const store = new Store(initialState({ baseUrl, self: agent_id, nowMs: Date.now(), bell: 'off' }));
  const state = () => store.state;
  const dispatch = store.dispatch;
  const reader = new Reader({ baseUrl, token, dispatch, state, seenOf: () => new Map(), onLive: () => undefined });
  if (!follows) {
    signal?.addEventListener('abort', () => void reader.close());
    return printOnce(store, reader, write);
  }

  let leave: (code: number) => void = () => undefined;
  const left = new Promise<number>((resolve) => {
    leave = resolve;
  });
  const actor = new Actor({
    baseUrl,
    token,
    agent_id,
    display_name,
    dispatch,
    state,
    randomId: randomUUID,
    onIdentity: () => void reader.loadRequests().catch(() => undefined),
  });
  const app = new App({
    store,
    reader,
    actor,
    size: () => ({ columns: COLUMNS, rows: 40 }),
    remember: () => undefined,
    redraw: () => undefined,
    ring: () => undefined,
    copy: () => undefined,
    // The terminal's own Ctrl+Z works: it is in no mode of ours.
    suspend: () => undefined,
    leave: () => leave(0),
  });
  // A secret that is printed is kept no longer.
  const printer = new Printer(write, () => dispatch({ type: 'overlay', overlay: undefined }));
  store.subscribe(() => printer.show(state()));
  write(`arc, as plain lines. Type a message or /help; Ctrl+C leaves. Hub: ${baseUrl}`);
  const lines = createInterface({ input: stdin, output: stdout, terminal: false });
  lines.on('line', (text) => app.submit(text));
  lines.once('close', () => leave(0));
  if (signal?.aborted) leave(0);
  signal?.addEventListener('abort', () => leave(0));
  const tick = setInterval(() => dispatch({ type: 'tick', nowMs: Date.now() }), 1_000);
  void reader.open();
  void actor.open();
  const code = await left;
  clearInterval(tick);
  lines.close();
  await Promise.all([actor.close(), reader.close()]);
  return code;
}

/** What there is, once; 1 if no hub answers. */
async function printOnce(store: Store, reader: Reader, write: (text: string) => void): Promise<number> {
  const opening = reader.open();
  const waiting = new Promise<void>((resolve) => {
    const stop = store.subscribe(() => {
      if (store.state.reader.state === 'connecting') return;
      stop();
      resolve();
    });
  });
  await Promise.race([opening, waiting]);
  const { reader: link, baseUrl } = store.state;
  if (link.state !== 'open') {
    write(`No hub at ${baseUrl}: ${printable(link.text ?? link.state)}`);
    await reader.close();
    return 1;
  }
  await reader.settled();
  const state = store.state;
  write(`Hub ${baseUrl}, instance ${state.instance_id}, ${state.agents.size} agents`);
  for (const session of state.agents.values()) {
    const can = session.capabilities.map((each) => printable(each)).join(', ');
    write(`Agent ${printable(session.agent_id)}${can === '' ? '' : `, can ${can}`}`);
  }
  for (const line of detailLines(state, COLUMNS, 1_000)) write(textOf(line).trimEnd());
  for (const message of feedMessages(state).slice(-RECENT)) write(plainMessage(state, message));
  await reader.close();
  return 0;
}

/** Windows whose lines are worth reading one after the other. */
const PRINTED: ReadonlySet<string> = new Set(['tokens', 'secret', 'audit', 'message']);

/** Says what is new in the state since it was looked at last. */
class Printer {
  readonly #write: (text: string) => void;
  readonly #close: () => void;
  #messageId = 0;
  #noticeId = 0;
  #view = '';
  #link = '';
  #question: unknown;
  #help = false;
  #overlay: State['overlay'];
  readonly #unsent = new Map<string, string>();

  constructor(write: (text: string) => void, close: () => void) {
    this.#write = write;
    this.#close = close;
  }

  show(state: State): void {
    const link = textOf(linkSpans({ ...state, nowMs: state.reader.sinceMs }));
    if (link !== this.#link) this.#write(`Connection: ${link.replace(/^\S+ /, '')}`);
    this.#link = link;
    const view = viewKey(state.view);
    if (view !== this.#view) this.#write(`Open: ${printable(viewTitle(state.view, state.self))}`);
    const isOther = view !== this.#view && this.#view !== '';
    this.#view = view;
    const messages = feedMessages(state);
    const fresh = isOther ? messages.slice(-10) : messages.filter(({ id }) => id > this.#messageId);
    for (const message of fresh.slice(this.#messageId === 0 ? -10 : 0)) this.#write(plainMessage(state, message));
    this.#messageId = Math.max(this.#messageId, state.latestId);
    for (const notice of state.notices) {
      if (notice.id > this.#noticeId)
        this.#write(`${notice.tone === 'bad' ? 'Error' : 'Note'}: ${printable(notice.text, { lines: true })}`);
      this.#noticeId = Math.max(this.#noticeId, notice.id);
    }
    this.#showUnsent(state);
    this.#showOverlay(state);
  }

  #showUnsent({ unsent }: State): void {
    for (const { key, status, error } of unsent) {
      if (status === 'failed' && this.#unsent.get(key) !== status)
        this.#write(`Not sent: ${printable(error ?? '')}. /retry or /drop`);
      this.#unsent.set(key, status);
    }
    const keys = new Set(unsent.map(({ key }) => key));
    for (const key of this.#unsent.keys()) if (!keys.has(key)) this.#unsent.delete(key);
  }

  #showOverlay(state: State): void {
    const { overlay } = state;
    const question = overlay?.kind === 'question' ? overlay.question : undefined;
    if (question !== undefined && question !== this.#question) {
      const answers = question.answers.map(({ key, label }) => `${key === 'escape' ? 'anything else' : key}: ${label}`);
      this.#write([printable(question.title), ...question.lines.map((each) => printable(each)), ...answers].join('\n'));
    }
    this.#question = question;
    const isHelp = overlay?.kind === 'help';
    if (isHelp && !this.#help) {
      for (const each of commandLines(COLUMNS).slice(1)) this.#write(textOf(each).trimEnd());
    }
    this.#help = isHelp;
    if (overlay !== this.#overlay && overlay !== undefined && PRINTED.has(overlay.kind)) {
      const { title, lines } = windowOf(overlay).view(state, overlay, { columns: COLUMNS, rows: 1_000 });
      for (const each of [title, ...lines.map((shown) => textOf(shown).trimEnd())]) this.#write(each);
      if (overlay.kind === 'secret') queueMicrotask(this.#close);
    }
    this.#overlay = overlay;
  }
}
