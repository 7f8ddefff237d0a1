/** What the person does, turned into actions on the state and operations on the hub. */
import { printable } from '../../base/terminal-text.js';
import type { Message } from '../../protocol/index.js';
import type { InputEvent } from '../input/key-parser.js';
import { bindingOf, type KeyId } from '../input/keys.js';
import type { Notice, Pane } from '../state/state.js';
import { concerns, type View } from '../state/view.js';
import { layoutOf } from '../view/layout.js';
import { runSlash } from './commands.js';
import { Composer } from './composer.js';
import { Desk, type DeskOptions } from './desk.js';
import { type Hands, keyActions } from './keys.js';
import { Navigation } from './navigation.js';
import { Overlays } from './overlays.js';
import { Questions } from './questions.js';

const WHEEL_LINES = 3;

export class App {
  readonly #hands: Hands;
  readonly #keys: Record<KeyId, () => void>;

  constructor(options: DeskOptions) {
    const desk = new Desk(options);
    const nav = new Navigation(desk);
    const questions = new Questions(desk);
    const hooks = {
      run: (id: KeyId) => this.run(id),
      slash: (...command: [Parameters<typeof runSlash>[1], readonly string[]]) => runSlash(this.#hands, ...command),
      overlayText: (text: string) => this.#hands.overlays.text(text),
    };
    const overlays = new Overlays(desk, nav, questions, hooks);
    const composer = new Composer(desk, nav, questions, hooks);
    this.#hands = { desk, nav, questions, composer, overlays };
    this.#keys = keyActions(this.#hands);
  }

  input(event: InputEvent) {
    const { desk, composer, overlays } = this.#hands;
    const { overlay, focus } = desk.state;
    if (event.type === 'mouse') return this.#mouse(event);
    if (event.type === 'paste') return composer.text(cleanPaste(event.text), true);
    if (event.type === 'text') {
      if (overlay !== undefined) return overlays.text(event.text);
      return composer.text(event.text, false);
    }
    if (event.name === 'ctrl+c') return desk.options.leave();
    if (event.name === 'ctrl+z') return desk.options.suspend();
    if (overlay !== undefined) return overlays.key(overlay, event.name);
    const id = bindingOf(event.name, focus);
    if (id !== undefined) this.run(id);
  }

  /** Does what a key of the table does. */
  run(id: KeyId): void {
    this.#keys[id]();
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
    const { self, bell, muted } = this.#hands.desk.state;
    if (bell === 'off') return;
    const first = messages.find((message) => concerns(message, self) && !muted.has(message.from_agent));
    if (first !== undefined)
      this.#hands.desk.options.ring(`${printable(first.from_agent)}: ${printable(first.body)}`.slice(0, 200), bell);
  }

  #mouse(event: InputEvent & { type: 'mouse' }) {
    const { overlay } = this.#hands.desk.state;
    const isWheel = event.action !== 'press';
    const by = event.action === 'wheel-up' ? -1 : 1;
    if (overlay !== undefined) {
      if (isWheel) this.#hands.overlays.key(overlay, by < 0 ? 'up' : 'down');
      return;
    }
    const layout = layoutOf(this.#hands.desk.state, this.#hands.desk.options.size());
    const pane = paneAt(layout, event.column, event.row);
    if (!isWheel) return this.#hands.nav.focus(pane);
    if (pane === 'sidebar' && this.#hands.desk.state.focus === 'sidebar') this.run(by < 0 ? 'side-up' : 'side-down');
    else if (pane === 'detail' && this.#hands.desk.state.focus === 'detail') this.#hands.nav.moveDetail(by);
    else this.#hands.nav.scroll(by * WHEEL_LINES);
  }
}

function paneAt({ sidebar, feed, paneRows }: ReturnType<typeof layoutOf>, column: number, row: number): Pane {
  if (row < 1 || row > paneRows) return 'input';
  if (sidebar > 0 && column <= sidebar) return 'sidebar';
  return column <= (sidebar > 0 ? sidebar + 1 : 0) + feed ? 'feed' : 'detail';
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
