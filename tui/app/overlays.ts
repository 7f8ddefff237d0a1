/** Windows over the panes: help, palette, a message whole, questions. */
import { printable } from '../../base/terminal-text.js';
import * as edit from '../input/editor.js';
import type { KeyId } from '../input/keys.js';
import type { SlashName } from '../input/slash.js';
import type { Overlay } from '../state/state.js';
import { paletteMatches, windowHeight, windowSize } from '../view/windows.js';
import type { Desk } from './desk.js';
import type { Navigation } from './navigation.js';
import type { Questions } from './questions.js';

export interface OverlayHooks {
  run(id: KeyId): void;
  slash(name: SlashName, args: readonly string[]): Promise<void>;
}

export class Overlays {
  readonly #desk: Desk;
  readonly #nav: Navigation;
  readonly #questions: Questions;
  readonly #hooks: OverlayHooks;

  constructor(desk: Desk, nav: Navigation, questions: Questions, hooks: OverlayHooks) {
    this.#desk = desk;
    this.#nav = nav;
    this.#questions = questions;
    this.#hooks = hooks;
  }

  openPalette(): void {
    this.#desk.dispatch({ type: 'overlay', overlay: { kind: 'palette', query: edit.EMPTY_EDITOR, selected: 0 } });
  }

  openHelp(): void {
    this.#desk.dispatch({ type: 'overlay', overlay: { kind: 'help', scroll: 0 } });
  }

  text(text: string): void {
    const { overlay } = this.#desk.state;
    if (overlay?.kind === 'palette') {
      const query = edit.insert(overlay.query, printable(text));
      this.#desk.dispatch({ type: 'overlay', overlay: { ...overlay, query, selected: 0 } });
    } else if (overlay?.kind === 'question') {
      // One letter is an answer; a paste that happens to begin with it is not.
      if ([...text].length === 1) this.#questions.answerWith(overlay.question, text.toLowerCase());
    } else if (text === 'q' || text === '?') this.#desk.close();
    else if (overlay !== undefined && (text === 'j' || text === 'k')) this.key(overlay, text === 'j' ? 'down' : 'up');
    else if (overlay !== undefined && text === ' ') this.key(overlay, 'pagedown');
  }

  key(overlay: Overlay, key: string) {
    if (overlay.kind === 'question') return this.#questions.answerWith(overlay.question, key);
    if (key === 'escape' || key === 'f1' || key === 'ctrl+p') return this.#desk.close();
    if (overlay.kind === 'palette') return this.paletteKey(overlay, key);
    const size = windowSize(this.#desk.options.size().columns, this.#desk.options.size().rows);
    const by = { up: -1, down: 1, pageup: -size.rows, pagedown: size.rows, home: -1e6, end: 1e6 }[key];
    if (by === undefined) return;
    const most = Math.max(0, windowHeight(this.#desk.state, overlay, size.columns) - size.rows);
    const scroll = Math.max(0, Math.min(most, overlay.scroll + by));
    this.#desk.dispatch({ type: 'overlay', overlay: { ...overlay, scroll } });
  }

  paletteKey(overlay: Overlay & { kind: 'palette' }, key: string) {
    const matches = paletteMatches(this.#desk.state, overlay.query.text);
    const last = Math.max(0, matches.length - 1);
    if (key === 'enter') {
      const chosen = matches[overlay.selected]?.run;
      this.#desk.close();
      if (chosen?.kind === 'view') this.#nav.openView(chosen.view);
      else if (chosen?.kind === 'key') this.#hooks.run(chosen.id);
      else if (chosen?.kind === 'slash') this.runFromPalette(chosen.command);
      return;
    }
    const by = { up: -1, down: 1, pageup: -8, pagedown: 8, tab: 1, 'shift+tab': -1 }[key];
    if (by !== undefined) {
      const selected = Math.max(0, Math.min(last, overlay.selected + by));
      return this.#desk.dispatch({ type: 'overlay', overlay: { ...overlay, selected } });
    }
    const change = { backspace: edit.backspace, 'ctrl+w': edit.deleteWord, 'ctrl+u': edit.deleteToStart }[key];
    if (change !== undefined) {
      this.#desk.dispatch({ type: 'overlay', overlay: { ...overlay, query: change(overlay.query), selected: 0 } });
    }
  }

  /** A command that needs more is put into the input, to be finished there. */
  runFromPalette({ name, args }: { name: SlashName; args: readonly { optional?: boolean }[] }): void {
    if (args.some(({ optional }) => optional !== true)) {
      this.#nav.focus('input');
      this.#desk.dispatch({ type: 'input', input: edit.editorOf(`/${name} `) });
    } else this.#desk.attempt(async () => this.#hooks.slash(name, []));
  }
}
