/** What the person does: each key, letter, paste and turn of the wheel goes to the window or the pane that it is for. */
import { printable } from '../../base/terminal-text.js';
import type { Message } from '../../protocol/index.js';
import type { InputEvent } from '../input/key-parser.js';
import { rowOf } from '../input/keys.js';
import { PANES } from '../panes/table.js';
import type { Notice, Overlay, Pane } from '../state/state.js';
import { concerns, type View } from '../state/view.js';
import { layoutOf } from '../view/layout.js';
import { windowOf } from '../windows/table.js';
import { ALWAYS, ANYWHERE } from './anywhere.js';
import { Composer } from './composer.js';
import { Desk, type DeskOptions } from './desk.js';
import type { Hands } from './hands.js';
import { Navigation } from './navigation.js';
import { Questions } from './questions.js';

const WHEEL_LINES = 3;

export class App {
  readonly #hands: Hands;

  constructor(options: DeskOptions) {
    const desk = new Desk(options);
    const nav = new Navigation(desk, (pane) => PANES[pane].focused?.(this.#hands));
    const questions = new Questions(desk);
    const composer = new Composer(desk, nav, questions, (command, args) =>
      desk.attempt(async () => command.run(this.#hands, args)),
    );
    this.#hands = { desk, nav, questions, composer };
  }

  input(event: InputEvent): void {
    if (event.type === 'mouse') this.#mouse(event);
    else if (event.type === 'paste') this.#paste(cleanPaste(event.text));
    else if (event.type === 'text') this.#text(event.text);
    else this.#key(event.name);
  }

  openView(view: View): void {
    this.#hands.nav.openView(view);
  }

  say(text: string, tone: Notice['tone'] = 'info'): void {
    this.#hands.desk.say(text, tone);
  }

  /** Does with a whole text what Enter does with the one in the input; an answer, while a question is open. */
  submit(text: string): void {
    this.#hands.composer.submit(text);
  }

  /** Rings for what is for the operator, once for all that came together. */
  arrived(messages: readonly Message[]): void {
    const { state, options } = this.#hands.desk;
    const { self, bell, muted } = state;
    if (bell === 'off') return;
    const first = messages.find((message) => concerns(message, self) && !muted.has(message.from_agent));
    if (first !== undefined)
      options.ring(`${printable(first.from_agent)}: ${printable(first.body)}`.slice(0, 200), bell);
  }

  get #overlay(): Overlay | undefined {
    return this.#hands.desk.state.overlay;
  }

  get #focus(): Pane {
    return this.#hands.desk.state.focus;
  }

  /** Whether the key means something where the person is. */
  #key(key: string): boolean {
    const always = rowOf(ALWAYS, key);
    const overlay = this.#overlay;
    if (always === undefined && overlay !== undefined) return this.#windowKey(overlay, key);
    const binding = always ?? rowOf(PANES[this.#focus].keys, key) ?? rowOf(ANYWHERE, key);
    binding?.act(this.#hands);
    return binding !== undefined;
  }

  #windowKey(overlay: Overlay, key: string): boolean {
    const window = windowOf(overlay);
    const row = rowOf(window.keys, key);
    if (row === undefined) window.otherKey?.(this.#hands, overlay, key);
    else row.act(this.#hands, overlay);
    return row !== undefined;
  }

  /** Letters: text where something is typed, keys elsewhere, one after the other, since each may lead to another place. */
  #text(text: string) {
    const overlay = this.#overlay;
    if (overlay !== undefined && this.#windowText(overlay, text)) return;
    const letters = [...text];
    const types = overlay === undefined && this.#focus === 'input';
    if (types && (letters.length > 1 || rowOf(PANES.input.keys, text) === undefined)) {
      return this.#hands.composer.insert(text);
    }
    for (const letter of letters) this.#letter(letter);
  }

  #letter(letter: string): void {
    const overlay = this.#overlay;
    if (overlay !== undefined && this.#windowText(overlay, letter)) return;
    if (this.#key(letter) || this.#overlay !== undefined) return;
    if (this.#focus === 'input' || letter === '/') this.#hands.composer.insert(letter);
  }

  /** Whether the window takes text. */
  #windowText(overlay: Overlay, text: string): boolean {
    const window = windowOf(overlay);
    window.text?.(this.#hands, overlay, text);
    return window.text !== undefined;
  }

  /** Into the window that takes text, or into the input from wherever keys go to. */
  #paste(text: string): void {
    if (this.#overlay === undefined) this.#hands.composer.insert(text);
    else this.#windowText(this.#overlay, text);
  }

  #mouse({ action, column, row }: InputEvent & { type: 'mouse' }) {
    const { desk, nav } = this.#hands;
    const by = action === 'wheel-up' ? -1 : 1;
    const overlay = this.#overlay;
    if (overlay !== undefined) {
      if (action !== 'press') this.#windowKey(overlay, by < 0 ? 'up' : 'down');
      return;
    }
    const pane = paneAt(layoutOf(desk.state, desk.options.size()), desk.state.right, column, row);
    if (action === 'press') return nav.focus(pane);
    const { wheel } = PANES[pane];
    if (wheel !== undefined && pane === this.#focus) wheel(this.#hands, by);
    else nav.scroll(by * WHEEL_LINES);
  }
}

function paneAt(layout: ReturnType<typeof layoutOf>, right: Pane, column: number, row: number): Pane {
  const { sidebar, feed, paneRows } = layout;
  if (row < 1 || row > paneRows) return 'input';
  if (sidebar > 0 && column <= sidebar) return 'sidebar';
  return column <= (sidebar > 0 ? sidebar + 1 : 0) + feed ? 'feed' : right;
}

/** Line ends as they are sent, and nothing that could act on a terminal. */
function cleanPaste(text: string): string {
  return text.includes('\t')
    ? text
        .split('\t')
        .map((part) => printable(part, { lines: true }))
        .join('\t')
    : printable(text, { lines: true });
}
